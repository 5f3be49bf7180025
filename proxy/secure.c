/*
 *      connected --SSLRequest--> 'S' --handshake--> TLS
 *           |                     'N' --> plain, or a failure where TLS is required
 *           |                     anything else, and anything behind it: a failure
 *           +--(direct)--------------handshake--> TLS
 *
 * Nothing that comes before TLS is to be believed: an error message in the place of the answer is not shown to anybody,
 * and bytes behind an S were put there by somebody in between (CVE-2021-23222).
 */
#include "proxy/secure.h"

#include <errno.h>
#include <sys/socket.h>

static void on_ready(evutil_socket_t fd, short what, void *context);

static void wait_for(struct dg_secure *secure, short what)
{
    event_assign(&secure->ready, secure->base, secure->fd, what, on_ready, secure);
    /* Without memory for it, ask the socket again in the loop's next turn. */
    if (event_add(&secure->ready, NULL) != 0)
        event_active(&secure->ready, what, 0);
}

static void fail(struct dg_secure *secure, const char *failure, const char *sentence, const char *hint)
{
    secure->failure = failure;
    secure->sentence = sentence;
    secure->hint = hint;
    secure->done(secure->context);
}

static const char *hint_for(const char *failure)
{
    if (strcmp(failure, "certificate") == 0)
        return "server_tls.ca_file must hold the CA of the database's certificate; with verify-full the upstream's "
               "host must be a name in it.";
    if (strcmp(failure, "alert") == 0)
        return "The database may want a client certificate: server_tls.cert_file and server_tls.key_file.";
    return NULL;
}

static void go_on(struct dg_secure *secure)
{
    if (secure->tls == NULL) {
        fail(secure, "other", "out of memory", NULL);
        return;
    }
    switch (dg_tls_handshake(secure->tls)) {
    case DG_STREAM_SOME:
        secure->done(secure->context);
        return;
    case DG_STREAM_LATER:
        wait_for(secure, dg_tls_wants_write(secure->tls) ? EV_WRITE : EV_READ);
        return;
    case DG_STREAM_END:
    case DG_STREAM_BROKEN:
        fail(secure, secure->tls->failure, secure->tls->sentence, hint_for(secure->tls->failure));
        return;
    }
}

static void begin_handshake(struct dg_secure *secure)
{
    secure->is_handshaking = true;
    secure->tls = dg_tls_connect(secure->server, secure->host, secure->fd);
    go_on(secure);
}

static void server_said_no(struct dg_secure *secure)
{
    if (secure->server->sslmode <= DG_SSLMODE_OPTIONAL)
        secure->done(secure->context);
    else
        fail(secure, "refused", "it does not support TLS, which server_tls.sslmode requires",
             "Turn ssl on in the database's settings, or set server_tls.sslmode to prefer or disable.");
}

/* One byte; a second one shows what was behind it. */
static void read_answer(struct dg_secure *secure)
{
    char answer[2];
    ssize_t n = recv(secure->fd, answer, sizeof answer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        wait_for(secure, EV_READ);
    else if (n <= 0)
        fail(secure, "closed", "it closed the connection when it was asked for TLS", NULL);
    else if (answer[0] == 'E')
        fail(secure, "refused", "it answered the request for TLS with an error; its log says which", NULL);
    else if (answer[0] != 'S' && answer[0] != 'N')
        fail(secure, "garbage", "it answered the request for TLS with neither S nor N", "Is it a PostgreSQL server?");
    else if (n > 1)
        fail(secure, "garbage", "unencrypted data came behind its answer to the request for TLS",
             "Somebody between driftguard and the database may have put it there.");
    else if (answer[0] == 'S')
        begin_handshake(secure);
    else
        server_said_no(secure);
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    struct dg_secure *secure = context;
    (void)fd;
    (void)what;
    if (secure->is_handshaking && secure->tls == NULL)
        begin_handshake(secure);
    else if (secure->is_handshaking)
        go_on(secure);
    else
        read_answer(secure);
}

void dg_secure_start(struct dg_secure *secure, struct event_base *base, const struct dg_tls_server *server,
                     const char *host, int fd, dg_secure_fn done, void *context)
{
    static const char request[] = {0, 0, 0, 8, 0x04, (char)0xd2, 0x16, 0x2f};
    *secure =
        (struct dg_secure){.base = base, .server = server, .host = host, .fd = fd, .done = done, .context = context};
    secure->is_handshaking = server->is_direct;
    /* A new connection takes eight bytes; what keeps it from that shows when the answer is read. */
    if (!server->is_direct)
        (void)!send(fd, request, sizeof request, MSG_NOSIGNAL);
    wait_for(secure, server->is_direct ? EV_WRITE : EV_READ);
}

void dg_secure_fini(struct dg_secure *secure)
{
    if (secure->base != NULL)
        event_del(&secure->ready);
    dg_tls_free(secure->tls);
    *secure = (struct dg_secure){0};
}
