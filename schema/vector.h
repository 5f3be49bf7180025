/*
 * A growing array of equal items, for what a builder or a reader collects before it knows how many there will be.
 */
#ifndef DG_SCHEMA_VECTOR_H
#define DG_SCHEMA_VECTOR_H

#include "base/status.h"

struct dg_vector {
    void *items;
    size_t n;
    size_t cap;
    size_t item_size;
};

void dg_vector_init(struct dg_vector *vector, size_t item_size);
void dg_vector_fini(struct dg_vector *vector);
/* Room for one more item at the end, counted as there and zeroed; NULL if there is no memory. */
void *dg_vector_push(struct dg_vector *vector) DG_MUST_CHECK;
/* Appends n items (borrowed). */
enum dg_status dg_vector_append(struct dg_vector *vector, const void *items, size_t n) DG_MUST_CHECK;

/* A sorted set of oids on top of it: push, sort once, ask. */
enum dg_status dg_oids_push(struct dg_vector *oids, unsigned oid) DG_MUST_CHECK;
void dg_oids_sort(struct dg_vector *oids);
bool dg_oids_contain(const struct dg_vector *oids, unsigned oid);

#endif
