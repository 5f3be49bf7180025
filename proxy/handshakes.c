/*
 * When a client's TLS handshake begins.
 *
 *      TLS is agreed on --> AWAITS HELLO --> AWAITS TURN --> handshake under way --> established
 *                               (bytes)      (if too many)        (OpenSSL)
 *
 * OpenSSL takes some 45 kB for a connection from the first byte of its handshake to the last, whoever sent that byte. So
 * it is not called before the ClientHello is whole, of which we keep the bytes and nothing else, and then for so many at
 * once only: client_tls.max_handshakes, an equal share for each worker. Who is over waits, and nothing is read meanwhile.
 * Handshakes take a round trip or two; one that takes longer than PATIENCE_MS while others wait is ended, so that peers
 * who stop half-way hold nobody up for long.
 */
#include "base/clock.h"
#include "protocol/startup.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"
#include "proxy/timer.h"
#include "proxy/tls.h"
#include "proxy/tls_settings.h"

#define PATIENCE_MS 5000u
#define LOOK_AGAIN_MS 250u

static size_t max_handshakes(struct dg_worker *worker)
{
    size_t share = (size_t)dg_worker_config(worker)->max_handshakes / worker->proxy->n_workers;
    return share > 0 ? share : 1;
}

/* The hello is whole, and there is room. */
static void begin(struct dg_session *session)
{
    struct dg_worker *worker = session->worker;
    const struct dg_tls_settings *settings = dg_worker_tls(worker);
    struct dg_tls *tls =
        settings->client == NULL
            ? NULL
            : dg_tls_accept(settings, session->client.fd, dg_buffer_view(&session->startup), session->is_direct_tls);
    session->awaits_hello = false;
    dg_buffer_fini(&session->startup);
    if (tls == NULL) {
        dg_session_enter(session, DG_SESSION_CLOSED);
        return;
    }
    session->is_shaking_hands = true;
    session->idle_since_ms = dg_clock_monotonic_ms();
    worker->n_handshakes++;
    dg_stream_secure(&session->client, tls);
}

static void set_waiting(struct dg_session *session, bool is_waiting)
{
    if (session->awaits_turn == is_waiting)
        return;
    session->awaits_turn = is_waiting;
    session->worker->n_waiting += is_waiting ? 1u : (size_t)-1;
}

void dg_session_read_hello(struct dg_session *session)
{
    struct dg_worker *worker = session->worker;
    struct dg_str bytes = dg_buffer_view(&session->startup);
    if (bytes.len < DG_STARTUP_MAX_BYTES && dg_tls_is_half_hello(bytes))
        return;
    if (worker->n_waiting == 0 && worker->n_handshakes < max_handshakes(worker)) {
        begin(session);
        return;
    }
    dg_count(worker->shard, DG_CELL_LIMIT_HANDSHAKES, 1);
    set_waiting(session, true);
    dg_timer_start(&worker->handshakes, LOOK_AGAIN_MS);
}

void dg_session_start_tls(struct dg_session *session, struct dg_str first_bytes, bool is_direct)
{
    if (dg_buffer_len(&session->to_client.pending) > 0) {
        dg_session_enter(session, DG_SESSION_CLOSED); /* it has not even taken the S */
        return;
    }
    session->is_direct_tls = is_direct;
    session->awaits_hello = true;
    if (dg_buffer_append(&session->startup, first_bytes.data, first_bytes.len) != DG_OK) {
        dg_session_out_of_memory(session);
        return;
    }
    if (first_bytes.len > 0)
        dg_session_read_hello(session);
}

void dg_session_end_handshake(struct dg_session *session)
{
    struct dg_worker *worker = session->worker;
    set_waiting(session, false);
    if (!session->is_shaking_hands)
        return;
    session->is_shaking_hands = false;
    worker->n_handshakes--;
    /* Not from within whatever ends here. */
    if (worker->n_waiting > 0)
        event_active(&worker->handshakes, EV_TIMEOUT, 0);
}

/* New sessions stand at the front of the list. */
static struct dg_session *longest_waiting(const struct dg_worker *worker)
{
    struct dg_session *found = NULL;
    for (struct dg_session *session = worker->sessions; session != NULL; session = session->next)
        found = session->awaits_turn ? session : found;
    return found;
}

/* Those that take too long make room, as many as are waited for. */
static void end_slow_ones(struct dg_worker *worker)
{
    uint64_t now_ms = dg_clock_monotonic_ms();
    size_t n_wanted = worker->n_waiting;
    struct dg_session *next = NULL;
    for (struct dg_session *session = worker->sessions; session != NULL && n_wanted > 0; session = next) {
        next = session->next;
        if (!session->is_shaking_hands || now_ms - session->idle_since_ms < PATIENCE_MS)
            continue;
        dg_session_tls_failed(session, true);
        dg_session_enter(session, DG_SESSION_CLOSED);
        n_wanted--;
    }
}

void dg_worker_next_handshakes(struct dg_worker *worker)
{
    if (worker->n_handshakes >= max_handshakes(worker))
        end_slow_ones(worker);
    while (worker->n_waiting > 0 && worker->n_handshakes < max_handshakes(worker)) {
        struct dg_session *session = longest_waiting(worker);
        set_waiting(session, false);
        begin(session);
        dg_session_update(session);
    }
    if (worker->n_waiting > 0)
        dg_timer_start(&worker->handshakes, LOOK_AGAIN_MS);
}
