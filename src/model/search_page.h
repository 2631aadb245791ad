/*
 * Inside src/model: pages, the pieces in which searched text is sealed. A page
 * has texts of customers of one block: the texts, one after the other, then 32
 * bits for each customer (its offset in the block, and where its text ends),
 * then 32 bits of how many there are; little-endian. A customer with much text
 * may be in several pages. Beside each page of a block is its filter
 * (base/ngram.h), sealed too: an eighth of its size tells of most texts that
 * they are not in it.
 */
#ifndef COFFER_MODEL_SEARCH_PAGE_H
#define COFFER_MODEL_SEARCH_PAGE_H

#include "base/needle.h"
#include "base/ngram.h"
#include "model/search.h"

#define PAGE_TEXT (256u << 10) /* more only for a value that is longer */

/* A bit a customer of a block. */
struct search_set {
	uint8_t bits[SEARCH_BLOCK / 8];
};

static inline void
set_add(struct search_set *s, unsigned offset)
{
	s->bits[offset / 8] = (uint8_t)(s->bits[offset / 8] | 1u << offset % 8);
}

static inline bool
set_has(const struct search_set *s, unsigned offset)
{
	return s->bits[offset / 8] >> offset % 8 & 1;
}

/* Where a page is kept: it opens nowhere else. */
struct page_place {
	uint32_t workspace_id;
	bool pending;
	uint64_t number; /* of the block, or the seq */
	uint32_t part;   /* or the piece */
};

/* A page that has been opened. */
struct search_page {
	const char *text;
	size_t ntext;
	const uint8_t *index;
	unsigned n;
};

/* Opens a page into `plain`, which it points into. ERR_CRYPTO. */
MUST_CHECK enum err_code page_open(struct keyring *k,
    const struct page_place *at, const void *sealed, size_t n,
    struct buf *plain, struct search_page *out, struct err *e);

/* Opens the filter of a page of a block into `plain`: whether who is probed for
 * may be in the page. ERR_CRYPTO. */
MUST_CHECK enum err_code page_may_have(struct keyring *k,
    const struct page_place *at, const void *sealed, size_t n,
    struct buf *plain, const struct ngram_probe *probe, bool *out,
    struct err *e);

/* Customer i of the page: its offset in the block, its text. */
unsigned page_customer(const struct search_page *p, unsigned i,
    const char **text_out, size_t *n_out);

/* Adds to `hits` who has the needle in its text. */
void page_match(
    const struct search_page *p, struct needle *d, struct search_set *hits);

/* Fills pages one after the other. `full` is given each that is full, and must
 * empty it (packer_seal does). Zeroed but for full and arg it is ready. */
struct packer;
typedef enum err_code packer_full(struct packer *p, void *arg, struct err *e);
struct packer {
	struct buf text, index;
	packer_full *full;
	void *arg;
};

/* Adds a customer's text: whole values, each with its NUL. */
MUST_CHECK enum err_code packer_add(struct packer *p, unsigned offset,
    const char *text, size_t n, struct err *e);

/* Gives the last page to `full`, unless it is empty. */
MUST_CHECK enum err_code packer_end(struct packer *p, struct err *e);

/* The first customer of the page in hand. */
unsigned packer_first(const struct packer *p);

/* Appends the filter of the page in hand, sealed. */
void packer_seal_filter(const struct packer *p, struct keyring *k,
    const struct page_place *at, struct buf *out);

/* Appends the page, sealed, and empties it. */
void packer_seal(struct packer *p, struct keyring *k,
    const struct page_place *at, struct buf *out);

void packer_free(struct packer *p);

#endif
