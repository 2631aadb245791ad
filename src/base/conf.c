#include "base/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ini.h>

#define JWT_KEY "jwt-key "
#define NAME_MAX_BYTES 49 /* inih cuts longer names without a word */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum kind { KIND_STRING, KIND_NUMBER, KIND_SWITCH };

static const struct option {
	const char *section, *name, *doc;
	enum kind kind;
	size_t offset; /* in struct conf */
	const char *text;
	int64_t number, least, most;
} options[] = {
#define OPTION(sect, nm, k, meaning)                              \
	.section = #sect, .name = #nm, .doc = meaning, .kind = k, \
	.offset = offsetof(struct conf, sect##_##nm)
#define STRING(sect, nm, def, doc) \
	{OPTION(sect, nm, KIND_STRING, doc), .text = def},
#define NUMBER(sect, nm, def, min, max, doc)                              \
	{OPTION(sect, nm, KIND_NUMBER, doc), .number = def, .least = min, \
	    .most = max},
#define SWITCH(sect, nm, def, doc) \
	{OPTION(sect, nm, KIND_SWITCH, doc), .number = def},
#include "tbl/config.h"
#undef OPTION
#undef STRING
#undef NUMBER
#undef SWITCH
};

/* A file being read. */
struct reader {
	FILE *f;
	const char *path;
	int line;
	bool failed; /* *e is filled, about `line` */
	bool given[COUNT(options)];
	int key_line[CONF_JWT_KEYS_MAX]; /* where each key's section begins */
	struct conf *conf;
	struct err *e;
};

static char *
copy(const char *s)
{
	char *p = strdup(s);

	if (!p)
		abort();
	return p;
}

static char **
string_of(struct conf *c, const struct option *o)
{
	return (char **)((char *)c + o->offset);
}

static void
store_number(struct conf *c, const struct option *o, int64_t v)
{
	char *p = (char *)c + o->offset;

	if (o->kind == KIND_NUMBER)
		*(int64_t *)p = v;
	else
		*(bool *)p = v != 0;
}

/* Fails at the current line. Returns 0, which tells inih. */
PRINTF_LIKE(2, 3)
static int
fail(struct reader *r, const char *fmt, ...)
{
	char what[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!r->failed)
		err_set(r->e, ERR_BAD_REQUEST, "%s, line %d: %s", r->path,
		    r->line, what);
	r->failed = true;
	return 0;
}

/* The key of that id, added if it is new; NULL after a failure. */
static struct conf_jwt_key *
find_key(struct reader *r, const char *kid)
{
	struct conf *c = r->conf;
	unsigned i;

	for (i = 0; i < c->jwt_nkeys; i++) {
		if (!strcmp(c->jwt_keys[i].kid, kid))
			return &c->jwt_keys[i];
	}
	if (!*kid) {
		fail(r, "write the key's id: [jwt-key KID]");
		return NULL;
	}
	if (i == CONF_JWT_KEYS_MAX) {
		fail(r, "at most %d sections [jwt-key KID] are possible",
		    CONF_JWT_KEYS_MAX);
		return NULL;
	}
	r->key_line[i] = r->line;
	c->jwt_keys[i].kid = copy(kid);
	c->jwt_nkeys++;
	return &c->jwt_keys[i];
}

static bool
known_section(const char *s)
{
	size_t i;

	for (i = 0; i < COUNT(options); i++) {
		if (!strcmp(s, options[i].section))
			return true;
	}
	return false;
}

/* Looks at a line that opens a section: inih reports none without options,
 * and cuts long names. */
static void
check_section(struct reader *r, const char *line)
{
	char name[NAME_MAX_BYTES + 1];
	size_t n;

	line += strspn(line, " \t");
	if (*line != '[')
		return;
	n = strcspn(++line, "]\r\n");
	if (n > NAME_MAX_BYTES) {
		fail(r, "a section name is longer than %d characters",
		    NAME_MAX_BYTES);
		return;
	}
	memcpy(name, line, n);
	name[n] = '\0';
	if (!strncmp(name, JWT_KEY, strlen(JWT_KEY)))
		find_key(r, name + strlen(JWT_KEY));
	else if (!known_section(name))
		fail(r, "there is no section [%s]", name);
}

/* An ini_reader: fgets that counts lines and refuses what does not fit. */
static char *
read_line(char *s, int size, void *arg)
{
	struct reader *r = arg;

	if (r->failed || !fgets(s, size, r->f))
		return NULL;
	r->line++;
	if (!strchr(s, '\n') && !feof(r->f)) {
		fail(r, "longer than %d bytes, or binary", size - 2);
		return NULL;
	}
	check_section(r, s);
	return r->failed ? NULL : s;
}

static int
set_number(struct reader *r, const struct option *o, const char *value)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	if (end == value || *end || errno || v < o->least || v > o->most)
		return fail(r, "%s must be a whole number from %lld to %lld",
		    o->name, (long long)o->least, (long long)o->most);
	store_number(r->conf, o, v);
	return 1;
}

static int
set_switch(struct reader *r, const struct option *o, const char *value)
{
	static const char *const WORDS[] = {
	    "off", "on", "false", "true", "no", "yes", "0", "1"};
	size_t i;

	for (i = 0; i < COUNT(WORDS); i++) {
		if (!strcasecmp(value, WORDS[i])) {
			store_number(r->conf, o, i % 2);
			return 1;
		}
	}
	return fail(r, "%s must be on or off", o->name);
}

static int
set_option(struct reader *r, const struct option *o, const char *value)
{
	char **text = string_of(r->conf, o);
	bool *given = &r->given[o - options];

	if (*given)
		return fail(r,
		    "%s stands twice (an indented line goes with the one "
		    "above)",
		    o->name);
	*given = true;
	switch (o->kind) {
	case KIND_NUMBER:
		return set_number(r, o, value);
	case KIND_SWITCH:
		return set_switch(r, o, value);
	case KIND_STRING:
		break;
	}
	free(*text);
	*text = copy(value);
	return 1;
}

static int
set_key(struct reader *r, const char *kid, const char *name, const char *value)
{
	struct conf_jwt_key *k;
	char **field;

	k = find_key(r, kid);
	if (!k)
		return 0;
	if (!strcmp(name, "alg"))
		field = &k->alg;
	else if (!strcmp(name, "file"))
		field = &k->file;
	else if (!strcmp(name, "account"))
		field = &k->account;
	else if (!strcmp(name, "issuer"))
		field = &k->issuer;
	else
		return fail(r,
		    "a [jwt-key] has alg, file, account and issuer, no %s",
		    name);
	if (*field)
		return fail(r, "%s stands twice for this key", name);
	if (field == &k->alg && strcmp(value, "RS256") &&
	    strcmp(value, "ES256"))
		return fail(r, "alg must be RS256 or ES256");
	if (!*value)
		return fail(r, "%s is empty", name);
	*field = copy(value);
	return 1;
}

static int
handle(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *r = arg;
	size_t i;

	if (r->failed)
		return 0;
	if (!strncmp(section, JWT_KEY, strlen(JWT_KEY)))
		return set_key(r, section + strlen(JWT_KEY), name, value);
	if (!*section)
		return fail(r, "%s stands before any [section]", name);
	for (i = 0; i < COUNT(options); i++) {
		if (!strcmp(section, options[i].section) &&
		    !strcmp(name, options[i].name))
			return set_option(r, &options[i], value);
	}
	return fail(r, "[%s] has no option %s", section, name);
}

static void
check_keys(struct reader *r)
{
	unsigned i;

	for (i = 0; i < r->conf->jwt_nkeys && !r->failed; i++) {
		struct conf_jwt_key *k = &r->conf->jwt_keys[i];

		r->line = r->key_line[i];
		if (!k->alg || !k->file || !k->account)
			fail(r, "[jwt-key %s] needs alg, file and account",
			    k->kid);
	}
}

static void
parse(struct reader *r)
{
	int bad = ini_parse_stream(read_line, r, handle, r);

	if (bad < 0)
		abort();
	if (ferror(r->f)) {
		fail(r, "cannot be read further: %s", strerror(errno));
		return;
	}
	/* inih goes on after a line that it cannot read. */
	if (bad && (!r->failed || bad < r->line)) {
		r->failed = false;
		r->line = bad;
		fail(r, "neither [section] nor name = value nor # comment");
	}
	check_keys(r);
}

static struct conf *
defaults(void)
{
	struct conf *c = calloc(1, sizeof(*c));
	const struct option *o;

	if (!c)
		abort();
	for (o = options; o < options + COUNT(options); o++) {
		if (o->kind == KIND_STRING)
			*string_of(c, o) = copy(o->text);
		else
			store_number(c, o, o->number);
	}
	return c;
}

enum err_code
conf_read(const char *path, struct conf **out, struct err *e)
{
	struct reader r = {.path = path, .e = e};

	r.f = fopen(path, "re");
	if (!r.f)
		return err_set(e, ERR_BAD_REQUEST,
		    "%s cannot be opened: %s; look at its name and rights",
		    path, strerror(errno));
	r.conf = defaults();
	parse(&r);
	fclose(r.f);
	if (r.failed) {
		conf_free(&r.conf);
		return e->code;
	}
	*out = r.conf;
	return ERR_OK;
}

static void
print_option(const struct option *o)
{
	switch (o->kind) {
	case KIND_STRING:
		printf("\n# %s\n#%s = %s\n", o->doc, o->name, o->text);
		break;
	case KIND_NUMBER:
		printf("\n# %s (%lld to %lld)\n#%s = %lld\n", o->doc,
		    (long long)o->least, (long long)o->most, o->name,
		    (long long)o->number);
		break;
	case KIND_SWITCH:
		printf("\n# %s (on or off)\n#%s = %s\n", o->doc, o->name,
		    o->number ? "on" : "off");
		break;
	}
}

void
conf_print_defaults(void)
{
	const char *section = "";
	size_t i;

	puts("# Coffer's configuration: every option, with its default.\n"
	     "# A ; after white space begins a comment, too.");
	for (i = 0; i < COUNT(options); i++) {
		if (strcmp(section, options[i].section))
			printf("\n[%s]\n", options[i].section);
		section = options[i].section;
		print_option(&options[i]);
	}
	puts("\n# A public key of another issuer of tokens, one section a key:"
	     "\n# alg is RS256 or ES256, file holds the key as PEM, account is "
	     "the"
	     "\n# one whose users it speaks for, issuer the iss of its tokens"
	     "\n# (that of [auth] if it is left out).\n"
	     "#[jwt-key KID]\n#alg = ES256\n#file = /etc/coffer/issuer.pem\n"
	     "#account = acme\n#issuer = https://login.example.com");
}

void
conf_free(struct conf **c)
{
	const struct option *o;
	unsigned i;

	if (!*c)
		return;
	for (o = options; o < options + COUNT(options); o++) {
		if (o->kind == KIND_STRING)
			free(*string_of(*c, o));
	}
	for (i = 0; i < (*c)->jwt_nkeys; i++) {
		free((*c)->jwt_keys[i].kid);
		free((*c)->jwt_keys[i].alg);
		free((*c)->jwt_keys[i].file);
		free((*c)->jwt_keys[i].account);
		free((*c)->jwt_keys[i].issuer);
	}
	free(*c);
	*c = NULL;
}
