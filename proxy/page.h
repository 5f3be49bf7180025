/*
 * The page for people at the admin address's root: what is guarded, what is known of each database, what drifted.
 */
#ifndef DG_PROXY_PAGE_H
#define DG_PROXY_PAGE_H

#include "base/metrics.h"
#include "base/text.h"
#include "schema/store.h"

struct dg_page_parts {
    const struct dg_metrics *metrics;
    struct dg_schema_store *store;
    size_t sessions;
    const char *address; /* where applications connect */
};

/* Appends the whole HTML document. The drift groups are fetched by the page itself from /drift. */
void dg_page_print(const struct dg_page_parts *parts, struct dg_text *out);

#endif
