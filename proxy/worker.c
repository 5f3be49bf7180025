/*
 * A worker's thread and its mail. Whoever wants something of a worker from outside posts a letter; what it asks for is
 * done in the worker's own thread, so sessions need no locks.
 */
#include "proxy/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/startup.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"
#include "sql/analysis.h"

enum letter_kind { LETTER_CLIENT, LETTER_END_HOLD };

struct letter {
    struct dg_mail mail; /* first: a mail is its letter */
    enum letter_kind kind;
    struct dg_upstream *upstream;
    int fd;
    bool is_over_limit;
    uint32_t pid;
    size_t key_len;
    char key[DG_CANCEL_KEY_MAX_BYTES];
};

static void drain_sessions(struct dg_worker *worker)
{
    worker->is_draining = true;
    struct dg_session *next = NULL;
    for (struct dg_session *session = worker->sessions; session != NULL; session = next) {
        next = session->next;
        dg_session_drain(session);
    }
}

/* They get their last words and a moment to read them. */
static void end_sessions(struct dg_worker *worker)
{
    struct dg_session *next = NULL;
    for (struct dg_session *session = worker->sessions; session != NULL; session = next) {
        next = session->next;
        if (session->state != DG_SESSION_PARTING)
            dg_count(worker->shard, DG_CELL_LIMIT_DRAIN_TIMEOUT, 1);
        dg_session_end(session);
        dg_session_update(session);
    }
}

static void close_sessions(struct dg_worker *worker)
{
    while (worker->sessions != NULL) {
        struct dg_session *session = worker->sessions;
        dg_session_end(session);
        dg_session_enter(session, DG_SESSION_CLOSED);
    }
    dg_session_reap(worker);
}

static void end_hold(struct dg_worker *worker, const struct letter *letter)
{
    struct dg_str key = {letter->key, letter->key_len};
    struct dg_session *session = dg_cancel_table_session(worker->proxy->cancels, letter->pid, key, worker);
    if (session != NULL)
        dg_session_end_hold(session);
}

static void deliver(struct dg_mail *mail, void *reader)
{
    struct dg_worker *worker = reader;
    struct letter *letter = (struct letter *)mail;
    switch (letter->kind) {
    case LETTER_CLIENT:
        dg_session_open(worker, letter->upstream, letter->fd, letter->is_over_limit);
        break;
    case LETTER_END_HOLD:
        end_hold(worker, letter);
        break;
    }
    free(letter);
}

static void discard(struct dg_mail *mail)
{
    struct letter *letter = (struct letter *)mail;
    if (letter->kind == LETTER_CLIENT)
        close(letter->fd);
    free(letter);
}

/* NULL if there is no memory. */
static struct letter *new_letter(enum letter_kind kind)
{
    struct letter *letter = calloc(1, sizeof *letter);
    if (letter == NULL)
        return NULL;
    letter->mail.deliver = deliver;
    letter->mail.discard = discard;
    letter->kind = kind;
    return letter;
}

void dg_worker_take_client(struct dg_worker *worker, struct dg_upstream *upstream, int fd, bool is_over_limit)
{
    atomic_fetch_add(&worker->n_sessions, 1);
    atomic_fetch_add(&worker->proxy->n_sessions, 1);
    if (worker == &worker->proxy->workers[0]) {
        dg_session_open(worker, upstream, fd, is_over_limit);
        return;
    }
    struct letter *letter = new_letter(LETTER_CLIENT);
    if (letter == NULL) {
        dg_session_count_shortage(&worker->proxy->workers[0]);
        close(fd);
        atomic_fetch_sub(&worker->n_sessions, 1);
        atomic_fetch_sub(&worker->proxy->n_sessions, 1);
        return;
    }
    letter->upstream = upstream;
    letter->fd = fd;
    letter->is_over_limit = is_over_limit;
    dg_mailbox_post(worker->mailbox, &letter->mail);
}

void dg_worker_end_hold(struct dg_worker *worker, uint32_t pid, struct dg_str key)
{
    struct letter *letter = key.len <= DG_CANCEL_KEY_MAX_BYTES ? new_letter(LETTER_END_HOLD) : NULL;
    if (letter == NULL)
        return;
    letter->pid = pid;
    letter->key_len = key.len;
    memcpy(letter->key, key.data, key.len);
    dg_mailbox_post(worker->mailbox, &letter->mail);
}

/* ---- orders ------------------------------------------------------------------------------------------------------- */

static void deliver_close_listener(struct dg_mail *mail, void *reader)
{
    struct dg_worker *worker = reader;
    (void)mail;
    dg_listener_drain(worker->proxy);
}

static void deliver_drain(struct dg_mail *mail, void *reader)
{
    (void)mail;
    drain_sessions(reader);
}

static void deliver_end(struct dg_mail *mail, void *reader)
{
    (void)mail;
    end_sessions(reader);
}

static void deliver_stop(struct dg_mail *mail, void *reader)
{
    struct dg_worker *worker = reader;
    (void)mail;
    close_sessions(worker);
    event_base_loopbreak(worker->base);
}

/* The only one that comes again. */
static void deliver_reload(struct dg_mail *mail, void *reader)
{
    struct dg_worker *worker = reader;
    (void)mail;
    atomic_store(&worker->reload.was_given, false);
    dg_worker_sweep_idle(worker);
}

static void deliver_ping(struct dg_mail *mail, void *reader)
{
    struct dg_worker *worker = reader;
    (void)mail;
    atomic_store(&worker->ping.was_given, false);
}

static void discard_order(struct dg_mail *mail)
{
    (void)mail;
}

static void init_order(struct dg_order *order, void (*deliver_order)(struct dg_mail *mail, void *reader))
{
    order->mail.deliver = deliver_order;
    order->mail.discard = discard_order;
    atomic_init(&order->was_given, false);
}

static void give(struct dg_worker *worker, struct dg_order *order)
{
    if (!atomic_exchange(&order->was_given, true))
        dg_mailbox_post(worker->mailbox, &order->mail);
}

void dg_worker_close_listener(struct dg_worker *worker)
{
    give(worker, &worker->close_listener);
}

bool dg_worker_ping(struct dg_worker *worker)
{
    bool has_turned = !atomic_load(&worker->ping.was_given);
    give(worker, &worker->ping);
    return has_turned;
}

void dg_worker_reload(struct dg_worker *worker)
{
    give(worker, &worker->reload);
}

void dg_worker_drain(struct dg_worker *worker)
{
    give(worker, &worker->drain);
}

void dg_worker_end_sessions(struct dg_worker *worker)
{
    give(worker, &worker->end);
}

/* ---- the worker ---------------------------------------------------------------------------------------------------- */

const struct dg_config *dg_worker_config(struct dg_worker *worker)
{
    (void)dg_published_refresh(worker->proxy->parts.config, &worker->config);
    return (const struct dg_config *)worker->config.object;
}

struct dg_tls_settings *dg_worker_tls(struct dg_worker *worker)
{
    (void)dg_published_refresh(worker->proxy->parts.tls, &worker->tls);
    return (struct dg_tls_settings *)worker->tls.object;
}

static void on_mail(evutil_socket_t fd, short what, void *context)
{
    struct dg_worker *worker = context;
    (void)fd;
    (void)what;
    dg_mailbox_deliver(worker->mailbox, worker);
}

static void on_reap(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    dg_session_reap(context);
}

static void on_idle_sweep(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    dg_worker_sweep_idle(context);
}

static void on_handshakes(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    dg_worker_next_handshakes(context);
}

/* No EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST: it would put off the removal of a closed descriptor to a moment when another
   worker may have been given its number. */
static struct event_base *new_base(void)
{
    struct event_config *settings = event_config_new();
    if (settings == NULL)
        return NULL;
    event_config_set_flag(settings, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(settings);
    event_config_free(settings);
    return base;
}

enum dg_status dg_worker_init(struct dg_worker *worker, struct dg_proxy *proxy)
{
    worker->proxy = proxy;
    init_order(&worker->close_listener, deliver_close_listener);
    init_order(&worker->drain, deliver_drain);
    init_order(&worker->end, deliver_end);
    init_order(&worker->stop, deliver_stop);
    init_order(&worker->ping, deliver_ping);
    init_order(&worker->reload, deliver_reload);
    worker->base = new_base();
    worker->mailbox = dg_mailbox_new();
    worker->shard = dg_metrics_shard_new(proxy->parts.metrics);
    worker->scratch = malloc(DG_SCRATCH_BYTES);
    if (worker->base == NULL || worker->mailbox == NULL || worker->shard == NULL || worker->scratch == NULL)
        return DG_NO_MEMORY;
    worker->guard = dg_guard_new(proxy->parts.guard, worker->shard, worker->mailbox);
    if (worker->guard == NULL)
        return DG_NO_MEMORY;
    worker->resolver.base = worker->base;
    event_assign(&worker->mail, worker->base, dg_mailbox_fd(worker->mailbox), EV_READ | EV_PERSIST, on_mail, worker);
    event_assign(&worker->reaper, worker->base, -1, 0, on_reap, worker);
    event_assign(&worker->handshakes, worker->base, -1, 0, on_handshakes, worker);
    event_assign(&worker->idle_sweep, worker->base, -1, 0, on_idle_sweep, worker);
    return event_add(&worker->mail, NULL) == 0 ? DG_OK : DG_NO_MEMORY;
}

static void *run(void *argument)
{
    struct dg_worker *worker = argument;
    dg_sql_prepare_thread();
    if (worker == &worker->proxy->workers[0])
        dg_listener_start(worker->proxy);
    dg_worker_sweep_idle(worker);
    (void)event_base_dispatch(worker->base);
    event_del(&worker->idle_sweep);
    event_del(&worker->handshakes);
    if (worker == &worker->proxy->workers[0])
        dg_listener_stop(worker->proxy);
    return NULL;
}

enum dg_status dg_worker_start(struct dg_worker *worker)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return DG_NO_MEMORY;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_attr_setstacksize(&attributes, DG_WORKER_STACK_BYTES);
    if (failure == 0)
        failure = pthread_create(&worker->thread, &attributes, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    worker->has_thread = failure == 0;
    return failure == 0 ? DG_OK : DG_NO_MEMORY;
}

void dg_worker_stop(struct dg_worker *worker)
{
    if (!worker->has_thread)
        return;
    give(worker, &worker->stop);
    pthread_join(worker->thread, NULL);
    worker->has_thread = false;
}

void dg_worker_fini(struct dg_worker *worker)
{
    dg_resolver_fini(&worker->resolver);
    if (worker->base != NULL) {
        if (worker->mail.ev_base != NULL)
            event_del(&worker->mail);
        (void)event_base_loop(worker->base, EVLOOP_NONBLOCK); /* what the resolver had put off */
    }
    dg_session_reap(worker);
    if (worker->guard != NULL)
        dg_guard_free(worker->guard);
    if (worker->mailbox != NULL)
        dg_mailbox_free(worker->mailbox);
    if (worker->base != NULL)
        event_base_free(worker->base);
    dg_reader_fini(&worker->config);
    dg_reader_fini(&worker->tls);
    free(worker->scratch);
    free(worker->param_types);
}
