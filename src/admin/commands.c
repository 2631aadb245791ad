#include "admin/admin.h"

#define OPT(name) (1u << OPTION_##name)

const struct command commands[] = {
#define COMMAND(words, argument, needed, allowed, opens, run, help) \
	{words, argument, needed, allowed, OPENS_##opens, run, help},
#include "tbl/commands.h"
#undef COMMAND
};
const unsigned commands_count = sizeof(commands) / sizeof(commands[0]);
