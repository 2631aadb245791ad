/* Inside src/model: the fields of the workspaces that a process lately read
 * for, by site_schema (model/site.h). */
#ifndef COFFER_MODEL_SCHEMA_CACHE_H
#define COFFER_MODEL_SCHEMA_CACHE_H

struct schema_cache;

/* Does nothing if there is none. */
void schema_cache_free(struct schema_cache **c);

#endif
