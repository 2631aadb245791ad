#include "ingest/form.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ingest/multipart.h"

/* What a member or part may be; the same names in both bodies. */
enum entry {
	ENTRY_WORKSPACE,
	ENTRY_GROUP,
	ENTRY_VALIDATE_ONLY,
	ENTRY_ON_EXISTING,
	ENTRY_MATCH_BY,
	ENTRY_DATA,
	ENTRY_FILE,
	ENTRY_COUNT /* unknown */
};

static enum entry
entry_find(const struct form *f, const char *name)
{
	static const char *const NAMES[] = {[ENTRY_WORKSPACE] = "workspace_id",
	    [ENTRY_GROUP] = "customer_group_id",
	    [ENTRY_VALIDATE_ONLY] = "validate_only",
	    [ENTRY_ON_EXISTING] = "on_existing",
	    [ENTRY_MATCH_BY] = "match_by",
	    [ENTRY_DATA] = "customer_data",
	    [ENTRY_FILE] = "data_file"};
	unsigned i;

	for (i = 0; i < ENTRY_COUNT && strcmp(NAMES[i], name); i++)
		;
	if (i == ENTRY_MATCH_BY && !f->update)
		return ENTRY_COUNT;
	return (enum entry)i;
}

static enum err_code
set_on_existing(struct form *f, const char *s, struct err *e)
{
	if (on_existing_parse(s, &f->on_existing))
		return ERR_OK;
	return err_set(
	    e, ERR_BAD_REQUEST, "on_existing must be error, join or update");
}

static enum err_code
set_validate_only(struct form *f, const char *s, struct err *e)
{
	static const struct {
		const char *word;
		bool means;
	} WORDS[] = {{"true", true}, {"false", false}, {"yes", true},
	    {"no", false}, {"1", true}, {"0", false}};
	size_t i;

	for (i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		if (strcasecmp(s, WORDS[i].word))
			continue;
		f->validate_only = WORDS[i].means;
		return ERR_OK;
	}
	return err_set(
	    e, ERR_BAD_REQUEST, "validate_only must be true or false");
}

static bool
is_empty(const char *s)
{
	return !s || !*s;
}

/* What must be there, once all was read. `other` says that the rows came in
 * the form that the body does not take as well. */
static enum err_code
check_given(const struct form *f, bool other, struct err *e)
{
	bool rows = f->file || f->data;

	if (is_empty(f->workspace_id) || is_empty(f->customer_group_id) ||
	    !rows || other)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	return ERR_OK;
}

static enum err_code
take_string(const char *name, const json_t *v, const char **out, struct err *e)
{
	if (jv_type(v) != JV_STRING)
		return err_set(e, ERR_BAD_REQUEST, "%s must be a string", name);
	*out = json_string_value(v);
	return ERR_OK;
}

/* An empty array is as good as none. */
static enum err_code
take_data(struct form *f, const json_t *v, struct err *e)
{
	if (jv_type(v) != JV_OBJECT && jv_type(v) != JV_ARRAY)
		return err_set(e, ERR_BAD_REQUEST,
		    "customer_data must be an object or an array of objects");
	if (jv_type(v) == JV_OBJECT || json_array_size(v))
		f->data = v;
	return ERR_OK;
}

static enum err_code
take_member(struct form *f, enum entry entry, const char *name, const json_t *v,
    struct err *e)
{
	const char *word = NULL;
	enum err_code code;

	switch (entry) {
	case ENTRY_WORKSPACE:
		return take_string(name, v, &f->workspace_id, e);
	case ENTRY_GROUP:
		return take_string(name, v, &f->customer_group_id, e);
	case ENTRY_VALIDATE_ONLY:
		if (jv_type(v) != JV_BOOL)
			return err_set(e, ERR_BAD_REQUEST,
			    "validate_only must be true or false");
		f->validate_only = json_is_true(v);
		return ERR_OK;
	case ENTRY_ON_EXISTING:
		code = take_string(name, v, &word, e);
		return code ? code : set_on_existing(f, word, e);
	case ENTRY_MATCH_BY:
		return take_string(name, v, &f->match_by, e);
	case ENTRY_DATA:
		return take_data(f, v, e);
	case ENTRY_FILE:
	case ENTRY_COUNT:
		break;
	}
	return ERR_OK;
}

/* Takes all members; null is as good as not given. */
static enum err_code
take_members(struct form *f, struct err *e)
{
	struct buf unknown = {.max = ERR_TEXT_MAX};
	enum err_code code = ERR_OK;
	const char *name;
	json_t *v;

	json_object_foreach(f->body, name, v)
	{
		enum entry entry = entry_find(f, name);

		if (entry == ENTRY_COUNT)
			buf_addf(
			    &unknown, "%s%s", unknown.len ? ", " : "", name);
		else if (!code && jv_type(v) != JV_NULL)
			code = take_member(f, entry, name, v, e);
	}
	if (unknown.len || unknown.overflow)
		code = err_set(e, ERR_BAD_REQUEST, "unknown members: %s",
		    unknown.len ? unknown.data : "(a long name)");
	buf_free(&unknown);
	return code;
}

enum err_code
form_read_json(json_source *source, void *arg, const struct conf *conf,
    struct form *out, struct err *e)
{
	struct json_limits limits = {
	    .max_bytes = (size_t)conf->limits_json_bytes,
	    .max_tree = (size_t)conf->limits_json_memory};
	enum err_code code;
	const json_t *file;

	out->on_existing = EXISTING_ERROR;
	code = json_read(source, arg, &limits, &out->body, e);
	if (code)
		return code;
	if (jv_type(out->body) != JV_OBJECT)
		return err_set(
		    e, ERR_BAD_REQUEST, "the body must be a JSON object");
	code = take_members(out, e);
	if (code)
		return code;
	file = json_object_get(out->body, "data_file");
	return check_given(out, file && jv_type(file) != JV_NULL, e);
}

/* A form that is being read part by part. */
struct parts {
	struct form *form;
	const struct conf *conf;
	struct arena *arena;
	enum entry entry; /* of the part in hand */
	struct buf value;
	bool data; /* customer_data came as a part */
};

static bool
type_is_csv(const char *type)
{
	/* What clients send for a .csv file, depending on what else is
	 * installed beside them. */
	static const char *const TYPES[] = {"text/csv", "application/csv",
	    "application/vnd.ms-excel", "text/plain",
	    "application/octet-stream"};
	size_t i;

	for (i = 0; type && i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
		if (!strcmp(type, TYPES[i]))
			return true;
	}
	return !type;
}

static enum err_code
begin_part(void *arg, const struct multipart_part *part, struct err *e)
{
	struct parts *p = arg;

	p->entry = entry_find(p->form, part->name);
	buf_reset(&p->value);
	if (p->entry == ENTRY_COUNT)
		return err_set(e, ERR_BAD_REQUEST, "unknown part: %.*s",
		    (int)utf8_cut(part->name, strnlen(part->name, 200)),
		    part->name);
	if (p->entry == ENTRY_DATA)
		p->data = true;
	if (p->entry != ENTRY_FILE)
		return ERR_OK;
	if (!type_is_csv(part->type))
		return err_set(
		    e, ERR_BAD_REQUEST, "data_file must be of type text/csv");
	p->form->file = spool_new(p->conf->server_spool_dir);
	return ERR_OK;
}

static enum err_code
part_data(void *arg, const char *s, size_t n, struct err *e)
{
	struct parts *p = arg;

	if (p->entry == ENTRY_FILE)
		return spool_write(p->form->file, s, n, e);
	if (p->entry == ENTRY_DATA)
		return ERR_OK;
	buf_add(&p->value, s, n);
	if (p->value.overflow)
		return err_set(e, ERR_BAD_REQUEST,
		    "a part other than data_file is over %d bytes",
		    FORM_VALUE_MAX);
	return ERR_OK;
}

static enum err_code
end_part(void *arg, struct err *e)
{
	struct parts *p = arg;
	const char *value = p->value.data ? p->value.data : "";

	if (!utf8_valid(value, p->value.len))
		return err_set(e, ERR_BAD_REQUEST,
		    "a part other than data_file is not text in UTF-8");
	switch (p->entry) {
	case ENTRY_WORKSPACE:
		p->form->workspace_id = arena_strdup(p->arena, value);
		return ERR_OK;
	case ENTRY_GROUP:
		p->form->customer_group_id = arena_strdup(p->arena, value);
		return ERR_OK;
	case ENTRY_VALIDATE_ONLY:
		return set_validate_only(p->form, value, e);
	case ENTRY_ON_EXISTING:
		return set_on_existing(p->form, value, e);
	case ENTRY_MATCH_BY:
		p->form->match_by = arena_strdup(p->arena, value);
		return ERR_OK;
	case ENTRY_DATA:
	case ENTRY_FILE:
	case ENTRY_COUNT:
		break;
	}
	return ERR_OK;
}

enum err_code
form_read_multipart(json_source *source, void *arg, const char *content_type,
    const struct conf *conf, struct arena *a, struct form *out, struct err *e)
{
	static const struct multipart_sink SINK = {
	    begin_part, part_data, end_part};
	struct parts p = {.form = out,
	    .conf = conf,
	    .arena = a,
	    .value = {.max = FORM_VALUE_MAX}};
	enum err_code code;

	out->on_existing = EXISTING_ERROR;
	code = multipart_read(source, arg, content_type,
	    (size_t)conf->limits_upload_bytes, a, &SINK, &p, e);
	buf_free(&p.value);
	if (code)
		return code;
	if (p.data && !out->file)
		return err_set(e, ERR_BAD_REQUEST,
		    "customer_data is not taken as a part: send it in a JSON "
		    "body");
	return check_given(out, p.data, e);
}

void
form_free(struct form *f)
{
	spool_free(&f->file);
	json_decref(f->body);
	*f = (struct form){0};
}
