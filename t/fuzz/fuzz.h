/*
 * What the fuzz targets share. A target is fuzz_NAME.c with libFuzzer's two
 * functions; what must hold of any input is asserted. t/fuzz/run builds and
 * runs them.
 */
#ifndef COFFER_T_FUZZ_H
#define COFFER_T_FUZZ_H

#undef NDEBUG
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A fixed seed, so that an input does the same thing in every run. */
__attribute__((unused)) static void
fuzz_json_setup(void)
{
	static const uint8_t seed[32] = {7, 1, 2, 3, 4, 5, 6, 7, 8, 9};

	json_setup(seed);
}

/* Takes what stands before the first `end` byte off the input, as a string
 * that the caller frees; all of it if there is none. */
__attribute__((unused)) static char *
fuzz_text(const uint8_t **data, size_t *n, char end)
{
	const uint8_t *at = *n ? memchr(*data, end, *n) : NULL;
	size_t len = at ? (size_t)(at - *data) : *n;
	char *s = malloc(len + 1);

	assert(s);
	if (len)
		memcpy(s, *data, len);
	s[len] = '\0';
	*data += len + (at != NULL);
	*n -= len + (at != NULL);
	return s;
}

/* Takes a byte off the input; 0 at its end. */
__attribute__((unused)) static uint8_t
fuzz_byte(const uint8_t **data, size_t *n)
{
	if (!*n)
		return 0;
	--*n;
	return *(*data)++;
}

#endif
