/*
 * A fuzz target is one function over bytes. With -DDG_FUZZ=ON it is linked with libFuzzer; in every other build with
 * replay.c, so that the corpus runs as a test.
 */
#ifndef DG_TESTS_FUZZ_FUZZ_H
#define DG_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's name for it. Aborts on a broken invariant; always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
