/*
 * TLS at a session's start: who gets it, who must have it, and what became of it. The bytes themselves are the stream's
 * business.
 *
 * As PostgreSQL does, a client that breaks a rule of client_tls.sslmode is told so in words once it has sent its start-up
 * packet; a CancelRequest needs no TLS, for the key that it carries is what counts and libpq sends it plain. On Unix
 * sockets there is no TLS, and none is asked for.
 */
#include <stdio.h>

#include "protocol/startup.h"
#include "proxy/proxy_private.h"
#include "proxy/session.h"
#include "proxy/tls.h"
#include "proxy/tls_settings.h"

/* ---- what happened ------------------------------------------------------------------------------------------------ */

void dg_session_count_tls(struct dg_session *session)
{
    if (session->client.tls != NULL && session->client.tls->is_established && !session->has_client_tls) {
        session->has_client_tls = true;
        dg_session_end_handshake(session);
        dg_count(session->worker->shard, DG_CELL_TLS_SESSIONS_CLIENT, 1);
    }
}

void dg_session_uncount_tls(struct dg_session *session, bool is_client)
{
    bool *is_counted = is_client ? &session->has_client_tls : &session->has_server_tls;
    if (*is_counted)
        dg_count(session->worker->shard, is_client ? DG_CELL_TLS_SESSIONS_CLIENT : DG_CELL_TLS_SESSIONS_SERVER,
                 (uint64_t)-1);
    *is_counted = false;
}

void dg_session_secure_server(struct dg_session *session, struct dg_tls *tls)
{
    if (tls == NULL)
        return;
    dg_stream_secure(&session->server, tls);
    session->has_server_tls = true;
    dg_count(session->worker->shard, DG_CELL_TLS_SESSIONS_SERVER, 1);
}

/* Who opens and leaves makes no noise in the log. */
void dg_session_tls_failed(struct dg_session *session, bool is_late)
{
    const struct dg_proxy_parts *parts = &session->worker->proxy->parts;
    const struct dg_tls *tls = session->client.tls;
    if (tls == NULL ? !session->awaits_hello : tls->is_established)
        return;
    const char *reason = is_late ? "timeout" : tls == NULL ? "closed" : tls->failure;
    const char *labels[] = {"client", reason == NULL ? "other" : reason};
    char client[DG_ADDRESS_TEXT_BYTES];
    dg_session_print_client(session, client);
    dg_metrics_add(parts->metrics, DG_FAMILY_TLS_FAILURES, labels, 1);
    dg_logf(parts->log, strcmp(labels[1], "closed") == 0 ? DG_LOG_DEBUG : DG_LOG_INFO, "tls_failed",
            "a client's TLS handshake failed", dg_field_str("client", client), dg_field_str("reason", labels[1]),
            dg_field_str("error", is_late       ? "it was not finished in time"
                                  : tls == NULL ? "the connection was closed before the handshake"
                                                : tls->sentence));
}

/* ---- who gets it -------------------------------------------------------------------------------------------------- */

bool dg_session_offers_tls(struct dg_session *session)
{
    return dg_worker_tls(session->worker)->client != NULL && session->client.tls == NULL &&
           !dg_session_is_local(session);
}

/* ---- who must have it --------------------------------------------------------------------------------------------- */

static void refuse_plain(struct dg_session *session, enum dg_sslmode sslmode)
{
    char text[200];
    snprintf(text, sizeof text,
             "driftguard: connection refused: it is not encrypted, and client_tls.sslmode of driftguard is %s",
             dg_client_sslmode_name(sslmode));
    dg_session_refuse(session, "28000", text, NULL, "Connect with sslmode=require or a stricter one.");
}

bool dg_session_may_start(struct dg_session *session, const struct dg_startup *startup)
{
    enum dg_sslmode sslmode = dg_worker_tls(session->worker)->client_sslmode;
    const struct dg_tls *tls = session->client.tls;
    if (sslmode <= DG_SSLMODE_OPTIONAL || dg_session_is_local(session))
        return true;
    if (tls == NULL) {
        refuse_plain(session, sslmode);
        return false;
    }
    if (sslmode == DG_SSLMODE_REQUIRE)
        return true;
    if (!dg_tls_has_peer_certificate(tls, NULL)) {
        dg_session_refuse(session, "28000", "driftguard: connection requires a valid client certificate", NULL,
                          "Connect with sslcert and sslkey: client_tls.sslmode of driftguard asks for a certificate.");
        return false;
    }
    struct dg_str user = dg_startup_find_parameter(startup, "user");
    if (sslmode == DG_SSLMODE_VERIFY_CA || dg_tls_has_peer_certificate(tls, user.data == NULL ? "" : user.data))
        return true;
    dg_session_refuse(session, "28000", "driftguard: the client certificate's common name is not the user's name", NULL,
                      "Connect as that user: client_tls.sslmode of driftguard is verify-full.");
    return false;
}
