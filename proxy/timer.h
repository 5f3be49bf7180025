/*
 * Timers that cannot be lost: libevent needs memory to remember one, and a deadline that is not there is waited for for
 * ever. Without memory it strikes at once.
 */
#ifndef DG_PROXY_TIMER_H
#define DG_PROXY_TIMER_H

#include <event2/event.h>
#include <stdint.h>

/* In the thread of the event's loop. A timer that runs already begins anew. */
static inline void dg_timer_start(struct event *timer, uint64_t delay_ms)
{
    const struct timeval delay = {(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000 * 1000)};
    if (event_add(timer, &delay) != 0)
        event_active(timer, EV_TIMEOUT, 0);
}

#endif
