#include "proc/program.h"

#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/process.h"
#include "vault/rand.h"

void
program_setup(mode_t mask)
{
	uint8_t seed[32];

	process_harden(mask);
	vault_setup();
	rand_key(seed, sizeof(seed));
	json_setup(seed);
	wipe(seed, sizeof(seed));
}

int
program_refuse(const char *program, const struct err *e, int status)
{
	fprintf(stderr, "%s: %s%s%s\n", program, err_text(e),
	    e->cause[0] ? ": " : "", e->cause);
	return status;
}
