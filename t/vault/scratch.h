/* What tests of the vault share: a scratch directory, files in it, hex. */
#ifndef COFFER_T_VAULT_SCRATCH_H
#define COFFER_T_VAULT_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/tap.h"

#define SCRATCH_PATH 512

static char scratch_dir[SCRATCH_PATH];

/* Removes the directory and all in it (it is at most two deep). */
__attribute__((unused)) static void
scratch_remove(const char *path)
{
	char below[2 * SCRATCH_PATH];
	struct dirent *d;
	DIR *dir;

	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, d->d_name);
		if (unlink(below))
			scratch_remove(below);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

__attribute__((unused)) static void
scratch_end(void)
{
	scratch_remove(scratch_dir);
}

/* Makes the directory; it goes when the program ends. */
__attribute__((unused)) static void
scratch_begin(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(scratch_dir, sizeof(scratch_dir), "%s/coffer-vault-XXXXXX",
	    tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(scratch_dir)) {
		perror(scratch_dir);
		exit(1);
	}
	atexit(scratch_end);
}

/* The path of a file in it; good until the third next call. */
__attribute__((unused)) static const char *
scratch_path(const char *name)
{
	static char paths[3][2 * SCRATCH_PATH];
	static unsigned turn;
	char *path = paths[turn++ % 3];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch_dir, name);
	return path;
}

/* Writes a file of n bytes in it, over what was there. */
__attribute__((unused)) static void
scratch_write(const char *name, const void *p, size_t n, mode_t mode)
{
	const char *path = scratch_path(name);
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n || fchmod(fd, mode)) {
		perror(path);
		exit(1);
	}
	close(fd);
}

/* Decodes hex digits; returns how many bytes. */
__attribute__((unused)) static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;
	unsigned byte;

	for (size_t i = 0; i < n; i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		out[i] = (uint8_t)byte;
	}
	return n;
}

/* True if n bytes are those of a hex text. */
__attribute__((unused)) static bool
is_hex(const uint8_t *p, size_t n, const char *hex)
{
	uint8_t want[1024];

	return strlen(hex) == 2 * n && unhex(hex, want) == n &&
	       memcmp(p, want, n) == 0;
}

#endif
