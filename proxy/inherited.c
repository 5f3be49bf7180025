/*
 * The environment's side of socket activation; sockets.c has the other.
 */
#include "proxy/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3

/* A whole decimal number, and nothing else. */
static bool read_number(const char *text, long *number)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static int option_of(int fd, int option)
{
    int value = -1;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

/* What is wrong with the descriptor, or NULL. */
static const char *find_fault(int fd)
{
    if (fcntl(fd, F_GETFD) < 0)
        return "is not open";
    int family = option_of(fd, SO_DOMAIN);
    if (family < 0)
        return "is not a socket";
    if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
        return "is neither a TCP nor a Unix socket";
    if (option_of(fd, SO_TYPE) != SOCK_STREAM)
        return "is not a stream socket (in a systemd socket unit: ListenStream=)";
    if (option_of(fd, SO_ACCEPTCONN) != 1)
        return "does not listen (in a systemd socket unit: Accept=no)";
    return NULL;
}

static enum dg_status take_one(int fd, struct dg_error *error)
{
    const char *fault = find_fault(fd);
    int flags = fault == NULL ? fcntl(fd, F_GETFL) : -1;
    if (fault == NULL &&
        (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0))
        fault = "cannot be made non-blocking";
    return fault == NULL ? DG_OK : dg_error_set(error, DG_CONFIG, "LISTEN_FDS: descriptor %d %s", fd, fault);
}

static enum dg_status take_all(const char *pid_text, const char *n_text, struct dg_inherited *inherited,
                               struct dg_error *error)
{
    long pid, n;
    if (!read_number(pid_text, &pid))
        return dg_error_set(error, DG_CONFIG, "LISTEN_PID is not a number");
    if (pid != (long)getpid())
        return DG_OK;
    if (!read_number(n_text, &n) || n > DG_INHERITED_MAX)
        return dg_error_set(error, DG_CONFIG, "LISTEN_FDS is not a number from 0 to %d", DG_INHERITED_MAX);
    for (int fd = FIRST_FD; fd < FIRST_FD + (int)n; fd++) {
        enum dg_status status = take_one(fd, error);
        if (status != DG_OK)
            return status;
        inherited->fds[inherited->n_fds++] = fd;
    }
    return DG_OK;
}

enum dg_status dg_inherited_take(struct dg_inherited *inherited, struct dg_error *error)
{
    const char *pid_text = getenv("LISTEN_PID");
    const char *n_text = getenv("LISTEN_FDS");
    enum dg_status status = DG_OK;
    *inherited = (struct dg_inherited){.n_fds = 0};
    if (pid_text != NULL && n_text != NULL)
        status = take_all(pid_text, n_text, inherited, error);
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return status;
}
