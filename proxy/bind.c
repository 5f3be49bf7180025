/*
 * Binding and listening.
 */
#include "proxy/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 1024
/* Held by others for a few system calls; but anybody who may read the folder can take it, and must not stop us for ever. */
#define LOCK_TRIES 50
#define LOCK_PAUSE_NS 100000000L

static int new_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* ---- TCP ---------------------------------------------------------------------------------------------------------- */

/* The first address of the name that can be bound. SO_REUSEADDR lets a restart pass over what the last run left in
   TIME_WAIT; a socket that somebody listens on stays taken. */
static int bind_first(const struct addrinfo *addresses)
{
    int error = EADDRNOTAVAIL;
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        int fd = new_socket(at->ai_family);
        if (fd < 0) {
            error = errno;
            continue;
        }
        int on = 1;
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
            return fd;
        error = errno;
        close(fd);
    }
    errno = error;
    return -1;
}

enum dg_status dg_bind_tcp(const char *host, const char *port, int *fd, struct dg_error *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *addresses = NULL;
    int failure = getaddrinfo(host, port, &hints, &addresses);
    if (failure != 0)
        return dg_error_set(error, DG_IO, "cannot listen on %s:%s: %s", host, port, gai_strerror(failure));
    *fd = bind_first(addresses);
    int reason = errno;
    freeaddrinfo(addresses);
    if (*fd >= 0)
        return DG_OK;
    return dg_error_set(error, DG_IO, "cannot listen on %s:%s: %s", host, port,
                        reason == EADDRINUSE ? "the address is in use by another process" : strerror(reason));
}

/* ---- Unix sockets ------------------------------------------------------------------------------------------------- */

static enum dg_status fail(struct dg_error *error, const char *path, const char *why)
{
    return dg_error_set(error, DG_IO, "cannot listen on %s: %s", path, why);
}

/* The path's folder, open and locked; -1 with errno. */
static int lock_folder(const char *path)
{
    char folder[DG_UNIX_PATH_BYTES];
    size_t len = (size_t)(strrchr(path, '/') - path);
    memcpy(folder, path, len);
    folder[len] = '\0';
    int fd = open(len == 0 ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    for (int i = 0; fd >= 0; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        if (errno != EWOULDBLOCK || i == LOCK_TRIES)
            break;
        (void)nanosleep(&pause, NULL);
    }
    int reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return -1;
}

/* 0: nobody listens on the socket there; else the errno that tells who does or what is the matter. A full backlog is a
   living server's. */
static int ask_socket(const struct sockaddr_un *address)
{
    int fd = new_socket(AF_UNIX);
    if (fd < 0)
        return errno;
    int answer = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? EADDRINUSE : errno;
    close(fd);
    return answer == ECONNREFUSED || answer == ENOENT ? 0 : answer == EAGAIN ? EADDRINUSE : answer;
}

/* Under the lock: makes room for the new socket. */
static enum dg_status clear_path(const struct sockaddr_un *address, struct dg_error *error)
{
    struct stat there;
    const char *path = address->sun_path;
    if (lstat(path, &there) != 0)
        return errno == ENOENT ? DG_OK : fail(error, path, strerror(errno));
    if (!S_ISSOCK(there.st_mode))
        return fail(error, path, "there is a file that is no socket; remove it or choose another path");
    int answer = ask_socket(address);
    if (answer == EADDRINUSE)
        return fail(error, path, "another process listens on this socket");
    if (answer != 0 || unlink(path) != 0)
        return dg_error_set(error, DG_IO, "cannot listen on %s: there is a socket already: %s", path,
                            strerror(answer != 0 ? answer : errno));
    return DG_OK;
}

/* chmod comes before listen: nobody gets in by what the umask had left open. */
static enum dg_status bind_path(const struct sockaddr_un *address, mode_t mode, int *fd, struct dg_socket_file *file,
                                struct dg_error *error)
{
    struct stat made;
    *fd = new_socket(AF_UNIX);
    if (*fd >= 0 && bind(*fd, (const struct sockaddr *)address, sizeof *address) == 0) {
        if (chmod(address->sun_path, mode) == 0 && lstat(address->sun_path, &made) == 0 && listen(*fd, BACKLOG) == 0) {
            *file = (struct dg_socket_file){made.st_dev, made.st_ino};
            return DG_OK;
        }
        int reason = errno;
        (void)unlink(address->sun_path);
        errno = reason;
    }
    int reason = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return fail(error, address->sun_path, strerror(reason));
}

enum dg_status dg_bind_unix(const char *path, mode_t mode, int *fd, struct dg_socket_file *file, struct dg_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strnlen(path, sizeof address.sun_path - 1));
    *fd = -1;
    int lock = lock_folder(path);
    if (lock < 0)
        return fail(error, path, errno == EWOULDBLOCK ? "another process holds a lock on the folder" : strerror(errno));
    enum dg_status status = clear_path(&address, error);
    if (status == DG_OK)
        status = bind_path(&address, mode, fd, file, error);
    close(lock);
    return status;
}

bool dg_bind_is_file(const char *path, const struct dg_socket_file *file)
{
    struct stat there;
    return stat(path, &there) == 0 && there.st_dev == file->device && there.st_ino == file->inode;
}

void dg_bind_remove(const char *path, const struct dg_socket_file *file)
{
    if (dg_bind_is_file(path, file))
        (void)unlink(path);
}
