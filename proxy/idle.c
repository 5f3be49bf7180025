/*
 * Sessions whose clients have nothing to say: relay.idle_timeout_ms.
 *
 * Messages arm no timers. An event of a session only sets a flag; one timer a worker, slow and not there at all while the
 * limit is off, walks over the worker's sessions, takes the flags down and sees who has had none for too long. So a
 * session ends up to an eighth of the limit late (at least 100 ms), and never early.
 *
 * As with PostgreSQL's idle_session_timeout, which idle_in_transaction_session_timeout stands beside, a session in a
 * transaction is not idle; one that listens is, and notifications do not keep it alive. Neither a session in COPY or
 * replication nor one that the guard has lost track of is ended: nobody knows that it is idle.
 */
#include <stdio.h>

#include "base/clock.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"
#include "proxy/timer.h"

#define SWEEPS_PER_LIMIT 8
#define MIN_INTERVAL_MS 100
#define MAX_INTERVAL_MS 10000

static void rest(struct dg_session *session, int64_t limit_ms)
{
    char detail[120];
    snprintf(detail, sizeof detail, "driftguard: relay.idle_timeout_ms allows %lld ms without a statement.",
             (long long)limit_ms);
    dg_count(session->worker->shard, DG_CELL_LIMIT_IDLE_TIMEOUT, 1);
    dg_session_take_leave(session);
    dg_session_refuse(session, "57P05", "terminating connection due to idle-session timeout", detail,
                      "Close sessions that are not needed, or raise the limit.");
    dg_session_update(session);
}

static bool has_nothing_to_do(struct dg_session *session)
{
    return dg_session_is_idle(session) && !session->is_discarding && dg_buffer_len(&session->to_client.pending) == 0;
}

static void look_at(struct dg_session *session, uint64_t now_ms, int64_t limit_ms)
{
    if (session->was_active || !has_nothing_to_do(session)) {
        session->was_active = false;
        session->idle_since_ms = now_ms;
    } else if (now_ms - session->idle_since_ms >= (uint64_t)limit_ms) {
        rest(session, limit_ms);
    }
}

static void arm(struct dg_worker *worker, int64_t limit_ms)
{
    int64_t delay_ms = limit_ms / SWEEPS_PER_LIMIT;
    if (delay_ms < MIN_INTERVAL_MS)
        delay_ms = MIN_INTERVAL_MS;
    if (delay_ms > MAX_INTERVAL_MS)
        delay_ms = MAX_INTERVAL_MS;
    dg_timer_start(&worker->idle_sweep, (uint64_t)delay_ms);
}

void dg_worker_sweep_idle(struct dg_worker *worker)
{
    int64_t limit_ms = dg_worker_config(worker)->idle_timeout_ms;
    if (limit_ms == 0) {
        event_del(&worker->idle_sweep);
        return;
    }
    uint64_t now_ms = dg_clock_monotonic_ms();
    struct dg_session *next = NULL;
    for (struct dg_session *session = worker->sessions; session != NULL; session = next) {
        next = session->next;
        look_at(session, now_ms, limit_ms);
    }
    arm(worker, limit_ms);
}
