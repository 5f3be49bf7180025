/*
 * The messages of SASL authentication that matter where TLS ends in between (protocol chapter, "SASL Authentication"):
 * the server's offer, whose mechanisms may be bound to a TLS connection ("-PLUS"), and the client's choice.
 */
#ifndef DG_PROTOCOL_AUTHENTICATION_H
#define DG_PROTOCOL_AUTHENTICATION_H

#include "base/buffer.h"
#include "base/status.h"
#include "base/str.h"

/* True if the body of an Authentication message is AuthenticationSASL and reads to its end; *has_plus: a mechanism that
   is bound to the channel is offered, *has_other: one that is not. */
bool dg_sasl_offer_read(struct dg_str body, bool *has_plus, bool *has_other);
/* Appends the same message (type, length, body) without the mechanisms that are bound to the channel, in their order. */
enum dg_status dg_sasl_offer_write_unbound(struct dg_str body, struct dg_buffer *out) DG_MUST_CHECK;

/* The mechanism at the front of SASLInitialResponse; `body` may end early. DG_AGAIN while the name is not there. */
enum dg_status dg_sasl_choice_read(struct dg_str body, struct dg_str *mechanism) DG_MUST_CHECK;
/* True for "SCRAM-SHA-256-PLUS" and its like. */
bool dg_sasl_is_plus(struct dg_str mechanism);

#endif
