#include "model/name.h"

#include <string.h>

#include "base/utf8.h"

static bool
has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

enum err_code
name_check(
    const char *what, const char *s, size_t least, size_t most, struct err *e)
{
	size_t n = strlen(s), chars;

	if (!utf8_valid(s, n))
		return err_set(e, ERR_BAD_REQUEST, "%s is not UTF-8", what);
	if (has_control(s))
		return err_set(
		    e, ERR_BAD_REQUEST, "%s holds a control character", what);
	chars = utf8_length(s, n);
	if (chars < least || chars > most)
		return err_set(e, ERR_BAD_REQUEST,
		    "%s must have %zu to %zu characters", what, least, most);
	return ERR_OK;
}
