/*
 * The admin HTTP server: /metrics, /healthz, /readyz, /drift and a page for people at /, on the main thread's event
 * loop. It reads what the other parts publish. The one thing that it changes is the emergency switch: POST /mode_ceiling
 * with a mode's name lowers every session's mode from its next statement on, until SIGHUP.
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
    /* Caps the mode of every session; false without memory. Called on the main thread. */
    bool (*lower_ceiling)(void *context, enum dg_mode ceiling);
    void *context;
};

/* Listens on HOST:PORT. A taken port is an error whose text names the address. */
enum dg_status dg_admin_new(struct event_base *base, const char *address, const struct dg_admin_parts *parts,
                            struct dg_admin **admin, struct dg_error *error) DG_MUST_CHECK;
void dg_admin_free(struct dg_admin *admin);

#endif
