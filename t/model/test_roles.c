/* Roles and what they may do. */
#include "model/user.h"
#include "t/tap.h"

static const struct {
	const char *role;
	unsigned may, may_not;
} cases[] = {
    {"admin",
        RIGHT_READ | RIGHT_UPLOAD | RIGHT_JOBS | RIGHT_WRITE | RIGHT_GROUPS |
            RIGHT_FIELDS | RIGHT_FIELDS_READ | RIGHT_KEYS,
        0},
    {"editor",
        RIGHT_READ | RIGHT_UPLOAD | RIGHT_JOBS | RIGHT_WRITE | RIGHT_GROUPS |
            RIGHT_FIELDS_READ,
        RIGHT_FIELDS | RIGHT_KEYS},
    {"viewer", RIGHT_READ | RIGHT_JOBS | RIGHT_FIELDS_READ,
        RIGHT_UPLOAD | RIGHT_WRITE | RIGHT_GROUPS | RIGHT_FIELDS | RIGHT_KEYS},
    {"uploader", RIGHT_UPLOAD | RIGHT_JOBS,
        RIGHT_READ | RIGHT_WRITE | RIGHT_GROUPS | RIGHT_FIELDS |
            RIGHT_FIELDS_READ | RIGHT_KEYS},
};

int
main(void)
{
	static const char *const strangers[] = {
	    "", "Admin", "admin ", "root", "adm"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned rights = role_rights(cases[i].role);

		is_int(rights & cases[i].may, cases[i].may,
		    "S13: %s may what it should", cases[i].role);
		is_int(rights & cases[i].may_not, 0, "S13: %s may nothing else",
		    cases[i].role);
	}
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		is_int(role_rights(strangers[i]), 0,
		    "S13: \"%s\" is no role and may nothing", strangers[i]);
	return done_testing();
}
