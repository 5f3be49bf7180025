/*
 * The store's own copy of its options.
 */
#include <stdlib.h>

#include "schema/store_private.h"

#define MAX_OPTION_BYTES ((size_t)1 << 20)

static const char *copy(struct dg_store_options *options, const char *text, bool *failed)
{
    if (text == NULL)
        return NULL;
    const char *kept = dg_arena_strdup(&options->strings, text);
    *failed = *failed || kept == NULL;
    return kept;
}

static const char *copy_or(struct dg_store_options *options, const char *text, const char *otherwise, bool *failed)
{
    return copy(options, text == NULL ? otherwise : text, failed);
}

static const struct dg_schema_host *copy_hosts(struct dg_store_options *options, const struct dg_schema_upstream *given,
                                               bool *failed)
{
    struct dg_schema_host *hosts = dg_arena_array(&options->strings, given->n_hosts, sizeof *hosts);
    *failed = *failed || (hosts == NULL && given->n_hosts > 0);
    for (size_t i = 0; hosts != NULL && i < given->n_hosts; i++) {
        hosts[i].host = copy_or(options, given->hosts[i].host, "localhost", failed);
        hosts[i].port = copy_or(options, given->hosts[i].port, "5432", failed);
    }
    return hosts;
}

static void copy_upstream(struct dg_store_options *options, const struct dg_schema_upstream *given,
                          struct dg_schema_upstream *kept, bool *failed)
{
    *kept = *given;
    kept->name = copy_or(options, given->name, "", failed);
    kept->hosts = copy_hosts(options, given, failed);
    kept->user = copy(options, given->user, failed);
    kept->password = copy(options, given->password, failed);
    kept->password_file = copy(options, given->password_file, failed);
    kept->database = copy_or(options, given->database, "", failed);
    kept->sslmode = copy(options, given->sslmode, failed);
    kept->ssl_ca_file = copy(options, given->ssl_ca_file, failed);
    kept->ssl_cert_file = copy(options, given->ssl_cert_file, failed);
    kept->ssl_key_file = copy(options, given->ssl_key_file, failed);
}

struct dg_store_options *dg_store_options_new(const struct dg_schema_options *given)
{
    struct dg_store_options *options = calloc(1, sizeof *options);
    if (options == NULL)
        return NULL;
    dg_arena_init(&options->strings, MAX_OPTION_BYTES);
    options->values = *given;
    bool failed = false;
    options->values.state_dir = copy_or(options, given->state_dir, "", &failed);
    options->upstreams = dg_arena_array(&options->strings, given->n_upstreams, sizeof *options->upstreams);
    failed = failed || options->upstreams == NULL;
    for (size_t i = 0; !failed && i < given->n_upstreams; i++)
        copy_upstream(options, &given->upstreams[i], &options->upstreams[i], &failed);
    options->values.upstreams = options->upstreams;
    if (failed) {
        dg_store_options_free(options);
        return NULL;
    }
    return options;
}

const struct dg_schema_upstream *dg_store_find_upstream(const struct dg_schema_options *options, const char *name)
{
    for (size_t i = 0; i < options->n_upstreams; i++) {
        if (strcmp(options->upstreams[i].name, name) == 0)
            return &options->upstreams[i];
    }
    return NULL;
}

void dg_store_options_free(struct dg_store_options *options)
{
    if (options == NULL)
        return;
    dg_arena_fini(&options->strings);
    free(options);
}
