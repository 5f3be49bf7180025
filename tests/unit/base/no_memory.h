/*
 * Allocations that fail on demand: the test is linked with --wrap for malloc and its like, and counts down to the one
 * that returns NULL. Loops of the form "fail the first, then the second, ..., until nothing failed" meet every path.
 */
#ifndef DG_TESTS_NO_MEMORY_H
#define DG_TESTS_NO_MEMORY_H

#include <stdbool.h>

/* The n-th allocation from now on (from 1) fails, all others succeed; 0: none fails. */
void no_memory_at(unsigned n);
/* True if one failed since no_memory_at; turns failing off. */
bool no_memory_happened(void);

#endif
