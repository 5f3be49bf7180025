/*
 * The three strings of a copy lie one behind the other, each with its NUL: names may hold any other byte, so together
 * they are a key.
 */
#include "guard/place.h"

#include <stdint.h>
#include <stdlib.h>

bool dg_place_is_same(const struct dg_guard_place *a, const struct dg_guard_place *b)
{
    return strcmp(a->database, b->database) == 0 && strcmp(a->upstream, b->upstream) == 0 &&
           strcmp(a->server, b->server) == 0;
}

bool dg_place_copy(const struct dg_guard_place *place, struct dg_guard_place *copy)
{
    size_t database = strlen(place->database) + 1;
    size_t upstream = strlen(place->upstream) + 1;
    size_t server = strlen(place->server) + 1;
    *copy = (struct dg_guard_place){0};
    char *bytes = malloc(database + upstream + server);
    if (bytes == NULL)
        return false;
    memcpy(bytes, place->database, database);
    memcpy(bytes + database, place->upstream, upstream);
    memcpy(bytes + database + upstream, place->server, server);
    *copy = (struct dg_guard_place){bytes, bytes + database, bytes + database + upstream};
    return true;
}

void dg_place_fini(struct dg_guard_place *copy)
{
    free((void *)(uintptr_t)copy->database);
    *copy = (struct dg_guard_place){0};
}

struct dg_str dg_place_key(const struct dg_guard_place *copy)
{
    size_t before_server = (size_t)(copy->server - copy->database);
    return (struct dg_str){copy->database, before_server + strlen(copy->server) + 1};
}
