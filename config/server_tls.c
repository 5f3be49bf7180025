/*
 * TLS towards the database: libpq's parameters behind the upstream URL's question mark, and which counts, they or the
 * options. A parameter that is not known here is an error: it would be silently lost.
 */
#include "config/options.h"
#include "config/sources.h"

static enum dg_status read_sslmode(struct dg_str value, struct dg_url *url, struct dg_error *error)
{
    const char *const *names = dg_option_names(DG_OPTION_SERVER_SSLMODE);
    for (int i = 0; names[i] != NULL; i++) {
        if (!dg_str_is(value, names[i]))
            continue;
        url->has_sslmode = true;
        url->sslmode = (enum dg_sslmode)i;
        return DG_OK;
    }
    return dg_error_set(error, DG_CONFIG,
                        "the URL's sslmode must be one of disable, prefer, require, verify-ca, verify-full");
}

static enum dg_status read_negotiation(struct dg_str value, struct dg_url *url, struct dg_error *error)
{
    url->is_direct = dg_str_is(value, "direct");
    if (url->is_direct || dg_str_is(value, "postgres"))
        return DG_OK;
    return dg_error_set(error, DG_CONFIG, "the URL's sslnegotiation must be postgres or direct");
}

/* Sessions are the applications' own: which of the servers they want, only they can say, and they can still ask. */
static enum dg_status read_session_attributes(struct dg_str value, struct dg_error *error)
{
    if (dg_str_is(value, "any"))
        return DG_OK;
    return dg_error_set(error, DG_CONFIG,
                        "the URL's target_session_attrs can only be any: driftguard takes the first host that accepts "
                        "a connection; an application can say it in its own URL, or name the primary's address here");
}

/* A name as parameters have it can be shown; anything else may be a piece of a password. */
static enum dg_status unknown_parameter(struct dg_str name, bool has_value, struct dg_error *error)
{
    size_t n_plain = 0;
    while (n_plain < name.len &&
           (name.data[n_plain] == '_' || (name.data[n_plain] >= 'a' && name.data[n_plain] <= 'z')))
        n_plain++;
    if (!has_value || n_plain < name.len || name.len > 40)
        return dg_error_set(error, DG_CONFIG,
                            "the URL has a parameter other than libpq's ssl*, which is not supported");
    return dg_error_set(error, DG_CONFIG, "the URL's parameter \"%.*s\" is not supported", (int)name.len, name.data);
}

static enum dg_status read_parameter(struct dg_str parameter, struct dg_url *url, struct dg_error *error)
{
    struct dg_str name = parameter;
    struct dg_str value = {NULL, 0};
    if (name.len == 0)
        return DG_OK;
    bool has_value = dg_url_cut(&name, '=', &value);
    if (has_value && dg_str_is(name, "sslmode"))
        return read_sslmode(value, url, error);
    if (has_value && dg_str_is(name, "sslnegotiation"))
        return read_negotiation(value, url, error);
    if (has_value && dg_str_is(name, "sslrootcert"))
        return dg_url_decode(value, url->ca_file, sizeof url->ca_file, "sslrootcert", error);
    if (has_value && dg_str_is(name, "sslcert"))
        return dg_url_decode(value, url->cert_file, sizeof url->cert_file, "sslcert", error);
    if (has_value && dg_str_is(name, "sslkey"))
        return dg_url_decode(value, url->key_file, sizeof url->key_file, "sslkey", error);
    if (has_value && dg_str_is(name, "target_session_attrs"))
        return read_session_attributes(value, error);
    return unknown_parameter(name, has_value, error);
}

enum dg_status dg_url_read_parameters(struct dg_str query, struct dg_url *url, struct dg_error *error)
{
    while (query.len > 0) {
        struct dg_str parameter = query;
        struct dg_str rest = {NULL, 0};
        (void)dg_url_cut(&parameter, '&', &rest);
        query = rest;
        enum dg_status status = read_parameter(parameter, url, error);
        if (status != DG_OK)
            return status;
    }
    return DG_OK;
}

static const char *either(const char *first, const char *second)
{
    return first[0] != '\0' ? first : second;
}

void dg_config_server_tls(const struct dg_config *config, const struct dg_url *url, struct dg_server_tls *tls)
{
    *tls = (struct dg_server_tls){
        .sslmode = url->has_sslmode ? url->sslmode : config->server_tls_sslmode,
        .ca_file = either(url->ca_file, config->server_tls_ca_file),
        .cert_file = either(url->cert_file, config->server_tls_cert_file),
        .key_file = either(url->key_file, config->server_tls_key_file),
        .is_direct = url->is_direct || config->server_tls_direct,
    };
}
