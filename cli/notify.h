/*
 * What a supervisor is told: sd_notify(3)'s protocol, a datagram of VARIABLE=VALUE lines to the socket that NOTIFY_SOCKET
 * names, a path or, with '@' in front, an abstract name. Without the variable nothing is sent.
 *
 * READY=1 is sent when the guard listens, not when the database answers: a database that is away would otherwise make
 * the supervisor kill the guard that could have said so. /readyz tells the other.
 */
#ifndef DG_CLI_NOTIFY_H
#define DG_CLI_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/status.h"

struct dg_notify {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un address;
    socklen_t address_len;
    uint64_t watchdog_ms; /* how often WATCHDOG=1 is to be sent, half of what WATCHDOG_USEC allows; 0: never */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of the environment; before there are threads.
   A name that cannot be a socket's: DG_CONFIG. */
enum dg_status dg_notify_open(struct dg_notify *notify, struct dg_error *error) DG_MUST_CHECK;
/* Never waits, and a supervisor that does not listen is no error. */
void dg_notify_send(const struct dg_notify *notify, const char *lines);
/* RELOADING=1 with the time, as Type=notify-reload wants it; READY=1 follows when the reload is over. */
void dg_notify_send_reloading(const struct dg_notify *notify);
void dg_notify_close(struct dg_notify *notify);

#endif
