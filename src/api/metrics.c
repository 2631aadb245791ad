/* GET /metrics: for Prometheus (text format 0.0.4). No label says anything of a
 * tenant. */
#include "http/handlers.h"
#include "base/log.h"
#include "base/network.h"
#include "http/metrics.h"
#include "model/job_stat.h"
#include "model/search.h"

#define TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Who comes by another proxy is not the address that reaches us. */
static enum err_code
allow(const struct request *rq, struct err *e)
{
	if (!request_header(rq, "forwarded") &&
	    !request_header(rq, "x-forwarded-for") &&
	    network_list_has(
	        rq->site->conf->server_metrics_from, rq->remote_addr))
		return ERR_OK;
	return err_set(e, ERR_FORBIDDEN, NULL);
}

static void
add(struct buf *out, const char *name, unsigned kind, const char *state,
    uint64_t n)
{
	buf_addf(out, "%s{kind=\"%s\",state=\"%s\"} %llu\n", name,
	    job_kind_name(kind), state, (unsigned long long)n);
}

static void
write_jobs(struct buf *out, const struct job_stat *list)
{
	static const char JOBS[] = "coffer_jobs",
	                  CHUNKS[] = "coffer_job_chunks",
	                  OLDEST[] = "coffer_job_queue_oldest_seconds";
	unsigned i;

	metrics_family(out, JOBS, "gauge", "Jobs that have not ended.");
	for (i = 0; i < JOB_KINDS; i++) {
		add(out, JOBS, i, "queued", list[i].jobs - list[i].running);
		add(out, JOBS, i, "running", list[i].running);
	}
	metrics_family(out, CHUNKS, "gauge",
	    "Chunks in the queue: claimed by a worker, due, or delayed.");
	for (i = 0; i < JOB_KINDS; i++) {
		add(out, CHUNKS, i, "claimed", list[i].claimed);
		add(out, CHUNKS, i, "due", list[i].due);
		add(out, CHUNKS, i, "delayed", list[i].delayed);
	}
	metrics_family(out, OLDEST, "gauge",
	    "How long the oldest chunk has been due that nobody works on.");
	for (i = 0; i < JOB_KINDS; i++)
		buf_addf(out, "%s{kind=\"%s\"} %lld.%03lld\n", OLDEST,
		    job_kind_name(i), (long long)(list[i].oldest_ms / 1000),
		    (long long)(list[i].oldest_ms % 1000));
}

/* Without its database the pool still tells what it knows by itself. */
static void
write_database(struct request *rq, struct buf *out)
{
	struct job_stat list[JOB_KINDS];
	struct db *db = rq->site->db;
	uint64_t searches = 0;
	struct err e;
	bool up = !job_stat_read(db, list, &e) &&
	          !search_due_count(db, &searches, &e);

	if (!up)
		log_err("metrics", &e);
	metrics_family(out, "coffer_database_up", "gauge",
	    "1 if the database answers, else 0.");
	buf_addf(out, "coffer_database_up %d\n", up);
	if (!up)
		return;
	write_jobs(out, list);
	metrics_family(out, "coffer_search_due_workspaces", "gauge",
	    "Workspaces with so much to merge for searches that a worker "
	    "should.");
	buf_addf(out, "coffer_search_due_workspaces %llu\n",
	    (unsigned long long)searches);
}

enum err_code
ops_metrics(struct request *rq, struct err *e)
{
	struct buf *out;
	enum err_code rc = allow(rq, e);

	if (rc)
		return rc;
	out = resp_json(rq, 200);
	rq->resp.type = TYPE;
	metrics_family(out, "coffer_build_info", "gauge",
	    "The version of the pool's program.");
	buf_addf(out, "coffer_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
	metrics_family(out, "coffer_processes", "gauge",
	    "Processes that the pool is to have.");
	buf_addf(out, "coffer_processes %lld\n",
	    (long long)rq->site->conf->server_processes);
	metrics_write(out);
	write_database(rq, out);
	return ERR_OK;
}
