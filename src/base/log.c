#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

#define TEXT_MAX 2048
#define LINE_MAX_BYTES 16384

static const char *const LEVELS[] = {"error", "warning", "info", "debug"};

static struct {
	int fd;
	enum log_level level;
	char *path;
	char program[32], request[65];
	struct buf line;
} state = {.fd = STDERR_FILENO, .level = LOG_INFO, .line.max = LINE_MAX_BYTES};

static int
open_path(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

bool
log_open(const char *program, const char *path, enum log_level level)
{
	int fd = STDERR_FILENO;
	char *copy = NULL;

	if (path && path[0]) {
		fd = open_path(path);
		if (fd < 0)
			return false;
		copy = strdup(path);
		if (!copy)
			abort();
	}
	if (state.fd != STDERR_FILENO)
		close(state.fd);
	free(state.path);
	state.fd = fd;
	state.path = copy;
	state.level = level;
	snprintf(state.program, sizeof(state.program), "%s", program);
	return true;
}

bool
log_reopen(void)
{
	int fd;

	if (!state.path)
		return true;
	fd = open_path(state.path);
	if (fd < 0)
		return false;
	close(state.fd);
	state.fd = fd;
	return true;
}

void
log_request(const char *id)
{
	snprintf(state.request, sizeof(state.request), "%s", id ? id : "");
}

const char *
log_request_id(void)
{
	return state.request;
}

bool
log_level_parse(const char *s, enum log_level *out)
{
	unsigned i;

	for (i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
		if (!strcmp(s, LEVELS[i])) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* Adds ,"name":"value"; bytes of broken UTF-8 become question marks. */
static void
add_member(const char *name, char *value, size_t n)
{
	size_t i;

	if (!utf8_valid(value, n)) {
		for (i = 0; i < n; i++) {
			if ((unsigned char)value[i] > 0x7f)
				value[i] = '?';
		}
	}
	buf_addf(&state.line, ",\"%s\":", name);
	buf_add_json(&state.line, value, n);
}

static void
write_line(void)
{
	ssize_t n;

	do
		n = write(state.fd, state.line.data, state.line.len);
	while (n < 0 && errno == EINTR);
}

void
log_write(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	char text[TEXT_MAX];
	struct buf *line = &state.line;
	va_list ap;
	size_t len;
	int n;

	if (level > state.level)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		text[0] = '\0';
	len = strlen(text);
	if (n >= TEXT_MAX)
		len = utf8_cut(text, len);
	buf_reset(line);
	buf_adds(line, "{\"time\":\"");
	buf_add_time(line, clock_now_ms());
	buf_addf(line, "\",\"level\":\"%s\",\"pid\":%ld", LEVELS[level],
	    (long)getpid());
	add_member("program", state.program, strlen(state.program));
	if (state.request[0])
		add_member("request", state.request, strlen(state.request));
	add_member("text", text, len);
	buf_adds(line, "}\n");
	write_line();
	errno = saved;
}

void
log_err(const char *doing, const struct err *e)
{
	int status = err_status(e->code);
	enum log_level level = LOG_INFO;

	if (status >= 500)
		level = status == 503 ? LOG_WARNING : LOG_ERROR;
	log_write(level, "%s: %s%s%s", doing, err_name(e->code),
	    e->cause[0] ? ": " : "", e->cause);
}
