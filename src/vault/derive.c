#include "vault/mac.h"
#include "vault/master.h"

void
master_derive(
    const struct master_keys *m, const char *label, uint8_t out[MAC_KEY])
{
	static const uint8_t no_salt[MAC_LEN]; /* RFC 5869, section 2.2 */

	hkdf(m->keys[0].key, MASTER_KEY, no_salt, sizeof(no_salt), label, out);
}
