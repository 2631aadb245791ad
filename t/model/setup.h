/* What the tests of the model share: fields from definitions in JSON, cells. */
#ifndef COFFER_T_MODEL_SETUP_H
#define COFFER_T_MODEL_SETUP_H

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "model/field.h"
#include "t/tap.h"

static struct arena *arena;

__attribute__((unused)) static void
setup(void)
{
	static const uint8_t seed[32] = {7, 1, 2, 3, 4, 5, 6, 7, 8, 9};

	json_setup(seed);
	arena = arena_new(16384);
}

/* The value; aborts if the test's own JSON is wrong. */
__attribute__((unused)) static json_t *
parse(const char *text)
{
	json_t *v = NULL;
	struct err e;

	if (json_read_mem(text, strlen(text), &v, &e)) {
		printf("Bail out! %s: %s\n", text, err_text(&e));
		abort();
	}
	return v;
}

/* A field called "f" of this definition, without its "field_name". */
__attribute__((unused)) static struct field
field_of(const char *definition)
{
	json_t *v = parse(definition);
	struct field f;
	struct err e;

	json_object_set_new(v, "field_name", json_string("f"));
	if (field_from_definition(v, arena, &f, &e)) {
		printf("Bail out! %s: %s\n", definition, err_text(&e));
		abort();
	}
	json_decref(v);
	return f;
}

__attribute__((unused)) static void
field_done(struct field *f)
{
	struct schema s = {.fields = f, .n = 1, .layout = 1};

	schema_release(&s);
}

#endif
