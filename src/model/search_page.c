#include "model/search_page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_SHIFT 22 /* of the offset; the end is below it */
#define END_MASK ((1u << OFFSET_SHIFT) - 1)
#define ENTRY sizeof(uint32_t)

/* The associated data: a text is of a block or pending, a filter of a block. */
#define AD_LEN 17
static void
write_ad(const struct page_place *at, bool filter, uint8_t ad[AD_LEN])
{
	put_u32(ad, at->workspace_id);
	ad[4] = filter ? 'f' : at->pending ? 'p' : 'b';
	put_u32(ad + 5, (uint32_t)at->number);
	put_u32(ad + 9, (uint32_t)(at->number >> 32));
	put_u32(ad + 13, at->part);
}

static uint32_t
entry(const struct search_page *p, unsigned i)
{
	return get_u32(p->index + i * ENTRY);
}

static size_t
end_of(const struct search_page *p, unsigned i)
{
	return entry(p, i) & END_MASK;
}

/* What opens is ours; that it is a page is looked at all the same. */
static bool
read_page(const struct buf *plain, struct search_page *out)
{
	const uint8_t *data = (const uint8_t *)plain->data;
	size_t n = plain->len, last = 0;
	unsigned i;

	if (n < ENTRY)
		return false;
	out->n = get_u32(data + n - ENTRY);
	if (out->n > (n - ENTRY) / ENTRY)
		return false;
	out->ntext = n - ENTRY - out->n * ENTRY;
	out->text = plain->data;
	out->index = data + out->ntext;
	for (i = 0; i < out->n; i++) {
		if (end_of(out, i) < last)
			return false;
		last = end_of(out, i);
	}
	return last == out->ntext;
}

static enum err_code
unseal(struct keyring *k, const struct page_place *at, bool filter,
    const void *sealed, size_t n, struct buf *plain, struct err *e)
{
	uint8_t ad[AD_LEN];
	enum err_code err;

	write_ad(at, filter, ad);
	plain->len = 0;
	buf_room(plain, n);
	err = aead_open(keyring_rest(k, REST_SEARCH), ad, sizeof(ad), sealed, n,
	    (uint8_t *)plain->data, e);
	if (!err)
		plain->len = n - AEAD_OVERHEAD;
	return err;
}

enum err_code
page_open(struct keyring *k, const struct page_place *at, const void *sealed,
    size_t n, struct buf *plain, struct search_page *out, struct err *e)
{
	enum err_code err = unseal(k, at, false, sealed, n, plain, e);

	if (!err && !read_page(plain, out))
		return err_fault(e, ERR_CRYPTO, "searched text is damaged");
	return err;
}

enum err_code
page_may_have(struct keyring *k, const struct page_place *at,
    const void *sealed, size_t n, struct buf *plain,
    const struct ngram_probe *probe, bool *out, struct err *e)
{
	enum err_code err = unseal(k, at, true, sealed, n, plain, e);

	*out = !err && plain->len &&
	       ngram_may_have(probe, (uint8_t *)plain->data, plain->len);
	return err;
}

unsigned
page_customer(const struct search_page *p, unsigned i, const char **text_out,
    size_t *n_out)
{
	size_t start = i ? end_of(p, i - 1) : 0;

	*text_out = p->text + start;
	*n_out = end_of(p, i) - start;
	return entry(p, i) >> OFFSET_SHIFT;
}

/* Whose text has the byte at `at`. */
static unsigned
customer_at(const struct search_page *p, size_t at)
{
	unsigned low = 0, high = p->n;

	while (low + 1 < high) {
		unsigned mid = low + (high - low) / 2;

		if (end_of(p, mid - 1) <= at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* One pass; what is left of a customer after its first hit is passed over. */
void
page_match(
    const struct search_page *p, struct needle *d, struct search_set *hits)
{
	const char *at = p->text, *end = p->text + p->ntext;
	unsigned i;

	needle_tune(d, p->text, p->ntext);
	while ((at = needle_find(d, at, (size_t)(end - at)))) {
		i = customer_at(p, (size_t)(at - p->text));
		set_add(hits, entry(p, i) >> OFFSET_SHIFT);
		at = p->text + end_of(p, i);
	}
}

static void
put_entry(struct packer *p, unsigned offset)
{
	uint32_t v = offset << OFFSET_SHIFT | (uint32_t)p->text.len;
	uint8_t bytes[ENTRY];

	assert(offset < SEARCH_BLOCK && p->text.len <= END_MASK);
	put_u32(bytes, v);
	buf_add(&p->index, bytes, sizeof(bytes));
}

/* How many bytes of whole values go into the page; 0: it is to be given away
 * first. */
static size_t
fitting(const struct packer *p, const char *text, size_t n)
{
	size_t room = p->text.len < PAGE_TEXT ? PAGE_TEXT - p->text.len : 0;
	const char *last;

	if (n <= room)
		return n;
	last = memrchr(text, '\0', room);
	if (last)
		return (size_t)(last + 1 - text);
	if (p->text.len)
		return 0;
	last = memchr(text, '\0', n);
	assert(last);
	return (size_t)(last + 1 - text);
}

enum err_code
packer_add(struct packer *p, unsigned offset, const char *text, size_t n,
    struct err *e)
{
	enum err_code err = ERR_OK;
	size_t some;

	assert(!n || !text[n - 1]);
	for (; n && !err; text += some, n -= some) {
		some = fitting(p, text, n);
		if (some) {
			buf_add(&p->text, text, some);
			put_entry(p, offset);
		} else {
			err = p->full(p, p->arg, e);
		}
	}
	return err;
}

enum err_code
packer_end(struct packer *p, struct err *e)
{
	return p->text.len ? p->full(p, p->arg, e) : ERR_OK;
}

unsigned
packer_first(const struct packer *p)
{
	assert(p->index.len);
	return get_u32((const uint8_t *)p->index.data) >> OFFSET_SHIFT;
}

static void
seal(struct keyring *k, const struct page_place *at, bool filter,
    const void *plain, size_t n, struct buf *out)
{
	uint8_t ad[AD_LEN];
	char *room = buf_room(out, n + AEAD_OVERHEAD);

	write_ad(at, filter, ad);
	aead_seal(keyring_rest(k, REST_SEARCH), ad, sizeof(ad), plain, n,
	    (uint8_t *)room);
	out->len += n + AEAD_OVERHEAD;
}

void
packer_seal_filter(const struct packer *p, struct keyring *k,
    const struct page_place *at, struct buf *out)
{
	size_t n = NGRAM_FILTER(p->text.len);
	uint8_t *filter = calloc(n, 1);

	assert(n && !at->pending);
	if (!filter)
		abort();
	ngram_mark(p->text.data, p->text.len, filter, n);
	seal(k, at, true, filter, n, out);
	wipe(filter, n);
	free(filter);
}

void
packer_seal(struct packer *p, struct keyring *k, const struct page_place *at,
    struct buf *out)
{
	uint8_t count[ENTRY];

	put_u32(count, (uint32_t)(p->index.len / ENTRY));
	buf_add(&p->text, p->index.data, p->index.len);
	buf_add(&p->text, count, sizeof(count));
	seal(k, at, false, p->text.data, p->text.len, out);
	p->text.len = p->index.len = 0;
}

void
packer_free(struct packer *p)
{
	buf_free(&p->text);
	buf_free(&p->index);
}
