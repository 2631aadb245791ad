/*
 * Fields: the attributes of a workspace's customers, and the schema they make.
 * A type is one row of functions (struct field_type); a new type is one row of
 * tbl/field_types.h and one file in model/types/.
 */
#ifndef COFFER_MODEL_FIELD_H
#define COFFER_MODEL_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"
#include "db/db.h"
#include "vault/keyring.h"

#define FIELD_NAME_MAX 64
#define FIELD_DISPLAY_MAX 200
#define FIELD_REGEX_MAX 1000
#define FIELD_LENGTH_DEFAULT 1000
#define FIELD_LENGTH_MAX 16000
#define FIELDS_MAX 500 /* of a workspace */
#define FIELD_OPTIONS_MAX 1000
#define FIELD_OPTIONS_BYTES 65536 /* of all of a field together */
#define FIELD_FIRST_ID 16         /* ids below are system attributes' */

enum row_code {
#define X(name, text) ROW_##name,
#include "tbl/row_errors.h"
#undef X
	ROW_CODES
};

/* The code as the API writes it. */
const char *row_code_name(enum row_code code);

/* What is wrong with one cell. `text` never repeats the value of a PII field
 * (a test walks all types). */
struct cell_error {
	enum row_code code;
	char text[200];
};

enum field_type_id {
#define X(name, text, module) FIELD_##name,
#include "tbl/field_types.h"
#undef X
	FIELD_TYPES
};

struct field;
struct date_format;
struct currency;
struct regex;
struct regex_budget;

/* What the definition of a field may say, by type. */
enum field_allows {
	ALLOW_UNIQUE = 1,
	ALLOW_SEARCH = 2,
	ALLOW_LENGTH = 4, /* max_length */
	ALLOW_REGEX = 8,
	ALLOW_FORMAT = 16,  /* and then field_format must be given */
	ALLOW_OPTIONS = 32, /* and then options must be given */
	ALLOW_ROLE = 64,
	ALLOW_ITEMS = 128 /* field_format, which may be left out */
};

/* A cell's text or a JSON value comes in; out comes the value as the JSON text
 * that is stored ("ann@example.com" with its quotes, 1500.00, true), which is
 * also the plaintext of a PII value. */
struct field_type {
	unsigned allows; /* of enum field_allows */
	/* Outer white space of a CSV cell is not part of the value. */
	bool trims;
	/* From the text of a CSV cell: valid UTF-8, trimmed if the type trims.
	 * Appends the JSON to out; false with *ce filled, and then what was
	 * appended is taken back by the caller. */
	bool (*from_text)(const struct field *f, struct arena *a, const char *s,
	    size_t n, struct buf *out, struct cell_error *ce);
	/* From a JSON value (not null, not missing). */
	bool (*from_json)(const struct field *f, struct arena *a,
	    const json_t *v, struct buf *out, struct cell_error *ce);
	/* Appends to out the text of a stored value as a CSV cell would give
	 * it, in the field's own format, so that it can be uploaded again. */
	void (*to_text)(const struct field *f, struct arena *a,
	    const char *json, size_t n, struct buf *out);
	/* The form in which unique values compare, from the stored JSON: for
	 * text the fold (utf8_fold), for numbers the canonical decimal. NULL
	 * where values cannot be unique. */
	const char *(*fold)(const struct field *f, struct arena *a,
	    const char *json, size_t n, size_t *len_out);
	/* Checks field_format, options and the like of a definition, fills what
	 * parsing needs; ERR_BAD_REQUEST says what is wrong. NULL: no check. */
	enum err_code (*define)(
	    struct field *f, struct arena *a, struct err *e);
};

/* System attributes that fields stand for (tbl/field_roles.h). */
enum field_role_id {
#define X(name, text, id, attribute, type, key) FIELD_ROLE_##name,
#include "tbl/field_roles.h"
#undef X
	FIELD_ROLES
};

struct field_role {
	const char *name, *attribute;
	uint32_t id;
	enum field_type_id type;
	bool key; /* always PII and unique */
};

struct field {
	uint32_t id;
	const char *name, *display_name;
	size_t nname; /* bytes of name, or 0: not counted */
	enum field_type_id type;
	const char *format; /* date pattern, ISO 4217 code, the type of an
	                       array's elements ("": strings or numbers), or "" */
	bool pii, required, unique, searchable;
	uint32_t max_length;  /* in characters (code points) */
	const char **options; /* enum, in the order of the definition */
	const char **sorted;  /* the same by strcmp */
	unsigned noptions;
	const char *regex_text;      /* or NULL */
	struct regex **regex;        /* its place: compiled at first use */
	struct regex_budget *budget; /* shared by the fields of a schema */
	const char *role;            /* or NULL */
	const char *words; /* what a schema document says beside: NULL or
	                      JSON (model/schema_doc.h) */
	bool builtin; /* a system attribute that no field stands for */
	const struct date_format *date;
	const struct currency *currency;
	/* While stored values are being converted: the definition that
	 * profiles of an older layout follow; else NULL. Its name is another
	 * one where a new field takes over the values of a system attribute. */
	const struct field *was;
	/* It is to be unique, and stored values are still getting their
	 * digests: until all have them `unique` is false, and rows that give a
	 * value of it wait (ERR_WAITING). */
	bool indexing;
};

/* System attributes without a field (tbl/attributes.h). */
enum system_attribute {
#define X(name, text) ATTRIBUTE_##name,
#include "tbl/attributes.h"
#undef X
	SYSTEM_ATTRIBUTES
};

/* A tenant's own name for one of them ("x-scv-source" of /scv/schema). */
struct alias {
	const char *name, *title;
	enum system_attribute source;
};

/* What a session may do with an attribute ("x-scv-permissions"); one that is
 * not listed is closed. */
enum access { ACCESS_READ = 1, ACCESS_WRITE = 2 };
struct permission {
	const char *name;
	unsigned access; /* of enum access */
};

/* A workspace's fields, sorted by name (bytewise, as profiles are): those that
 * it has defined, and the built-in ones, which every workspace has where none
 * of its fields has their role, and which nobody changes or deletes.
 *
 * Profiles are written in the schema's layout. A row that has an older one is
 * in the form of before the change that is being carried out: each field as
 * its `was` says, the leaving ones still there (profile_merge, profile_open).
 * Only one such change runs at a time, so there is only one older form. */
struct schema {
	struct field *fields;
	unsigned n;
	struct field *leaving; /* deleted, but stored; by name */
	unsigned nleaving;
	/* What the Single Customer View face adds, each sorted by name. */
	const struct alias *aliases;
	unsigned naliases;
	const struct permission *permissions;
	unsigned npermissions;
	const char *words; /* of workspace.schema_words, or NULL */
	bool renaming;     /* some field's `was` has another name */
	uint32_t layout;
	uint32_t version;      /* counts the changes of the fields */
	struct uuid workspace; /* whose they are */
	bool converting;
	struct uuid job; /* that converts */
};

/* Whether the workspace has defined no field. */
bool schema_is_empty(const struct schema *s);

/* The role of that name (NULL: none); NULL if there is none. */
const struct field_role *field_role_find(const char *name);

/* The built-in field of a system attribute. */
void field_builtin(enum field_role_id role, struct field *out);

/* The field that holds a system attribute: the tenant's or the built-in one. */
struct field *schema_role(const struct schema *s, enum field_role_id role);

const struct field_type *field_type_of(const struct field *f);

/* The name of the field's type in the API; a type by its name, FIELD_TYPES if
 * there is none. */
const char *field_type_name(const struct field *f);
enum field_type_id field_type_find(const char *name);

/* True if a text is as good as none: empty, or nothing but white space in a
 * field that is not a plain string: one of another type, a required one, or a
 * unique one (where all blank values would be the same customer's). Callers
 * treat it as not given; this is the one place that decides it. */
bool field_text_is_blank(const struct field *f, const char *s, size_t n);

/* Cell text -> stored JSON, all rules of the field but uniqueness: trims where
 * the type calls for it, checks encoding, type, format, options, length, regex.
 * Text that is not UTF-8 or holds a NUL is ROW_ENCODING. The text must not be
 * blank (above). On false, out is as it was. */
bool field_from_text(const struct field *f, struct arena *a, const char *s,
    size_t n, struct buf *out, struct cell_error *ce);
bool field_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce);
/* As field_from_json, but takes what is stored as well: a date as yyyy-MM-dd,
 * which no other format can mean. */
bool field_from_answer(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce);

/* The id under which the field's values stand in the unique index: its own, or
 * the reserved one of its role (tbl/field_roles.h). */
uint32_t field_unique_id(const struct field *f);

/* The digest by which a value is found and is unique: folds the stored JSON
 * and runs the blind index over it. The type must allow unique values. */
void field_digest(const struct field *f, struct arena *a, struct keyring *k,
    const struct uuid *workspace, const char *json, size_t n, uint8_t out[16]);

/* The digest under one index key in force. */
void field_digest_at(const struct field *f, struct arena *a, struct keyring *k,
    uint32_t version, const struct uuid *workspace, const char *json, size_t n,
    uint8_t out[16]);

/* The digests to store for a value: one for each index key in force (two while
 * the index key is being rotated), the first being field_digest's. Returns how
 * many. */
struct index_digest {
	uint32_t version; /* of the index key */
	uint8_t digest[16];
};
unsigned field_digests(const struct field *f, struct arena *a,
    struct keyring *k, const struct uuid *workspace, const char *json, size_t n,
    struct index_digest out[INDEX_VERSIONS_MAX]);

/* By name; NULL if there is none. */
struct field *schema_find(const struct schema *s, const char *name, size_t n);

/* The field that holds the system attribute of that name ("$username"); NULL if
 * none is called so. */
struct field *schema_find_attribute(const struct schema *s, const char *name);

/* The field that a profile of that layout has under this name. */
struct field *schema_find_stored(
    const struct schema *s, uint32_t layout, const char *name, size_t n);

/* By id; a value that was given as a system attribute (an id below
 * FIELD_FIRST_ID) belongs to the field that has its role by now. NULL if there
 * is none. */
struct field *schema_by_id(const struct schema *s, uint32_t id);

/* By name, or else by display name without regard to case and outer spaces (the
 * header of a CSV). */
struct field *schema_find_column(
    const struct schema *s, struct arena *a, const char *s_, size_t n);

/* Reads the workspace's fields in the context; the schema and all it points to
 * live in the arena but for compiled regexes: end with schema_release. A
 * workspace without fields gives a schema of built-in ones.
 * Within a transaction they stay as they are until it ends: the workspace's row
 * is locked in share mode. Whoever writes customers loads them so, or comes
 * by schema_hold; changes of fields lock the row for themselves. */
MUST_CHECK enum err_code schema_load(struct db *db,
    const struct db_context *ctx, struct arena *a, struct schema *out,
    struct err *e);
void schema_release(struct schema *s);

/* Keeps the fields as `s` has them until the transaction ends. ERR_SUPERSEDED
 * if they are not what they were when it was loaded. */
MUST_CHECK enum err_code schema_hold(struct db *db,
    const struct db_context *ctx, const struct schema *s, struct err *e);

/* Loads `s` anew, in place; the old one's memory stays in the arena. */
MUST_CHECK enum err_code schema_reload(struct db *db,
    const struct db_context *ctx, struct arena *a, struct schema *s,
    struct err *e);

/* What is to know of the fields without reading them: layout, version,
 * workspace, converting and job of *out, which has no fields. */
MUST_CHECK enum err_code schema_state(struct db *db,
    const struct db_context *ctx, struct schema *out, struct err *e);

/* Reads that out of a row, whose columns from `col` on are the workspace's
 * uuid, schema_version, layout and convert_job. */
void schema_take_state(struct db_rows *r, unsigned col, struct schema *out);

/* The same, and nobody else may write customers or change fields until the
 * transaction ends. */
MUST_CHECK enum err_code schema_lock(struct db *db,
    const struct db_context *ctx, struct schema *out, struct err *e);

/* Whether a field of that name is deleted, but in rows of an older layout. */
bool schema_is_leaving(const struct schema *s, const char *name, size_t n);

/* The field as a profile of that layout has it: itself or what it was. */
const struct field *field_as_stored(
    const struct field *f, const struct schema *s, uint32_t layout);

/* Whether values that follow definition `was` have another JSON under `f`;
 * whether they are stored otherwise at all (also: sealed, opened); whether they
 * need new digests to be unique. */
bool field_alters_values(const struct field *was, const struct field *f);
bool field_alters_layout(const struct field *was, const struct field *f);
bool field_alters_index(const struct field *was, const struct field *f);

/* The id of its digests, 0 if it has none: field_unique_id if it is unique. */
uint32_t field_index_id(const struct field *f);

/* Appends the JSON under `f` of a value that is stored under `was`. It has the
 * form of f's type, but may break its rules: field_check_stored. False if it
 * has no such form; out is then as it was. */
bool field_convert(const struct field *was, const struct field *f,
    const char *json, size_t n, struct buf *out, struct cell_error *ce);

/* Whether a value in the stored form of f's type keeps f's rules, but for
 * uniqueness. */
bool field_check_stored(const struct field *f, struct arena *a,
    const char *json, size_t n, struct cell_error *ce);

/* A definition from the body of PUT /v1/cpf (members as the contract names
 * them; "workspace_id" is passed over, unknown members are refused by name,
 * null is as good as not given). ERR_MISSING_FIELDS, ERR_BAD_REQUEST. *out
 * lives in the arena and may be parsed with at once; if it has a regex, a
 * schema that holds it must be ended with schema_release. */
MUST_CHECK enum err_code field_from_definition(
    const json_t *body, struct arena *a, struct field *out, struct err *e);

/* Stores a new field, by field_add (model/field_change.h). */
MUST_CHECK enum err_code field_create(struct db *db,
    const struct db_context *ctx, struct field *f, struct err *e);

/* ERR_CONFLICT if new field `f` cannot stand beside `old`: the same name or
 * role, or a display name that is, without regard to case, a name of the
 * other. */
MUST_CHECK enum err_code field_fits(const struct field *f,
    const struct field *old, struct arena *a, struct err *e);

/* The options as a JSON array of strings, as they are stored too. */
void field_write_options(struct buf *out, const struct field *f);

/* The field as POST /v1/cpf and PUT /v1/cpf answer it: every member of a
 * definition, null where the type has no such thing. */
void field_write(struct buf *out, const struct field *f);

#endif
