/*
 * Allocations that fail on demand, in the whole process: ours, libevent's, cJSON's, OpenSSL's, libpq's, the parser's and
 * the C library's own. The program that is linked with short_of_memory.c has a malloc of its own, which every library
 * uses; what it does not refuse goes to the sanitizer's allocator, or to the C library's.
 *
 * A test tells it through a page of shared memory (DG_SHORT_OF_MEMORY names the file; short_of_memory.py), or, within one
 * process, through short_page(): zero `first` and the counts, set `modules` and `n_failing`, and then `first`.
 */
#ifndef DG_TESTS_SHORT_OF_MEMORY_H
#define DG_TESTS_SHORT_OF_MEMORY_H

#include <stdatomic.h>
#include <stdint.h>

#define SHORT_MAX_FRAMES 24

/* Whose allocations count: bits of `modules`. */
enum short_module {
    SHORT_OURS = 1,
    SHORT_LIBEVENT = 2,
    SHORT_CJSON = 4,
    SHORT_OPENSSL = 8,
    SHORT_LIBPQ = 16,
    SHORT_PG_QUERY = 32,
    SHORT_LIBC = 64,
    SHORT_OTHERS = 128
};

struct short_page {
    atomic_uint_fast64_t first;     /* the allocation that fails first, from 1; 0: nothing is counted and none fails */
    atomic_uint_fast64_t n_failing; /* how many fail from there on */
    atomic_uint_fast64_t modules;
    atomic_uint_fast64_t n_counted;
    atomic_uint_fast64_t n_failed;
    atomic_uint_fast64_t n_frames; /* who asked for the first that failed */
    atomic_uint_fast64_t frames[SHORT_MAX_FRAMES];
};

struct short_page *short_page(void);

#endif
