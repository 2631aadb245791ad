#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vault/keyfile.h"
#include "vault/rand.h"

bool
keyfile_path(
    char out[KEYFILE_PATH], const char *dir, const char *sub, const char *name)
{
	int n;

	n = snprintf(
	    out, KEYFILE_PATH, "%s%s%s/%s", dir, *sub ? "/" : "", sub, name);
	return n > 0 && n < KEYFILE_PATH;
}

/* Reads up to max bytes and looks whether there is one more; -1 on error. */
static ssize_t
read_whole(int fd, char *out, size_t max)
{
	size_t n = 0;
	ssize_t got;
	char more;

	while (n < max) {
		got = read(fd, out + n, max - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -1 : (ssize_t)n;
		n += (size_t)got;
	}
	got = read(fd, &more, 1);
	if (got > 0)
		errno = EFBIG;
	return got == 0 ? (ssize_t)n : -1;
}

enum err_code
keyfile_read(const char *path, bool secret, void *out, size_t max,
    size_t *n_out, struct err *e)
{
	enum err_code rc = ERR_BAD_REQUEST;
	struct stat st;
	ssize_t n;
	int fd;

	/* O_NONBLOCK: a pipe in the place of a file must not stop the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_set(
		    e, rc, "%s: cannot be read: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		err_set(e, rc, "%s: not a regular file", path);
		goto out;
	}
	if (secret && (st.st_mode & 077)) {
		err_set(e, rc, "%s: may be read by others: chmod 600 it", path);
		goto out;
	}
	n = read_whole(fd, out, max);
	if (n < 0) {
		err_set(e, rc, "%s: cannot be read: %s", path, strerror(errno));
		goto out;
	}
	*n_out = (size_t)n;
	rc = ERR_OK;
out:
	close(fd);
	return rc;
}

static bool
write_whole(int fd, const char *p, size_t n)
{
	ssize_t put;

	while (n > 0) {
		put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return fsync(fd) == 0;
}

/* Puts the directory of a new name on the disk. */
static bool
sync_parent(const char *path)
{
	char copy[KEYFILE_PATH];
	bool done;
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = fsync(fd) == 0;
	close(fd);
	return done;
}

#define PART_PATH (KEYFILE_PATH + 16)

/* Makes a file beside `path`, whose name goes into `part`; *written_out: it
 * holds all n bytes for good, else errno says why. ERR_BAD_REQUEST: there is no
 * file. */
static enum err_code
write_part(const char *path, const void *p, size_t n, char part[PART_PATH],
    bool *written_out, struct err *e)
{
	int fd;

	snprintf(part, PART_PATH, "%s.XXXXXX", path);
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_BAD_REQUEST, "%s: cannot be made: %s",
		    path, strerror(errno));
	*written_out = write_whole(fd, p, n);
	close(fd);
	return ERR_OK;
}

enum err_code
keyfile_create(
    const char *path, const void *p, size_t n, bool *made, struct err *e)
{
	char part[PART_PATH];
	bool written;

	*made = false;
	if (write_part(path, p, n, part, &written, e))
		return e->code;
	/* link, unlike rename, fails where the name is taken. */
	if (written && link(part, path) == 0)
		*made = true;
	else if (written && errno == EEXIST)
		errno = 0;
	else
		written = false;
	if (*made)
		written = sync_parent(path);
	unlink(part);
	if (!written)
		return err_set(e, ERR_BAD_REQUEST, "%s: cannot be made: %s",
		    path, strerror(errno));
	return ERR_OK;
}

enum err_code
keyfile_replace(const char *path, const void *p, size_t n, struct err *e)
{
	char part[PART_PATH];
	bool written;

	if (write_part(path, p, n, part, &written, e))
		return e->code;
	if (written && !rename(part, path) && sync_parent(path))
		return ERR_OK;
	err_set(e, ERR_BAD_REQUEST, "%s: cannot be replaced: %s", path,
	    strerror(errno));
	unlink(part);
	return ERR_BAD_REQUEST;
}

/* Random bytes over all that a file holds. */
static bool
overwrite(int fd)
{
	struct stat st;
	char noise[512];
	off_t left;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	for (left = st.st_size; left > 0; left -= (off_t)sizeof(noise)) {
		rand_bytes(noise, sizeof(noise));
		if (!write_whole(fd, noise,
		        left < (off_t)sizeof(noise) ? (size_t)left
		                                    : sizeof(noise)))
			return false;
	}
	return fsync(fd) == 0;
}

/* It takes another name first, so that nobody reads it half overwritten; one
 * under that name is left of a destruction that was cut short. */
enum err_code
keyfile_destroy(const char *path, bool *was_out, struct err *e)
{
	char dying[KEYFILE_PATH + 16];
	bool done;
	int fd;

	snprintf(dying, sizeof(dying), "%s.erased", path);
	*was_out = rename(path, dying) == 0;
	if (!*was_out && errno != ENOENT)
		return err_set(e, ERR_BAD_REQUEST,
		    "%s: cannot be destroyed: %s", path, strerror(errno));
	fd = open(dying, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return ERR_OK;
	done = fd >= 0 && overwrite(fd);
	if (fd >= 0)
		close(fd);
	if (done && !unlink(dying) && sync_parent(path))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST, "%s: cannot be destroyed: %s", dying,
	    strerror(errno));
}

enum err_code
keyfile_destroy_parts(const char *path, struct err *e)
{
	char pattern[KEYFILE_PATH + 16];
	enum err_code rc = ERR_OK;
	glob_t found;
	bool was;

	snprintf(pattern, sizeof(pattern), "%s.??????", path);
	if (glob(pattern, GLOB_NOSORT, NULL, &found))
		return ERR_OK;
	for (size_t i = 0; i < found.gl_pathc && rc == ERR_OK; i++)
		rc = keyfile_destroy(found.gl_pathv[i], &was, e);
	globfree(&found);
	return rc;
}
