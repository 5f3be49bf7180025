/*
 * SCRAM where TLS ends in the guard. A mechanism with "-PLUS" proves to the server which certificate the client saw
 * (RFC 5929, tls-server-end-point), so that nobody can sit in between. The guard does sit in between:
 *
 *      client leg   server leg   what is done
 *      any          plain        nothing: the server offers no such mechanism
 *      plain        TLS          it is taken out of the offer, else libpq refuses ("offered ... over a non-SSL connection")
 *      TLS          TLS          nothing, if the guard shows the database's own certificate: the proof holds. Otherwise
 *                                the offer stands, for a client may choose another mechanism; if it chooses this one,
 *                                the session ends here, and the client is told what to do. (With the offer changed, the
 *                                server would take it for the attack that it looks like.)
 *
 * Passwords and proofs pass; none is kept.
 */
#include "protocol/authentication.h"
#include "proxy/session.h"
#include "proxy/tls.h"

#define NAME_MAX_BYTES 256u

static enum dg_step refuse_offer(struct dg_session *session)
{
    dg_session_refuse(session, "28000",
                      "driftguard: the database offers only authentication that is bound to a TLS channel, and the "
                      "connection to driftguard is not encrypted",
                      NULL, "Allow scram-sha-256 without channel binding in the database, or set client_tls.sslmode.");
    return DG_STEP_WAIT;
}

static enum dg_step take_plus_out(struct dg_split *split, struct dg_str body)
{
    struct dg_buffer out;
    dg_buffer_init(&out, body.len + 16);
    enum dg_step step = DG_STEP_PASS;
    if (dg_sasl_offer_write_unbound(body, &out) == DG_OK) {
        dg_split_insert(split, dg_buffer_view(&out));
        step = DG_STEP_DROP;
    }
    dg_buffer_fini(&out);
    return step;
}

enum dg_step dg_scram_inspect_offer(struct dg_split *split, struct dg_str body)
{
    struct dg_session *session = split->session;
    bool has_plus, has_other;
    if (!dg_sasl_offer_read(body, &has_plus, &has_other) || !has_plus)
        return DG_STEP_PASS;
    if (session->client.tls == NULL)
        return has_other ? take_plus_out(split, body) : refuse_offer(session);
    session->awaits_mechanism = !dg_tls_shows_same_certificate(session->client.tls, session->server.tls);
    return DG_STEP_PASS;
}

enum dg_step dg_scram_inspect_choice(struct dg_split *split, const struct dg_frame *frame, struct dg_str message)
{
    struct dg_session *session = split->session;
    struct dg_str body, mechanism;
    bool is_whole = dg_split_body(frame, message, &body);
    if (dg_sasl_choice_read(body, &mechanism) != DG_OK) {
        if (!is_whole && body.len < NAME_MAX_BYTES)
            return DG_STEP_WAIT;
        mechanism = DG_STR("");
    }
    session->awaits_mechanism = false;
    if (!dg_sasl_is_plus(mechanism))
        return DG_STEP_PASS;
    dg_session_refuse(
        session, "28000",
        "driftguard: channel binding is not possible: the certificate of driftguard is not the database's",
        "The client's TLS connection ends at driftguard, and another one goes on to the database.",
        "Connect with channel_binding=disable, or give driftguard the database's own certificate and key "
        "(client_tls.cert_file and client_tls.key_file).");
    return DG_STEP_WAIT;
}
