/*
 * The admin HTTP server: /metrics, /healthz, /readyz, /drift and a page for people at /, on the main thread's event
 * loop. It reads what the other parts publish and changes nothing.
 */
#ifndef DG_PROXY_ADMIN_H
#define DG_PROXY_ADMIN_H

#include "proxy/proxy.h"
#include "schema/store.h"

struct event_base;
struct dg_admin;

/* What it shows; all of it outlives the admin server. */
struct dg_admin_parts {
    struct dg_metrics *metrics;
    struct dg_guard_shared *guard;
    struct dg_schema_store *store;
    struct dg_proxy *proxy;
    struct dg_log *log;
};

/* Listens on HOST:PORT. A taken port is an error whose text names the address. */
enum dg_status dg_admin_new(struct event_base *base, const char *address, const struct dg_admin_parts *parts,
                            struct dg_admin **admin, struct dg_error *error) DG_MUST_CHECK;
void dg_admin_free(struct dg_admin *admin);

#endif
