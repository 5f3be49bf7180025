/*
 * The admin HTTP server, on libevent's evhttp.
 *
 * /healthz says that the process serves. /readyz is 200 once the proxy listens and the upstream has accepted a
 * connection, 503 before and while draining, and never red for want of a snapshot: the relay works without one. Headers
 * and bodies are bounded, so an open port costs little. A request that a page of another origin sends from a browser bears
 * an Origin header: it cannot move the switch.
 */
#include "proxy/admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/config.h"
#include "proxy/page.h"

#define ADMIN_MAX_HEADERS_BYTES 16384
#define ADMIN_MAX_BODY_BYTES 64
#define ADMIN_TIMEOUT_S 10
#define ADMIN_MAX_RESPONSE_BYTES (16 << 20)

struct dg_admin {
    struct evhttp *http;
    struct dg_admin_parts parts;
};

/* Sends the text, or 503 if it did not fit. */
static void send_text(struct evhttp_request *request, int code, const char *content_type, const struct dg_text *text)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    if (text->failed) {
        evhttp_send_error(request, HTTP_SERVUNAVAIL, "the answer does not fit in memory");
        return;
    }
    evhttp_add_header(headers, "Content-Type", content_type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    struct evbuffer *body = evhttp_request_get_output_buffer(request);
    if (evbuffer_add(body, dg_text_get(text), text->len) != 0) {
        evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
        return;
    }
    evhttp_send_reply(request, code, NULL, NULL);
}

static void send_word(struct evhttp_request *request, int code, const char *word)
{
    struct dg_text text;

    dg_text_init(&text, 256);
    dg_text_cstr(&text, word);
    dg_text_char(&text, '\n');
    send_text(request, code, "text/plain; charset=utf-8", &text);
    dg_text_fini(&text);
}

static bool is_served(struct evhttp_request *request)
{
    enum evhttp_cmd_type command = evhttp_request_get_command(request);

    if (command == EVHTTP_REQ_GET || command == EVHTTP_REQ_HEAD)
        return true;
    evhttp_send_error(request, HTTP_BADMETHOD, "only GET and HEAD");
    return false;
}

static void on_healthz(struct evhttp_request *request, void *context)
{
    (void)context;
    if (is_served(request))
        send_word(request, HTTP_OK, "ok");
}

static void on_readyz(struct evhttp_request *request, void *context)
{
    const struct dg_admin *admin = context;

    if (!is_served(request))
        return;
    if (dg_proxy_is_draining(admin->parts.proxy))
        send_word(request, HTTP_SERVUNAVAIL, "draining");
    else if (!dg_proxy_upstream_was_reached(admin->parts.proxy))
        send_word(request, HTTP_SERVUNAVAIL, "the upstream has not accepted a connection yet");
    else
        send_word(request, HTTP_OK, "ready");
}

static void on_metrics(struct evhttp_request *request, void *context)
{
    const struct dg_admin *admin = context;
    struct dg_text text;

    if (!is_served(request))
        return;
    dg_text_init(&text, ADMIN_MAX_RESPONSE_BYTES);
    dg_metrics_expose(admin->parts.metrics, &text);
    send_text(request, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &text);
    dg_text_fini(&text);
}

static void on_drift(struct evhttp_request *request, void *context)
{
    const struct dg_admin *admin = context;
    struct dg_text text;

    if (!is_served(request))
        return;
    dg_text_init(&text, ADMIN_MAX_RESPONSE_BYTES);
    dg_guard_print_drift(admin->parts.guard, &text);
    send_text(request, HTTP_OK, "application/json", &text);
    dg_text_fini(&text);
}

static void on_page(struct evhttp_request *request, void *context)
{
    const struct dg_admin *admin = context;
    const struct dg_page_parts parts = {
        .metrics = admin->parts.metrics,
        .store = admin->parts.store,
        .sessions = dg_proxy_open_sessions(admin->parts.proxy),
        .address = dg_proxy_address(admin->parts.proxy),
    };
    struct dg_text text;

    if (!is_served(request))
        return;
    dg_text_init(&text, ADMIN_MAX_RESPONSE_BYTES);
    dg_page_print(&parts, &text);
    send_text(request, HTTP_OK, "text/html; charset=utf-8", &text);
    dg_text_fini(&text);
}

static bool read_mode(struct evhttp_request *request, enum dg_mode *mode)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    char word[ADMIN_MAX_BODY_BYTES];
    ev_ssize_t len = evbuffer_copyout(body, word, sizeof(word));

    while (len > 0 && (word[len - 1] == '\n' || word[len - 1] == '\r'))
        len--;
    return len > 0 && dg_mode_parse((struct dg_str){word, (size_t)len}, mode);
}

static void on_mode_ceiling(struct evhttp_request *request, void *context)
{
    const struct dg_admin *admin = context;
    enum dg_mode mode = DG_MODE_OFF;

    if (evhttp_request_get_command(request) != EVHTTP_REQ_POST)
        evhttp_send_error(request, HTTP_BADMETHOD, "POST a mode's name");
    else if (evhttp_find_header(evhttp_request_get_input_headers(request), "Origin") != NULL)
        evhttp_send_error(request, 403, "not from a browser's page");
    else if (!read_mode(request, &mode))
        evhttp_send_error(request, HTTP_BADREQUEST, "the body must be one of: off, observe, annotate, enforce");
    else if (!admin->parts.lower_ceiling(admin->parts.context, mode))
        evhttp_send_error(request, HTTP_SERVUNAVAIL, "no memory");
    else
        send_word(request, HTTP_OK, dg_mode_name(mode));
}

static enum dg_status add_routes(struct dg_admin *admin)
{
    static const struct {
        const char *path;
        void (*handler)(struct evhttp_request *request, void *context);
    } routes[] = {
        {"/", on_page},           {"/healthz", on_healthz}, {"/readyz", on_readyz},
        {"/metrics", on_metrics}, {"/drift", on_drift},     {"/mode_ceiling", on_mode_ceiling},
    };

    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        if (evhttp_set_cb(admin->http, routes[i].path, routes[i].handler, admin) != 0)
            return DG_NO_MEMORY;
    return DG_OK;
}

enum dg_status dg_admin_new(struct event_base *base, const char *address, const struct dg_admin_parts *parts,
                            struct dg_admin **out, struct dg_error *error)
{
    char host[256];
    char port[8];
    enum dg_status status = dg_address_parse(address, host, port, error);
    if (status != DG_OK)
        return status;
    struct dg_admin *admin = calloc(1, sizeof(*admin));
    if (admin == NULL || (admin->http = evhttp_new(base)) == NULL) {
        free(admin);
        return dg_error_set(error, DG_NO_MEMORY, "no memory for the admin server");
    }
    admin->parts = *parts;
    evhttp_set_max_headers_size(admin->http, ADMIN_MAX_HEADERS_BYTES);
    evhttp_set_max_body_size(admin->http, ADMIN_MAX_BODY_BYTES);
    evhttp_set_timeout(admin->http, ADMIN_TIMEOUT_S);
    evhttp_set_allowed_methods(admin->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
    if (add_routes(admin) != DG_OK) {
        dg_admin_free(admin);
        return dg_error_set(error, DG_NO_MEMORY, "no memory for the admin server");
    }
    if (evhttp_bind_socket(admin->http, host, (ev_uint16_t)strtoul(port, NULL, 10)) != 0) {
        int reason = errno;
        dg_admin_free(admin);
        return dg_error_set(error, reason == EADDRINUSE ? DG_IN_USE : DG_IO,
                            "cannot listen on the admin address %s: %s; choose another with --admin", address,
                            strerror(reason));
    }
    *out = admin;
    return DG_OK;
}

void dg_admin_free(struct dg_admin *admin)
{
    if (admin == NULL)
        return;
    evhttp_free(admin->http);
    free(admin);
}
