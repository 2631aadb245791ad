#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "model/audit.h"
#include "work/crew.h"

enum err_code
equipment_open(const char *conf_path, struct equipment **out, struct err *e)
{
	struct equipment *q = calloc(1, sizeof(*q));
	enum err_code err;

	if (!q)
		abort();
	err = conf_read(conf_path, &q->conf, e);
	if (!err)
		err = audit_dir_check(q->conf, e);
	if (!err)
		err = site_open(q->conf, &q->site, e);
	if (err) {
		conf_free(&q->conf);
		free(q);
		return err;
	}
	*out = q;
	return ERR_OK;
}

enum err_code
equipment_log(const struct equipment *q, struct err *e)
{
	const char *path = q->conf->worker_log;
	enum log_level level;

	if (!log_level_parse(q->conf->server_log_level, &level))
		return err_set(e, ERR_BAD_REQUEST,
		    "[server] log_level: one of "
		    "error, warning, info, debug is needed");
	if (!log_open("coffer-worker", path, level))
		return err_set(e, ERR_BAD_REQUEST,
		    "[worker] log: cannot open %s: %s", path, strerror(errno));
	return ERR_OK;
}

void
equipment_close(struct equipment **q)
{
	if (!*q)
		return;
	site_close(&(*q)->site);
	conf_free(&(*q)->conf);
	free(*q);
	*q = NULL;
}
