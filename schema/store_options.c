/*
 * The store's own copy of its options.
 */
#include <stdlib.h>

#include "schema/store_private.h"

#define MAX_OPTION_BYTES ((size_t)64 << 10)

static const char *copy(struct dg_store_options *options, const char *text, bool *failed)
{
    if (text == NULL)
        return NULL;
    const char *kept = dg_arena_strdup(&options->strings, text);
    *failed = *failed || kept == NULL;
    return kept;
}

struct dg_store_options *dg_store_options_new(const struct dg_schema_options *given)
{
    struct dg_store_options *options = calloc(1, sizeof *options);
    if (options == NULL)
        return NULL;
    dg_arena_init(&options->strings, MAX_OPTION_BYTES);
    options->values = *given;
    bool failed = false;
    struct dg_schema_options *values = &options->values;
    values->host = copy(options, given->host == NULL ? "localhost" : given->host, &failed);
    values->port = copy(options, given->port == NULL ? "5432" : given->port, &failed);
    values->user = copy(options, given->user, &failed);
    values->password = copy(options, given->password, &failed);
    values->password_file = copy(options, given->password_file, &failed);
    values->database = copy(options, given->database == NULL ? "" : given->database, &failed);
    values->state_dir = copy(options, given->state_dir == NULL ? "" : given->state_dir, &failed);
    values->sslmode = copy(options, given->sslmode, &failed);
    values->ssl_ca_file = copy(options, given->ssl_ca_file, &failed);
    values->ssl_cert_file = copy(options, given->ssl_cert_file, &failed);
    values->ssl_key_file = copy(options, given->ssl_key_file, &failed);
    if (failed) {
        dg_store_options_free(options);
        return NULL;
    }
    return options;
}

void dg_store_options_free(struct dg_store_options *options)
{
    if (options == NULL)
        return;
    dg_arena_fini(&options->strings);
    free(options);
}
