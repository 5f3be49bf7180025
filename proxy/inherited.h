/*
 * Listening sockets that whoever started us has opened (socket activation): LISTEN_FDS of them, from descriptor 3 on, if
 * LISTEN_PID is us. The protocol is that of sd_listen_fds(3), which is an environment variable and a number: no reason
 * to depend on libsystemd.
 *
 * Such a socket outlives us. A restart then loses no connection: clients wait in its queue until the next process
 * accepts them.
 */
#ifndef DG_PROXY_INHERITED_H
#define DG_PROXY_INHERITED_H

#include "base/status.h"

#define DG_INHERITED_MAX 64

struct dg_inherited {
    int fds[DG_INHERITED_MAX];
    size_t n_fds;
};

/* Reads the variables and takes them out of the environment, so that no child believes that they are for it; to be
   called before there are threads. None, or for another process: DG_OK with no sockets. Each socket must be a listening
   stream socket, else an error (DG_CONFIG) says which descriptor is none. They become non-blocking and close-on-exec. */
enum dg_status dg_inherited_take(struct dg_inherited *inherited, struct dg_error *error) DG_MUST_CHECK;

#endif
