/*
 * The yardstick of the benchmark: a pool of FastCGI processes that answer
 * every request with the same file. What nginx, TLS, libfcgi and the kernel
 * cost, and nothing else.
 *
 *   yardstick SOCKET PROCESSES FILE
 */
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

static char *body;
static size_t length;

static void
read_body(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;

	if (!file || fstat(fileno(file), &st) != 0) {
		perror(path);
		exit(66);
	}
	length = (size_t)st.st_size;
	body = malloc(length + 1);
	if (!body || fread(body, 1, length, file) != length) {
		fprintf(stderr, "yardstick: %s could not be read\n", path);
		exit(66);
	}
	fclose(file);
}

static void
serve(int sock)
{
	static const char head[] = "Status: 200\r\n"
				   "Content-Type: application/json\r\n\r\n";
	FCGX_Request request;
	char waste[8192];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	FCGX_Init();
	FCGX_InitRequest(&request, sock, 0);
	while (FCGX_Accept_r(&request) == 0) {
		while (FCGX_GetStr(waste, sizeof(waste), request.in) > 0)
			continue;
		FCGX_PutStr(head, sizeof(head) - 1, request.out);
		FCGX_PutStr(body, (int)length, request.out);
		FCGX_Finish_r(&request);
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	int sock, i;

	if (argc != 4) {
		fprintf(stderr, "usage: yardstick SOCKET PROCESSES FILE\n");
		return 64;
	}
	read_body(argv[3]);
	sock = FCGX_OpenSocket(argv[1], 511);
	if (sock < 0)
		return 71;
	for (i = 0; i < atoi(argv[2]); i++)
		if (fork() == 0)
			serve(sock);
	while (wait(NULL) > 0)
		continue;
	return 0;
}
