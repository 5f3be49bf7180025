/*
 * Listening sockets that we make ourselves. Blocking; at the start only.
 *
 * TCP is bound plainly (proxy.h says why). Of a Unix socket the file outlives whoever made it, so one that is there may
 * be a living server's or a dead one's: it is asked by a connection. Two that start at the same time would both find it
 * dead, and the slower one would take the quicker one's socket away; hence the lock, on the folder, which leaves no file
 * behind and goes with its holder.
 */
#ifndef DG_PROXY_BIND_H
#define DG_PROXY_BIND_H

#include <sys/stat.h>

#include "base/status.h"
#include "config/config.h"

/* Which file a path leads to: another's may stand there later. */
struct dg_socket_file {
    dev_t device;
    ino_t inode;
};

/* *fd is non-blocking, close-on-exec, and listens. An address that is taken, a folder that is not there or not ours: an
   error that says so. */
enum dg_status dg_bind_tcp(const char *host, const char *port, int *fd, struct dg_error *error) DG_MUST_CHECK;
/* The same at a path, with access `mode`; a dead process's socket is replaced. Any other file is left alone (error). */
enum dg_status dg_bind_unix(const char *path, mode_t mode, int *fd, struct dg_socket_file *file,
                            struct dg_error *error) DG_MUST_CHECK;
/* True if the path leads to this very file. */
bool dg_bind_is_file(const char *path, const struct dg_socket_file *file);
/* Removes the socket's file, if it is still ours. The socket must be open: while it is, nobody replaces the file. */
void dg_bind_remove(const char *path, const struct dg_socket_file *file);

#endif
