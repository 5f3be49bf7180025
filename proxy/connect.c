/*
 * One attempt, host by host: resolve -> try an address -> the next one -> the next host -> TLS -> done. Each address of a
 * host gets an equal share of what is left of the host's time. `done` is called from one place, on_step, which runs as a timer's event: so neither a resolver that answers at
 * once nor a connect that fails at once calls back into whoever is just starting the attempt.
 */
#include "proxy/connect.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "proxy/secure.h"
#include "proxy/timer.h"

#define MAX_ADDRESSES 16
#define TEXT_BYTES 512
#define TARGET_BYTES 300

struct dg_connect {
    struct event_base *base;
    struct dg_resolver *resolver;
    const struct dg_url *url;
    size_t host;                               /* the one that is tried */
    bool is_single;                            /* an address was given: no other host */
    struct evdns_getaddrinfo_request *request; /* while resolving */
    struct dg_address addresses[MAX_ADDRESSES];
    size_t n_addresses; /* of this host */
    size_t next;
    int fd;
    struct event connected;
    struct event step;
    struct dg_tls_settings *tls;        /* a reference, or NULL */
    const struct dg_tls_server *server; /* of `tls`, or NULL */
    struct dg_secure secure;
    int64_t timeout_ms;
    uint64_t deadline_ms; /* of this host */
    dg_connect_fn done;
    void *context;
    bool has_ended;
    bool is_established;
    const char *reason;
    const char *tls_failure;
    const char *hint;
    char text[TEXT_BYTES];
};

void dg_resolver_fini(struct dg_resolver *resolver)
{
    if (resolver->dns != NULL)
        evdns_base_free(resolver->dns, 1);
    resolver->dns = NULL;
}

static void close_socket(struct dg_connect *attempt)
{
    dg_secure_fini(&attempt->secure);
    if (attempt->fd < 0)
        return;
    event_del(&attempt->connected);
    close(attempt->fd);
    attempt->fd = -1;
}

static void free_attempt(struct dg_connect *attempt)
{
    close_socket(attempt);
    event_del(&attempt->step);
    if (attempt->tls != NULL)
        dg_shared_unref(&attempt->tls->shared);
    free(attempt);
}

static void on_step(evutil_socket_t fd, short what, void *context);

static void step_after(struct dg_connect *attempt, uint64_t delay_ms)
{
    dg_timer_start(&attempt->step, delay_ms);
}

/* One more failure for the report: "10.0.0.1:5432: Connection refused; db2:5432: no address". */
static void add_failure(struct dg_connect *attempt, const char *reason, const char *target, const char *text)
{
    size_t len = strlen(attempt->text);
    attempt->reason = reason;
    snprintf(attempt->text + len, sizeof attempt->text - len, "%s%s: %s", len > 0 ? "; " : "", target, text);
}

/* Whatever may be left to try. */
static void end_with(struct dg_connect *attempt, const char *reason, const char *target, const char *text)
{
    attempt->has_ended = true;
    add_failure(attempt, reason, target, text);
    step_after(attempt, 0);
}

/* Nothing of this host is left to try: the loop goes on with the next one, or reports. */
static void host_failed(struct dg_connect *attempt)
{
    attempt->n_addresses = 0;
    attempt->next = 0;
    if (attempt->is_single || ++attempt->host == attempt->url->n_hosts)
        attempt->has_ended = true;
    step_after(attempt, 0);
}

static void print_target(const struct dg_connect *attempt, char text[TARGET_BYTES])
{
    const struct dg_url_host *host = &attempt->url->hosts[attempt->host];
    snprintf(text, TARGET_BYTES, "%s:%s", host->host, host->port);
}

/* The name gave no address. */
static void name_failed(struct dg_connect *attempt, const char *reason, const char *text)
{
    char target[TARGET_BYTES];
    print_target(attempt, target);
    add_failure(attempt, reason, target, text);
    host_failed(attempt);
}

static const char *reason_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ENOENT:
        return "refused";
    case ETIMEDOUT:
        return "timeout";
    case EHOSTUNREACH:
    case ENETUNREACH:
        return "unreachable";
    default:
        return "other";
    }
}

/* This address has failed: remember why, and let the loop try the next one. */
static void address_failed(struct dg_connect *attempt, int error)
{
    char where[DG_ADDRESS_TEXT_BYTES];
    dg_address_print(&attempt->addresses[attempt->next - 1], where);
    close_socket(attempt);
    add_failure(attempt, reason_of(error), where, strerror(error));
    if (attempt->next == attempt->n_addresses)
        host_failed(attempt);
    else
        step_after(attempt, 0);
}

static void finish(struct dg_connect *attempt)
{
    attempt->has_ended = true;
    attempt->is_established = true;
    on_step(-1, 0, attempt);
}

static void tls_failed(struct dg_connect *attempt, const char *failure, const char *sentence, const char *hint)
{
    char where[DG_ADDRESS_TEXT_BYTES];
    attempt->tls_failure = failure;
    attempt->hint = hint;
    dg_address_print(&attempt->addresses[attempt->next - 1], where);
    end_with(attempt, "tls", where, sentence);
}

static void on_secured(void *context)
{
    struct dg_connect *attempt = context;
    const struct dg_secure *secure = &attempt->secure;
    if (secure->failure == NULL)
        finish(attempt);
    else
        tls_failed(attempt, secure->failure, secure->sentence, secure->hint);
}

static void on_connected(evutil_socket_t fd, short what, void *context)
{
    struct dg_connect *attempt = context;
    int error = 0;
    socklen_t len = sizeof error;
    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error != 0) {
        address_failed(attempt, error);
        return;
    }
    event_del(&attempt->connected);
    bool is_local = attempt->addresses[attempt->next - 1].storage.ss_family == AF_UNIX;
    if (attempt->server != NULL && attempt->server->context != NULL && !is_local)
        dg_secure_start(&attempt->secure, attempt->base, attempt->server, attempt->url->hosts[attempt->host].host, fd,
                        on_secured, attempt);
    else
        finish(attempt);
}

static void try_address(struct dg_connect *attempt)
{
    const struct dg_address *address = &attempt->addresses[attempt->next++];
    uint64_t now_ms = dg_clock_monotonic_ms();
    uint64_t left_ms = attempt->deadline_ms > now_ms ? attempt->deadline_ms - now_ms : 0;
    uint64_t share_ms = left_ms / (attempt->n_addresses - attempt->next + 1);
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        address_failed(attempt, errno);
        return;
    }
    attempt->fd = fd;
    event_assign(&attempt->connected, attempt->base, fd, EV_WRITE, on_connected, attempt);
    int status = connect(fd, (const struct sockaddr *)&address->storage, address->len);
    if (status != 0 && errno != EINPROGRESS) {
        address_failed(attempt, errno);
        return;
    }
    if (event_add(&attempt->connected, NULL) != 0) {
        address_failed(attempt, ENOMEM);
        return;
    }
    step_after(attempt, share_ms);
}

static void tls_timed_out(struct dg_connect *attempt)
{
    tls_failed(attempt, "timeout", "the request for TLS or its handshake was not answered in time", NULL);
}

static void try_host(struct dg_connect *attempt);

/* Something is due: report the end, give an address up that took too long, or try the next one. */
static void on_step(evutil_socket_t fd, short what, void *context)
{
    struct dg_connect *attempt = context;
    (void)fd;
    (void)what;
    if (attempt->has_ended) {
        struct dg_connect_result result = {.fd = -1,
                                           .reason = attempt->reason,
                                           .tls_failure = attempt->tls_failure,
                                           .text = attempt->text,
                                           .hint = attempt->hint};
        if (attempt->is_established) {
            result = (struct dg_connect_result){.fd = attempt->fd,
                                                .address = attempt->addresses[attempt->next - 1],
                                                .host = attempt->host,
                                                .tls = attempt->secure.tls};
            attempt->secure.tls = NULL;
            attempt->fd = -1;
        }
        attempt->done(attempt->context, &result);
        free_attempt(attempt);
    } else if (attempt->request != NULL) {
        evdns_getaddrinfo_cancel(attempt->request);
    } else if (attempt->secure.base != NULL) {
        tls_timed_out(attempt);
    } else if (attempt->fd >= 0) {
        address_failed(attempt, ETIMEDOUT);
    } else if (attempt->n_addresses > 0) {
        try_address(attempt);
    } else {
        try_host(attempt);
    }
}

static void add_address(struct dg_connect *attempt, const struct sockaddr *sockaddr, size_t len)
{
    if (attempt->n_addresses == MAX_ADDRESSES || len > sizeof(struct sockaddr_storage))
        return;
    struct dg_address *address = &attempt->addresses[attempt->n_addresses++];
    memcpy(&address->storage, sockaddr, len);
    address->len = (socklen_t)len;
}

static void on_resolved(int error, struct evutil_addrinfo *answer, void *context)
{
    struct dg_connect *attempt = context;
    attempt->request = NULL;
    if (error == EVUTIL_EAI_CANCEL && attempt->done == NULL) {
        free_attempt(attempt); /* dg_connect_cancel came before */
        return;
    }
    for (struct evutil_addrinfo *at = answer; error == 0 && at != NULL; at = at->ai_next)
        add_address(attempt, at->ai_addr, at->ai_addrlen);
    if (answer != NULL)
        evutil_freeaddrinfo(answer);
    if (error == EVUTIL_EAI_CANCEL)
        name_failed(attempt, "timeout", "the name was not resolved in time");
    else if (attempt->n_addresses == 0)
        name_failed(attempt, "resolve", error == 0 ? "no address" : evutil_gai_strerror(error));
    else
        step_after(attempt, 0);
}

static void resolve(struct dg_connect *attempt, const char *host, const char *port)
{
    struct dg_resolver *resolver = attempt->resolver;
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    struct evutil_addrinfo *numeric = NULL;
    hints.ai_flags = EVUTIL_AI_NUMERICHOST;
    if (evutil_getaddrinfo(host, port, &hints, &numeric) == 0) {
        on_resolved(0, numeric, attempt);
        return;
    }
    if (resolver->dns == NULL)
        resolver->dns =
            evdns_base_new(resolver->base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (resolver->dns == NULL) {
        name_failed(attempt, "resolve", "no resolver");
        return;
    }
    hints.ai_flags = 0;
    step_after(attempt, (uint64_t)attempt->timeout_ms);
    /* NULL when the callback was called already. */
    attempt->request = evdns_getaddrinfo(resolver->dns, host, port, &hints, on_resolved, attempt);
}

static void add_socket_in(struct dg_connect *attempt, const struct dg_url_host *host)
{
    struct dg_address address;
    if (!dg_address_of_socket(host->host, host->port, &address)) {
        name_failed(attempt, "resolve", "the socket's path is too long");
        return;
    }
    attempt->addresses[attempt->n_addresses++] = address;
    step_after(attempt, 0);
}

static void try_host(struct dg_connect *attempt)
{
    const struct dg_url_host *host = &attempt->url->hosts[attempt->host];
    attempt->deadline_ms = dg_clock_monotonic_ms() + (uint64_t)attempt->timeout_ms;
    if (host->host[0] == '/')
        add_socket_in(attempt, host);
    else
        resolve(attempt, host->host, host->port);
}

struct dg_connect *dg_connect_start(struct dg_resolver *resolver, const struct dg_connect_plan *plan,
                                    dg_connect_fn done, void *context)
{
    struct dg_connect *attempt = calloc(1, sizeof *attempt);
    if (attempt == NULL)
        return NULL;
    attempt->base = resolver->base;
    attempt->resolver = resolver;
    attempt->url = plan->url;
    attempt->host = plan->first_host;
    attempt->fd = -1;
    if (plan->tls != NULL) {
        attempt->tls = (struct dg_tls_settings *)dg_shared_ref(&plan->tls->shared);
        attempt->server = &attempt->tls->servers[plan->upstream];
    }
    attempt->timeout_ms = plan->timeout_ms;
    attempt->done = done;
    attempt->context = context;
    attempt->reason = "other";
    event_assign(&attempt->step, resolver->base, -1, 0, on_step, attempt);
    if (plan->address == NULL || plan->address->len == 0) {
        try_host(attempt);
        return attempt;
    }
    attempt->is_single = true;
    attempt->deadline_ms = dg_clock_monotonic_ms() + (uint64_t)plan->timeout_ms;
    add_address(attempt, (const struct sockaddr *)&plan->address->storage, plan->address->len);
    step_after(attempt, 0);
    return attempt;
}

void dg_connect_cancel(struct dg_connect *attempt)
{
    if (attempt == NULL)
        return;
    if (attempt->request == NULL) {
        free_attempt(attempt);
        return;
    }
    /* The resolver still holds the attempt: it is freed in the callback. */
    attempt->done = NULL;
    event_del(&attempt->step);
    evdns_getaddrinfo_cancel(attempt->request);
}
