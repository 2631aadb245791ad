/* What every program of ours does to itself at its start. */
#ifndef COFFER_BASE_PROCESS_H
#define COFFER_BASE_PROCESS_H

#include <sys/types.h>

/* No core of this process and its children is ever written, and no process of
 * another user reads their memory: they hold keys and personal data (S24).
 * The size limit alone does not keep a core from a program that the kernel
 * pipes it to (core(5)). Files are made with the mask. */
void process_harden(mode_t mask);

#endif
