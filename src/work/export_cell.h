/* Cells of exports that no spreadsheet runs. Inside src/work. */
#ifndef COFFER_WORK_EXPORT_CELL_H
#define COFFER_WORK_EXPORT_CELL_H

#include "base/buf.h"

/* Appends the text with an apostrophe before each character that begins a
 * formula where a cell begins, or may be taken to begin: at its start, outer
 * white space passed over, and after a separator or a quote (OWASP, "CSV
 * Injection": = + - @, tab, CR, LF and the full-width forms). */
void export_cell_defuse(struct buf *out, const char *s, size_t n);

#endif
