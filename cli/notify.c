/*
 * Datagrams to the supervisor.
 */
#include "cli/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* 0 where the variable is absent, for another process, or no number. */
static uint64_t read_watchdog_ms(void)
{
    const char *limit_text = getenv("WATCHDOG_USEC");
    const char *pid_text = getenv("WATCHDOG_PID");
    if (limit_text == NULL || (pid_text != NULL && strtol(pid_text, NULL, 10) != (long)getpid()))
        return 0;
    unsigned long long limit_us = strtoull(limit_text, NULL, 10);
    return limit_us == 0 ? 0 : limit_us / 2000 + 1;
}

static enum dg_status read_address(struct dg_notify *notify, const char *name, struct dg_error *error)
{
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof notify->address.sun_path)
        return dg_error_set(error, DG_CONFIG, "NOTIFY_SOCKET is neither the path nor the @name of a Unix socket");
    notify->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(notify->address.sun_path, name, len);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    /* An abstract name is as long as it is said to be: no NUL belongs to it. */
    notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '@' ? 0 : 1));
    return DG_OK;
}

enum dg_status dg_notify_open(struct dg_notify *notify, struct dg_error *error)
{
    const char *name = getenv("NOTIFY_SOCKET");
    enum dg_status status = DG_OK;
    *notify = (struct dg_notify){.fd = -1};
    if (name != NULL && name[0] != '\0') {
        status = read_address(notify, name, error);
        if (status == DG_OK)
            notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        notify->watchdog_ms = read_watchdog_ms();
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    return status;
}

void dg_notify_send(const struct dg_notify *notify, const char *lines)
{
    if (notify->fd >= 0)
        (void)sendto(notify->fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
                     notify->address_len);
}

void dg_notify_send_reloading(const struct dg_notify *notify)
{
    struct timespec now = {0};
    char lines[80];
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    dg_notify_send(notify, lines);
}

void dg_notify_close(struct dg_notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}
