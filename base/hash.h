/*
 * Hashes: XXH3 (header-only) for verdict keys and hash tables. Not for secrets.
 */
#ifndef DG_BASE_HASH_H
#define DG_BASE_HASH_H

#include "base/str.h"

struct dg_hash128 {
    uint64_t low;
    uint64_t high;
};

static inline bool dg_hash128_equal(struct dg_hash128 a, struct dg_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

uint64_t dg_hash64(const void *bytes, size_t len);
uint64_t dg_hash64_seeded(const void *bytes, size_t len, uint64_t seed);
struct dg_hash128 dg_hash128(const void *bytes, size_t len);
/* The hash of `bytes` under a 64-bit seed: the seed is the digest of all that is the same for many texts. */
struct dg_hash128 dg_hash128_seeded(const void *bytes, size_t len, uint64_t seed);

#endif
