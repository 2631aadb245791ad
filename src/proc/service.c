#include "proc/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/network.h"
#include "model/audit.h"
#include "model/export_files.h"
#include "vault/jwt.h"
#include "vault/rand.h"

static enum err_code
check_networks(const struct conf *c, struct err *e)
{
	if (network_list_valid(c->server_metrics_from))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "[server] metrics_from: addresses and networks are needed, such as "
	    "127.0.0.0/8 ::1");
}

enum err_code
service_open(enum program program, const char *conf_path, struct service **out,
    struct err *e)
{
	struct service *s = calloc(1, sizeof(*s));
	enum err_code rc;

	if (!s)
		abort();
	s->program = program;
	rc = vault_self_test(e);
	if (!rc)
		rc = conf_read(conf_path, &s->conf, e);
	if (!rc)
		rc = check_networks(s->conf, e);
	if (!rc && program == PROGRAM_FCGI)
		rc = jwt_keys_load(s->conf, &s->jwt, e);
	if (!rc)
		rc = audit_dir_check(s->conf, e);
	if (!rc)
		rc = export_dir_check(s->conf, e);
	if (!rc)
		rc = site_open(s->conf, &s->site, e);
	if (rc) {
		jwt_keys_free(&s->jwt);
		conf_free(&s->conf);
		free(s);
		return rc;
	}
	*out = s;
	return ERR_OK;
}

static const char *
log_path(const struct service *s)
{
	return s->program == PROGRAM_FCGI ? s->conf->server_log
	                                  : s->conf->worker_log;
}

enum err_code
service_log(const struct service *s, struct err *e)
{
	static const struct {
		const char *name, *section;
	} programs[] = {[PROGRAM_FCGI] = {"coffer-fcgi", "server"},
	    [PROGRAM_WORKER] = {"coffer-worker", "worker"}};
	const char *path = log_path(s);
	enum log_level level;

	if (!log_level_parse(s->conf->server_log_level, &level))
		return err_set(e, ERR_BAD_REQUEST,
		    "[server] log_level: one of "
		    "error, warning, info, debug is needed");
	if (!log_open(programs[s->program].name, path, level))
		return err_set(e, ERR_BAD_REQUEST,
		    "[%s] log: cannot open %s: %s",
		    programs[s->program].section, path, strerror(errno));
	return ERR_OK;
}

void
service_close(struct service **s)
{
	if (!*s)
		return;
	site_close(&(*s)->site);
	jwt_keys_free(&(*s)->jwt);
	conf_free(&(*s)->conf);
	free(*s);
	*s = NULL;
}
