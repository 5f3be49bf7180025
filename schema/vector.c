/*
 * The growing array: doubles from 16 items.
 */
#include "schema/vector.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void dg_vector_init(struct dg_vector *vector, size_t item_size)
{
    *vector = (struct dg_vector){.item_size = item_size};
}

void dg_vector_fini(struct dg_vector *vector)
{
    free(vector->items);
    *vector = (struct dg_vector){.item_size = vector->item_size};
}

static enum dg_status make_room(struct dg_vector *vector, size_t n)
{
    if (n <= vector->cap - vector->n)
        return DG_OK;
    if (n > SIZE_MAX / 4 / vector->item_size - vector->n)
        return DG_NO_MEMORY;
    size_t cap = vector->cap < 16 ? 16 : vector->cap;
    while (cap < vector->n + n)
        cap *= 2;
    void *items = realloc(vector->items, cap * vector->item_size);
    if (items == NULL)
        return DG_NO_MEMORY;
    vector->items = items;
    vector->cap = cap;
    return DG_OK;
}

void *dg_vector_push(struct dg_vector *vector)
{
    if (make_room(vector, 1) != DG_OK)
        return NULL;
    void *item = (char *)vector->items + vector->n * vector->item_size;
    memset(item, 0, vector->item_size);
    vector->n++;
    return item;
}

enum dg_status dg_vector_append(struct dg_vector *vector, const void *items, size_t n)
{
    if (n == 0)
        return DG_OK;
    if (make_room(vector, n) != DG_OK)
        return DG_NO_MEMORY;
    memcpy((char *)vector->items + vector->n * vector->item_size, items, n * vector->item_size);
    vector->n += n;
    return DG_OK;
}

static int compare_oids(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a;
    unsigned right = *(const unsigned *)b;
    return left < right ? -1 : left > right;
}

enum dg_status dg_oids_push(struct dg_vector *oids, unsigned oid)
{
    unsigned *item = dg_vector_push(oids);
    if (item == NULL)
        return DG_NO_MEMORY;
    *item = oid;
    return DG_OK;
}

void dg_oids_sort(struct dg_vector *oids)
{
    if (oids->n > 1)
        qsort(oids->items, oids->n, sizeof(unsigned), compare_oids);
}

bool dg_oids_contain(const struct dg_vector *oids, unsigned oid)
{
    return oids->n > 0 && bsearch(&oid, oids->items, oids->n, sizeof oid, compare_oids) != NULL;
}
