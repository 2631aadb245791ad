#include "base/network.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64
#define SEPARATORS " \t,"
#define BITS 128
#define BITS_V4 32

/* IPv4 as IPv6 has it (RFC 4291, section 2.5.5.2). */
struct network {
	uint8_t address[16];
	unsigned bits; /* of it that count */
};

/* The prefix after the slash; false if it is not one of 0 to `most`. */
static bool
parse_prefix(const char *s, unsigned most, unsigned *out)
{
	size_t n = strlen(s);

	if (!n || n > 3 || strspn(s, "0123456789") != n)
		return false;
	*out = (unsigned)atoi(s);
	return *out <= most;
}

static bool
parse(const char *word, size_t n, struct network *out)
{
	static const uint8_t V4[12] = {[10] = 0xff, [11] = 0xff};
	char text[WORD_MAX], *slash;
	unsigned width = BITS;

	if (n >= sizeof(text))
		return false;
	memcpy(text, word, n);
	text[n] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, out->address + sizeof(V4)) == 1) {
		memcpy(out->address, V4, sizeof(V4));
		width = BITS_V4;
	} else if (inet_pton(AF_INET6, text, out->address) != 1) {
		return false;
	}
	out->bits = width;
	if (slash && !parse_prefix(slash + 1, width, &out->bits))
		return false;
	out->bits += BITS - width;
	return true;
}

static bool
contains(const struct network *net, const uint8_t address[16])
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(net->address, address, whole) != 0)
		return false;
	return !rest || !((net->address[whole] ^ address[whole]) & mask);
}

/* The next word of a list at *p, which moves past it; 0 at the end. */
static size_t
next_word(const char **p, const char **word)
{
	size_t n;

	*word = *p + strspn(*p, SEPARATORS);
	n = strcspn(*word, SEPARATORS);
	*p = *word + n;
	return n;
}

bool
network_list_valid(const char *list)
{
	struct network net;
	const char *word;
	size_t n;

	while ((n = next_word(&list, &word)) > 0)
		if (!parse(word, n, &net))
			return false;
	return true;
}

bool
network_list_has(const char *list, const char *address)
{
	struct network net, who;
	const char *word;
	size_t n;

	if (strchr(address, '/') || !parse(address, strlen(address), &who))
		return false;
	while ((n = next_word(&list, &word)) > 0)
		if (parse(word, n, &net) && contains(&net, who.address))
			return true;
	return false;
}
