/*
 * coffer-fcgi: the pool of FastCGI processes behind nginx.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "http/master.h"
#include "proc/program.h"

#define PROGRAM "coffer-fcgi"

struct options {
	const char *conf_path;
	bool check;
};

static void
print_help(void)
{
	puts("Usage: " PROGRAM " [-c FILE] [--check]\n"
	     "Answers Coffer's requests behind nginx, in the foreground.\n\n"
	     "  -c, --config FILE  configuration (" COFFER_SYSCONFDIR
	     "/coffer.ini)\n"
	     "      --check        read configuration and keys, and exit\n"
	     "      --help         print this and exit\n"
	     "      --version      print the version and exit\n\n"
	     "Signals: HUP reads the configuration again, USR1 reopens logs,\n"
	     "TERM, QUIT and INT stop once what waits is answered.\n"
	     "Exit status: 0, 64 usage, 69 the socket cannot be had,\n"
	     "78 configuration or keys.");
}

/* Reads the command line. True to go on; else *status is the exit status. */
static bool
read_options(int argc, char **argv, struct options *out, int *status)
{
	static const struct option LONG[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"check", no_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	int c;

	*status = EX_OK;
	while ((c = getopt_long(argc, argv, "c:", LONG, NULL)) != -1) {
		if (c == 'c') {
			out->conf_path = optarg;
		} else if (c == 'k') {
			out->check = true;
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
	if (optind == argc)
		return true;
	fprintf(stderr, PROGRAM ": unexpected argument: %s\n", argv[optind]);
	*status = EX_USAGE;
	return false;
}

static int
run(const char *conf_path, struct service **service)
{
	struct listener listener;
	struct err e;
	int status;

	if (service_log(*service, &e))
		return program_refuse(PROGRAM, &e, EX_CONFIG);
	if (listener_open((*service)->conf->server_socket, &listener, &e))
		return program_refuse(PROGRAM, &e, EX_UNAVAILABLE);
	status = master_run(conf_path, service, &listener);
	close(listener.fd);
	return status;
}

int
main(int argc, char **argv)
{
	struct options o = {COFFER_SYSCONFDIR "/coffer.ini", false};
	struct service *service = NULL;
	struct err e;
	int status;

	if (!read_options(argc, argv, &o, &status))
		return status;
	program_setup(0027);
	if (service_open(PROGRAM_FCGI, o.conf_path, &service, &e))
		return program_refuse(PROGRAM, &e, EX_CONFIG);
	if (o.check)
		puts(PROGRAM ": configuration and keys are good");
	else
		status = run(o.conf_path, &service);
	service_close(&service);
	return status;
}
