/*
 * The proxy's parts, and the life of the workers.
 */
#include "proxy/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/proxy_private.h"

static const struct dg_config *config_of(struct dg_published *published, struct dg_shared **object)
{
    *object = dg_published_get(published);
    return (const struct dg_config *)*object;
}

/* ---- the proxy --------------------------------------------------------------------------------------------------- */

static enum dg_status make_upstreams(struct dg_proxy *proxy, const struct dg_config *config, struct dg_error *error)
{
    struct dg_upstream_option list[DG_MAX_UPSTREAMS];
    size_t n = dg_config_upstreams(config, list);
    enum dg_status status = DG_OK;
    proxy->upstreams = calloc(n, sizeof *proxy->upstreams);
    if (proxy->upstreams == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    proxy->n_upstreams = n;
    for (size_t i = 0; i < n && status == DG_OK; i++) {
        struct dg_upstream *upstream = &proxy->upstreams[i];
        upstream->proxy = proxy;
        upstream->index = i;
        upstream->listen = list[i].listen;
        (void)snprintf(upstream->name, sizeof upstream->name, "%s", list[i].name);
        status = dg_url_parse(list[i].upstream, &upstream->url, error);
    }
    return status;
}

static enum dg_status open_all(struct dg_proxy *proxy, const struct dg_config *config, struct dg_error *error)
{
    enum dg_status status = make_upstreams(proxy, config, error);
    if (status == DG_OK)
        status = dg_sockets_open(proxy, config, error);
    if (status != DG_OK)
        return status;
    proxy->cancels = dg_cancel_table_new((size_t)config->max_sessions + 1000);
    proxy->workers = calloc((size_t)config->workers, sizeof *proxy->workers);
    proxy->quota = dg_quota_new();
    if (proxy->cancels == NULL || proxy->quota == NULL || proxy->workers == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    proxy->n_workers = (size_t)config->workers;
    for (size_t i = 0; i < proxy->n_workers; i++) {
        status = dg_worker_init(&proxy->workers[i], proxy);
        if (status != DG_OK)
            return dg_error_set(error, status, "cannot set up worker %zu: %s", i + 1, dg_status_text(status));
    }
    return DG_OK;
}

enum dg_status dg_proxy_new(const struct dg_proxy_parts *parts, struct dg_proxy **proxy, struct dg_error *error)
{
    *proxy = NULL;
    struct dg_proxy *made = calloc(1, sizeof *made);
    if (made == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    made->parts = *parts;
    struct dg_shared *object;
    enum dg_status status = open_all(made, config_of(parts->config, &object), error);
    dg_shared_unref(object);
    if (status != DG_OK) {
        dg_proxy_free(made);
        return status;
    }
    *proxy = made;
    return DG_OK;
}

enum dg_status dg_proxy_start(struct dg_proxy *proxy, struct dg_error *error)
{
    /* The first worker last: it accepts, and hands clients to the others. */
    for (size_t i = proxy->n_workers; i-- > 0;) {
        enum dg_status status = dg_worker_start(&proxy->workers[i]);
        if (status != DG_OK)
            return dg_error_set(error, status, "cannot start worker %zu", i + 1);
    }
    return DG_OK;
}

const char *dg_proxy_address(const struct dg_proxy *proxy)
{
    return proxy->addresses;
}

bool dg_proxy_upstream_was_reached(const struct dg_proxy *proxy)
{
    for (size_t i = 0; i < proxy->n_upstreams; i++) {
        if (!atomic_load(&proxy->upstreams[i].was_reached))
            return false;
    }
    return true;
}

size_t dg_proxy_open_sessions(const struct dg_proxy *proxy)
{
    return atomic_load(&proxy->n_sessions);
}

bool dg_proxy_is_draining(const struct dg_proxy *proxy)
{
    return atomic_load(&proxy->is_draining);
}

void dg_proxy_reload(struct dg_proxy *proxy)
{
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_reload(&proxy->workers[i]);
}

bool dg_proxy_ping(struct dg_proxy *proxy)
{
    bool have_all_turned = true;
    for (size_t i = 0; i < proxy->n_workers; i++)
        have_all_turned = dg_worker_ping(&proxy->workers[i]) && have_all_turned;
    return have_all_turned;
}

void dg_proxy_stop_listening(struct dg_proxy *proxy)
{
    dg_worker_close_listener(&proxy->workers[0]);
}

void dg_proxy_drain(struct dg_proxy *proxy)
{
    atomic_store(&proxy->is_draining, true);
    dg_proxy_stop_listening(proxy);
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_drain(&proxy->workers[i]);
}

void dg_proxy_end_sessions(struct dg_proxy *proxy)
{
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_end_sessions(&proxy->workers[i]);
}

void dg_proxy_free(struct dg_proxy *proxy)
{
    if (proxy == NULL)
        return;
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_stop(&proxy->workers[i]);
    for (size_t i = 0; i < proxy->n_workers; i++)
        dg_worker_fini(&proxy->workers[i]);
    for (size_t i = 0; i < proxy->n_listeners; i++)
        dg_sockets_close(&proxy->listeners[i]);
    for (size_t i = 0; i < proxy->n_upstreams; i++)
        explicit_bzero(&proxy->upstreams[i].url, sizeof proxy->upstreams[i].url);
    dg_cancel_table_free(proxy->cancels);
    dg_quota_free(proxy->quota);
    free(proxy->listeners);
    free(proxy->upstreams);
    free(proxy->workers);
    free(proxy);
}
