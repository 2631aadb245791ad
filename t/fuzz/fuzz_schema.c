/*
 * A schema document (PUT /scv/schema). What is taken is written as a document
 * that is read as the same; what is refused has a place for each fault: a JSON
 * pointer.
 */
#include "t/fuzz/fuzz.h"

#include "base/utf8.h"
#include "model/schema_doc.h"
#include "model/schema_words.h"

static struct arena *arena;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_json_setup();
	arena = arena_new(65536);
	return 0;
}

static void
see_faults(const struct schema_faults *faults)
{
	const struct schema_fault *f;

	assert(faults->n && faults->first);
	for (f = faults->first; f; f = f->next) {
		assert(!*f->pointer || *f->pointer == '/');
		assert(*f->reason);
		assert(utf8_valid(f->pointer, strlen(f->pointer)));
	}
}

/* The fields as they would be loaded. */
static void
see_schema(const struct schema_doc *doc)
{
	struct schema s = {.fields = doc->fields,
	    .n = doc->n,
	    .words = doc->words,
	    .layout = 1};
	struct buf once = {0}, twice = {0};
	struct schema_faults faults;
	struct schema_doc again;
	json_t *v = NULL;
	struct err e;

	assert(!schema_read_words(&s, arena, &e));
	schema_doc_write(&once, &s);
	assert(!json_read_mem(once.data, once.len, &v, &e));
	assert(!schema_doc_read(v, &s, arena, &again, &faults, &e));
	s.fields = again.fields;
	s.n = again.n;
	s.words = again.words;
	schema_doc_write(&twice, &s);
	assert(!strcmp(once.data, twice.data));
	schema_doc_release(&again);
	json_decref(v);
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct schema none = {.layout = 1};
	struct schema_faults faults;
	struct schema_doc doc;
	json_t *v = NULL;
	struct err e = {0};

	if (!json_read_mem((const char *)data, n, &v, &e) &&
	    jv_type(v) == JV_OBJECT) {
		if (schema_doc_read(v, &none, arena, &doc, &faults, &e))
			see_faults(&faults);
		else
			see_schema(&doc);
		schema_doc_release(&doc);
	}
	json_decref(v);
	arena_reset(arena);
	return 0;
}
