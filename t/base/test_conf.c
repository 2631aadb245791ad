#include "base/conf.h"
#include "t/tap.h"

#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/coffer-conf-XXXXXX";

static enum err_code
read_text(const char *text, struct conf **out, struct err *e)
{
	FILE *f = fopen(path, "w");

	if (!f)
		abort();
	fputs(text, f);
	fclose(f);
	return conf_read(path, out, e);
}

static void
test_defaults(void)
{
	struct conf *c = NULL;
	struct err e;

	is_int(read_text("", &c, &e), ERR_OK, "an empty file");
	if (!c)
		return;
	is_str(c->server_hostname, "localhost", "default of a string");
	is_int(c->limits_rows, 10000, "default of a number");
	is_int(c->database_bulk, true, "default of a switch");
	is_int(c->jwt_nkeys, 0, "no keys");
	conf_free(&c);
	ok(!c, "freed");
	conf_free(&c);
}

static void
test_values(void)
{
	static const char TEXT[] = "\xef\xbb\xbf# comment\n"
	                           "[server]\r\n"
	                           "hostname = crm.example:8443 ; comment\r\n"
	                           "socket=/run/a b;c\n"
	                           "[database]\n"
	                           "bulk = OFF\n"
	                           "port : 65535\n"
	                           "password_file =\n"
	                           "[jwt-key k 1]\n"
	                           "alg = RS256\n"
	                           "file = /etc/a.pem\n"
	                           "account = acme\n"
	                           "[server]\n"
	                           "processes = 512\n"
	                           "[jwt-key k2]\n"
	                           "file = b.pem\n"
	                           "account = acme\n"
	                           "issuer = https://login.example\n"
	                           "alg = ES256";
	struct conf *c = NULL;
	struct err e;

	ok(!read_text(TEXT, &c, &e), "a file with everything");
	if (!c) {
		printf("# %s\n", e.text);
		return;
	}
	is_str(c->server_hostname, "crm.example:8443", "string");
	is_str(c->server_socket, "/run/a b;c", "; within a value stays");
	is_str(c->database_password_file, "", "empty string");
	is_int(c->database_bulk, false, "switch");
	is_int(c->database_port, 65535, "number at its most");
	is_int(c->server_processes, 512, "a section in two parts");
	is_int(c->jwt_nkeys, 2, "two keys");
	is_str(c->jwt_keys[0].kid, "k 1", "kid");
	is_str(c->jwt_keys[0].alg, "RS256", "alg");
	is_str(c->jwt_keys[1].file, "b.pem", "file");
	is_str(c->jwt_keys[1].account, "acme", "account");
	is_str(c->jwt_keys[1].issuer, "https://login.example", "issuer");
	conf_free(&c);
}

static void
test_switch(void)
{
	static const char *const WORDS[] = {
	    "off", "on", "false", "true", "no", "yes", "0", "1", "No", "YES"};
	char text[64];
	struct conf *c = NULL;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		snprintf(text, sizeof(text), "[database]\nbulk=%s\n", WORDS[i]);
		ok(!read_text(text, &c, &e) && c->database_bulk == i % 2,
		    "switch: %s", WORDS[i]);
		conf_free(&c);
	}
}

/* Refused, with a text that names the line and holds `part`. */
static void
is_refused(const char *text, int line, const char *part)
{
	struct conf *c = NULL;
	struct err e = {.code = ERR_OK};
	char where[64];

	is_int(read_text(text, &c, &e), ERR_BAD_REQUEST, "refused: %s", part);
	snprintf(where, sizeof(where), "%s, line %d: ", path, line);
	ok(strstr(e.text, where) == e.text && strstr(e.text, part),
	    "it says: %s", e.text);
	ok(!c, "and gives nothing");
}

static void
test_refused(void)
{
	char text[600] = "[server]\nhostname = ";

	is_refused("[server]\n\nhostnam = x\n", 3, "no option hostnam");
	is_refused("[servers]\nhostname = x\n", 1, "no section [servers]");
	is_refused("[keys]\n[nothing-in-it]\n", 2, "[nothing-in-it]");
	is_refused("hostname = x\n", 1, "before any [section]");
	is_refused("[server]\nprocesses = 0\n", 2, "from 1 to 512");
	is_refused("[server]\nprocesses = 513\n", 2, "from 1 to 512");
	is_refused("[server]\nprocesses = 4x\n", 2, "whole number");
	is_refused("[server]\nprocesses = 4.0\n", 2, "whole number");
	is_refused("[server]\nprocesses =\n", 2, "whole number");
	is_refused("[server]\nprocesses = 99999999999999999999\n", 2, "number");
	is_refused("[database]\nbulk = maybe\n", 2, "on or off");
	is_refused("[server]\nprocesses = 4\nprocesses = 4\n", 3, "twice");
	is_refused("[server]\nsocket = a\n  b\n", 3, "indented");
	is_refused("[server]\nhostname\n", 2, "neither");
	is_refused("[server]\nhostname\n[bad]\n", 2, "neither");
	is_refused("[server\nhostname = x\n", 1, "neither");
	is_refused("[jwt-key]\nalg = RS256\n", 1, "no section [jwt-key]");
	is_refused("[keys]\n[jwt-key ]\nalg = RS256\n", 2, "id");
	is_refused("[keys]\n[jwt-key k]\nalg = HS256\n", 3, "RS256 or ES256");
	is_refused("[jwt-key k]\nalg = RS256\n[keys]\n", 1, "needs");
	is_refused("[keys]\n\n[jwt-key k]\n", 3, "needs");
	is_refused("[jwt-key k]\nsecret = x\n", 2, "alg, file");
	is_refused("[jwt-key k]\nalg=RS256\nalg=ES256\n", 3, "twice");
	is_refused("[jwt-key 0123456789012345678901234567890123456789012]\n", 1,
	    "longer than 49");
	is_refused("[jwt-key 1]\nalg=RS256\nfile=a\n[jwt-key 2]\n[jwt-key 3]\n"
	           "[jwt-key 4]\n[jwt-key 5]\n[jwt-key 6]\n[jwt-key 7]\n"
	           "[jwt-key 8]\n[jwt-key 9]\n",
	    11, "at most 8");
	memset(text + strlen(text), 'x', 400);
	is_refused(text, 2, "longer than");
}

/* What conf_print_defaults prints is a valid file, and with its options
 * uncommented it is every option at its default. */
static void
test_print(void)
{
	char line[256], all[16384] = "";
	struct conf *c = NULL;
	struct err e;
	int options = 0, keep = dup(STDOUT_FILENO);
	FILE *f;

	fflush(stdout);
	f = freopen(path, "w", stdout);
	conf_print_defaults();
	fflush(f);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	ok(!conf_read(path, &c, &e), "the printed file is read");
	conf_free(&c);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		bool option = line[0] == '#' && line[1] != ' ' &&
		              line[1] != '[' && strstr(line, " = ");

		if (!strncmp(line, "#[jwt-key", 9))
			break;
		options += option;
		strcat(all, line + option);
	}
	if (f)
		fclose(f);
#define STRING(section, name, def, doc) options--;
#define NUMBER(section, name, def, min, max, doc) options--;
#define SWITCH(section, name, def, doc) options--;
#include "tbl/config.h"
	is_int(options, 0, "every option is printed");
	ok(!read_text(all, &c, &e), "uncommented it is read");
	if (!c) {
		printf("# %s\n", e.text);
		return;
	}
	is_str(c->keys_dir, "/etc/coffer/keys", "with its defaults");
	is_int(c->worker_lease, 30000, "also of numbers");
	conf_free(&c);
}

int
main(void)
{
	struct conf *c = NULL;
	struct err e;
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	test_defaults();
	test_values();
	test_switch();
	test_refused();
	test_print();
	unlink(path);
	ok(conf_read(path, &c, &e) && strstr(e.text, path) &&
	        strstr(e.text, "cannot be opened"),
	    "a missing file: %s", e.text);
	ok(conf_read("/tmp", &c, &e) && strstr(e.text, "cannot be read"),
	    "a directory: %s", e.text);
	return done_testing();
}
