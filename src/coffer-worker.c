/*
 * coffer-worker: does what waits in the queue, as a service (--poll) or from
 * cron (--drain).
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "proc/program.h"
#include "work/pool.h"
#include "work/worker.h"

#define PROGRAM "coffer-worker"

enum mode { MODE_NONE, MODE_POLL, MODE_DRAIN };

struct options {
	const char *conf_path;
	enum mode mode;
};

static void
print_help(void)
{
	puts("Usage: " PROGRAM " [-c FILE] --poll | --drain\n"
	     "Does what waits in Coffer's queue: uploads, updates, deletions,\n"
	     "conversions and rotations.\n\n"
	     "  -c, --config FILE  configuration (" COFFER_SYSCONFDIR
	     "/coffer.ini)\n"
	     "      --poll         run as a service, in the foreground\n"
	     "      --drain        work until nothing is due, and exit (cron)\n"
	     "      --help         print this and exit\n"
	     "      --version      print the version and exit\n\n"
	     "Signals: TERM, QUIT and INT stop after the chunk in hand, HUP\n"
	     "reads the configuration again, USR1 reopens the log.\n"
	     "Exit status: 0, 64 usage, 69 database or wake socket cannot be\n"
	     "had, 70 internal fault, 78 configuration or keys.");
}

/* True to go on; else *status is the exit status. */
static bool
check_options(int argc, char **argv, const struct options *o, int *status)
{
	if (optind < argc)
		fprintf(stderr, PROGRAM ": unexpected argument: %s\n",
		    argv[optind]);
	else if (o->mode == MODE_NONE)
		fprintf(stderr, PROGRAM
		    ": --poll or --drain is needed; see " PROGRAM " --help\n");
	else
		return true;
	*status = EX_USAGE;
	return false;
}

/* Reads the command line; as check_options. */
static bool
read_options(int argc, char **argv, struct options *out, int *status)
{
	static const struct option LONG[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"poll", no_argument, NULL, 'p'}, {"drain", no_argument, NULL, 'd'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	int c;

	*status = EX_OK;
	while ((c = getopt_long(argc, argv, "c:", LONG, NULL)) != -1) {
		if (c == 'c') {
			out->conf_path = optarg;
		} else if (c == 'p' || c == 'd') {
			out->mode = c == 'p' ? MODE_POLL : MODE_DRAIN;
		} else if (c == 'h') {
			print_help();
			return false;
		} else if (c == 'v') {
			puts(PROGRAM " " PACKAGE_VERSION);
			return false;
		} else {
			*status = EX_USAGE;
			return false;
		}
	}
	return check_options(argc, argv, out, status);
}

int
main(int argc, char **argv)
{
	struct options o = {COFFER_SYSCONFDIR "/coffer.ini", MODE_NONE};
	struct service *service = NULL;
	struct err e;
	int status;

	if (!read_options(argc, argv, &o, &status))
		return status;
	program_setup(0027);
	if (service_open(PROGRAM_WORKER, o.conf_path, &service, &e))
		return program_refuse(PROGRAM, &e, EX_CONFIG);
	if (service_log(service, &e))
		status = program_refuse(PROGRAM, &e, EX_CONFIG);
	else if (o.mode == MODE_POLL)
		status = pool_run(o.conf_path, &service);
	else
		status = worker_drain(&service->site, isatty(STDERR_FILENO));
	service_close(&service);
	return status;
}
