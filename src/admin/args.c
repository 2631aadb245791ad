/* The command line of cofferctl, and its help. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin/admin.h"

#define PROGRAM "cofferctl"
#define FIRST_OPTION 256 /* getopt's value of the table's first option */

static const struct {
	const char *name, *value, *meaning;
} options[] = {
#define X(name, text, value, meaning) {text, value, meaning},
#include "tbl/ctl_options.h"
#undef X
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
#define X(name, text, value, meaning)                           \
	{text, (value) ? required_argument : no_argument, NULL, \
	    FIRST_OPTION + OPTION_##name},
#include "tbl/ctl_options.h"
#undef X
    {NULL, 0, NULL, 0}};

static void
print_option(FILE *f, unsigned i)
{
	fprintf(f, " --%s", options[i].name);
	if (options[i].value)
		fprintf(f, " %s", options[i].value);
}

/* " account create CODE --name NAME" */
static void
print_synopsis(FILE *f, const struct command *cmd)
{
	fprintf(f, " %s", cmd->words);
	if (cmd->argument)
		fprintf(f, " %s", cmd->argument);
	for (unsigned i = 0; i < OPTIONS; i++)
		if (cmd->needed & 1u << i)
			print_option(f, i);
	for (unsigned i = 0; i < OPTIONS; i++)
		if (cmd->allowed & 1u << i) {
			fputs(" [", f);
			fprintf(f, "--%s", options[i].name);
			if (options[i].value)
				fprintf(f, " %s", options[i].value);
			fputc(']', f);
		}
	fputc('\n', f);
}

static void
print_help(void)
{
	puts("Usage: " PROGRAM " [-c FILE] COMMAND...\n"
	     "Sets up Coffer and looks after its accounts.\n");
	for (unsigned i = 0; i < commands_count; i++) {
		fputs(" ", stdout);
		print_synopsis(stdout, &commands[i]);
		printf("      %s\n", commands[i].help);
	}
	puts("\n"
	     "  -c, --config FILE  configuration (COFFER_CONF, or else\n"
	     "                     " COFFER_SYSCONFDIR "/coffer.ini)\n"
	     "      --help         print this, or what a command takes\n"
	     "      --version      print the version and exit\n\n"
	     "What a command made goes to standard output, a value a line.\n"
	     "Exit status: 0, 64 usage, 65 bad data, 69 database unavailable,\n"
	     "70 internal error, 73 exists already, 74 output cannot be\n"
	     "written, 78 configuration or keys.");
}

static void
print_command_help(const struct command *cmd)
{
	fputs("Usage: " PROGRAM " [-c FILE]", stdout);
	print_synopsis(stdout, cmd);
	printf("Will %s.\n", cmd->help);
	for (unsigned i = 0; i < OPTIONS; i++)
		if ((cmd->needed | cmd->allowed) & 1u << i) {
			fputs(" ", stdout);
			print_option(stdout, i);
			printf("\n      %s\n", options[i].meaning);
		}
}

/* How many of the words given are all the words of the command; 0: it is
 * another. */
static int
words_match(const struct command *cmd, char **given, int n)
{
	const char *s = cmd->words;
	size_t len;
	int i;

	for (i = 0; i < n; i++) {
		len = strcspn(s, " ");
		if (strlen(given[i]) != len || memcmp(given[i], s, len))
			return 0;
		s += len;
		if (!*s)
			return i + 1;
		s++;
	}
	return 0;
}

static const struct command *
command_find(char **given, int n, int *used_out)
{
	for (unsigned i = 0; i < commands_count; i++) {
		*used_out = words_match(&commands[i], given, n);
		if (*used_out)
			return &commands[i];
	}
	return NULL;
}

/* Says what commands begin with the word, or where to find them all. */
static void
say_unknown(const char *word)
{
	size_t n = strlen(word);
	bool any = false;

	for (unsigned i = 0; i < commands_count; i++) {
		const char *words = commands[i].words;

		if (strncmp(words, word, n) || words[n] != ' ')
			continue;
		fputs(any ? "      " : "Usage:", stderr);
		fputs(" " PROGRAM, stderr);
		print_synopsis(stderr, &commands[i]);
		any = true;
	}
	if (!any)
		ctl_say(
		    "no command %s: \"" PROGRAM " --help\" lists them", word);
}

/* Checks that the command got what it needs and nothing else. */
static bool
check_given(const struct ctl *c, const struct command *cmd, char **given, int n)
{
	int most = cmd->argument ? 1 : 0;
	int least = most && *cmd->argument != '[';

	if (n > most) {
		ctl_say("unexpected argument %s", given[most]);
		return false;
	}
	if (n < least) {
		ctl_say("%s is missing", cmd->argument);
		return false;
	}
	for (unsigned i = 0; i < OPTIONS; i++) {
		unsigned bit = 1u << i;

		if (c->options[i] && !((cmd->needed | cmd->allowed) & bit)) {
			ctl_say("\"%s\" takes no --%s", cmd->words,
			    options[i].name);
			return false;
		}
		if (!c->options[i] && cmd->needed & bit) {
			ctl_say("--%s is missing: %s", options[i].name,
			    options[i].meaning);
			return false;
		}
	}
	return true;
}

/* Takes one option; false for one that is unknown or given twice. */
static bool
take_option(struct ctl *c, int opt, bool *help, bool *version)
{
	const char **place;

	if (opt == 'c') {
		c->conf_path = optarg;
	} else if (opt == 'h') {
		*help = true;
	} else if (opt == 'v') {
		*version = true;
	} else if (opt >= FIRST_OPTION) {
		place = &c->options[opt - FIRST_OPTION];
		if (*place) {
			ctl_say("--%s is given twice",
			    options[opt - FIRST_OPTION].name);
			return false;
		}
		*place = optarg ? optarg : "";
	} else {
		return false;
	}
	return true;
}

/* Help on what the words name, or on everything; the exit status. */
static int
give_help(char **given, int n)
{
	const struct command *cmd;
	int used;

	if (n == 0) {
		print_help();
		return EX_OK;
	}
	cmd = command_find(given, n, &used);
	if (!cmd) {
		say_unknown(given[0]);
		return EX_USAGE;
	}
	print_command_help(cmd);
	return EX_OK;
}

static bool
find_and_check(struct ctl *c, char **given, int n, const struct command **out)
{
	int used;

	if (n == 0) {
		ctl_say("no command given: \"" PROGRAM " --help\" lists them");
		return false;
	}
	*out = command_find(given, n, &used);
	if (!*out) {
		say_unknown(given[0]);
		return false;
	}
	if (!check_given(c, *out, given + used, n - used)) {
		fputs("Usage: " PROGRAM, stderr);
		print_synopsis(stderr, *out);
		return false;
	}
	c->argument = n > used ? given[used] : NULL;
	return true;
}

bool
args_read(int argc, char **argv, struct ctl *c, const struct command **out,
    int *status)
{
	bool help = false, version = false;
	char **given;
	int opt, n;

	*status = EX_USAGE;
	while ((opt = getopt_long(argc, argv, "c:", long_options, NULL)) != -1)
		if (!take_option(c, opt, &help, &version))
			return false;
	given = argv + optind;
	n = argc - optind;
	if (version) {
		puts(PROGRAM " " PACKAGE_VERSION);
		*status = EX_OK;
		return false;
	}
	if (n > 0 && !strcmp(given[0], "help")) {
		help = true;
		given++;
		n--;
	}
	if (help) {
		*status = give_help(given, n);
		return false;
	}
	return find_and_check(c, given, n, out);
}
