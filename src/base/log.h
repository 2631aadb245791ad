/*
 * The log: one line of JSON an event, written by one write(2), to a file or
 * to standard error. Lines carry the time, the process and the request id.
 * No line ever holds personal data or key material: log names and ids, never
 * values.
 */
#ifndef COFFER_BASE_LOG_H
#define COFFER_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Opens the log. path NULL or "" means standard error. `program` is copied.
 * False (errno set) if the file cannot be opened. */
bool log_open(const char *program, const char *path, enum log_level level);

/* Opens the same path again, after a rotation. */
bool log_reopen(void);

/* The request or job id that following lines carry; NULL for none. Copied,
 * cut at 64 bytes. */
void log_request(const char *id);

/* That id; "" for none. Good until the next log_request. */
const char *log_request_id(void);

/* "error", "warning", "info", "debug" -> level; false if unknown. */
bool log_level_parse(const char *s, enum log_level *out);

void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Logs an error by its code and cause, at the level its status deserves. */
void log_err(const char *doing, const struct err *e);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
