/*
 * Where options come from; config.c applies them in the order of precedence. Inside of config/.
 */
#ifndef DG_CONFIG_SOURCES_H
#define DG_CONFIG_SOURCES_H

#include "config/config.h"

#define DG_CONFIG_FILE_BYTES 1048576
#define DG_CONFIG_MAX_RULES 1000
#define DG_CONFIG_MAX_ENVIRONMENTS 64
#define DG_CONFIG_MAX_DEPRECATIONS 1000

/* Whether the arrays "upstreams" say the same. */
bool dg_upstreams_equal(const struct dg_config *a, const struct dg_config *b);

/* '*' in the pattern matches any run of bytes; NULL matches all. */
bool dg_pattern_matches(const char *pattern, struct dg_str text);

/* Applies the file at `path` and the overlay `environment`; NULL: the one that the file names, if it does.
   `environment_source` says in an error who asked for it. */
enum dg_status dg_config_read_file(struct dg_config *config, const char *path, const char *environment,
                                   const char *environment_source, struct dg_error *error) DG_MUST_CHECK;

/* The value of a variable in `environ_vars` (which may be NULL), or NULL. An empty value is none. */
const char *dg_environment_find(const char *const *environ_vars, const char *name);
/* Applies all DRIFTGUARD_* variables; one that is no option is an error. */
enum dg_status dg_config_read_environment(struct dg_config *config, const char *const *environ_vars,
                                          struct dg_error *error) DG_MUST_CHECK;

/* Applies "OPTION=VALUE" settings (DG_USAGE). */
enum dg_status dg_config_read_settings(struct dg_config *config, const char *const *settings, size_t n_settings,
                                       struct dg_error *error) DG_MUST_CHECK;
/* The value of the last setting of that name, or NULL. */
const char *dg_settings_find(const char *const *settings, size_t n_settings, const char *name);

/* "DRIFTGUARD_SCHEMA_POLL_MS" of "schema.poll_ms". */
#define DG_VARIABLE_BYTES 96
void dg_option_variable_name(const char *path, char out[DG_VARIABLE_BYTES]);

/* Inside of address.c and server_tls.c. Decodes `part` into out[size]; `what` names it in an error. */
enum dg_status dg_url_decode(struct dg_str part, char *out, size_t size, const char *what,
                             struct dg_error *error) DG_MUST_CHECK;
/* Cuts *text at the first `c`: *text becomes what is before, *rest what is behind. False, and nothing changed, if there
   is none. */
bool dg_url_cut(struct dg_str *text, char c, struct dg_str *rest);
/* "sslmode=require&sslrootcert=/etc/ca.pem": what stands behind a URL's question mark. */
enum dg_status dg_url_read_parameters(struct dg_str query, struct dg_url *url, struct dg_error *error) DG_MUST_CHECK;

#endif
