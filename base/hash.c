/*
 * XXH3, all of it inlined here: libpg_query.so exports XXH3 symbols of its own, and two versions must not meet.
 */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* xxHash does arithmetic on the pointer even when there is nothing to read. */
static const void *readable(const void *bytes)
{
    return bytes == NULL ? "" : bytes;
}

uint64_t dg_hash64(const void *bytes, size_t len)
{
    return XXH3_64bits(readable(bytes), len);
}

uint64_t dg_hash64_seeded(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(readable(bytes), len, seed);
}

struct dg_hash128 dg_hash128(const void *bytes, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits(readable(bytes), len);
    return (struct dg_hash128){hash.low64, hash.high64};
}

struct dg_hash128 dg_hash128_seeded(const void *bytes, size_t len, uint64_t seed)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(readable(bytes), len, seed);
    return (struct dg_hash128){hash.low64, hash.high64};
}
