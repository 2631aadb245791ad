/* Cells of exports that no spreadsheet runs. Inside src/work. */
#ifndef COFFER_WORK_EXPORT_CELL_H
#define COFFER_WORK_EXPORT_CELL_H

#include "base/buf.h"

/* Appends the text with an apostrophe before each character that begins a
 * formula (OWASP, "CSV Injection"): = + - @ and their full-width forms where a
 * cell begins, spaces passed over, or may be taken to begin, after a separator
 * or a quote; tab, CR and LF where it begins. */
void export_cell_defuse(struct buf *out, const char *s, size_t n);

#endif
