/*
 * The running configuration: immutable, reference-counted, replaced whole on reload (base/published.h).
 *
 * One table, options.def, makes the struct, the JSON reader, the command line's --set, the environment's variables,
 * --help and docs/config.md. Precedence: flags, DRIFTGUARD_* variables, the environment's overlay, the file, defaults.
 * mode_ceiling follows the same precedence and then caps the mode, from whatever source.
 *
 * A file is JSON with comments of both kinds that C has, blanked in place so that line and column survive:
 *   { "mode": "observe",
 *     "environment": "staging",
 *     "environments": { "staging": { "mode": "annotate" } },
 *     "rules": [ { "database": "shop", "user": "*", "application_name": "psql*", "mode": "off", "detail": "brief" } ] }
 */
#ifndef DG_CONFIG_CONFIG_H
#define DG_CONFIG_CONFIG_H

#include <stdio.h>

#include "base/log.h"
#include "base/published.h"
#include "base/status.h"
#include "base/str.h"
#include "base/text.h"

enum dg_mode { DG_MODE_OFF, DG_MODE_OBSERVE, DG_MODE_ANNOTATE, DG_MODE_ENFORCE };
enum dg_detail { DG_DETAIL_FULL, DG_DETAIL_BRIEF };

/* libpq's names; OPTIONAL is "allow" towards clients and "prefer" towards the database. */
enum dg_sslmode {
    DG_SSLMODE_DISABLE,
    DG_SSLMODE_OPTIONAL,
    DG_SSLMODE_REQUIRE,
    DG_SSLMODE_VERIFY_CA,
    DG_SSLMODE_VERIFY_FULL
};

const char *dg_mode_name(enum dg_mode mode);
/* As libpq and server_tls.sslmode have it. */
const char *dg_server_sslmode_name(enum dg_sslmode sslmode);
const char *dg_client_sslmode_name(enum dg_sslmode sslmode);

/* First match wins; an overlay's rules come before the file's. A NULL pattern matches all; '*' in a pattern matches any
   run of characters. */
struct dg_rule {
    const char *database;
    const char *user;
    const char *application_name;
    bool has_mode;
    bool has_detail;
    enum dg_mode mode;
    enum dg_detail detail;
};

/* A column that an operator has declared to be on its way out: its uses are counted, and in enforce they may be refused. */
struct dg_deprecation {
    const char *database; /* pattern; NULL: every one */
    const char *schema;
    const char *relation;
    const char *column;
    const char *use; /* what to use instead, for the hint; or NULL */
    bool is_refused;
};

/* All upstreams of a process: the options' own, and those of the array "upstreams". */
#define DG_MAX_UPSTREAMS 16
#define DG_MAIN_UPSTREAM "main"
#define DG_UPSTREAM_NAME_BYTES 64

struct dg_upstream_option {
    const char *name;
    const char *listen;
    const char *upstream;
};

struct dg_config {
    struct dg_shared shared; /* first member: see base/published.h */
#define DG_TYPE_STRING const char *
#define DG_TYPE_ADDRESS const char *
#define DG_TYPE_LISTEN const char *
#define DG_TYPE_FILE_MODE int64_t
#define DG_TYPE_URL const char *
#define DG_TYPE_INT int64_t
#define DG_TYPE_BOOL bool
#define DG_TYPE_MODE enum dg_mode
#define DG_TYPE_LEVEL enum dg_log_level
#define DG_TYPE_FORMAT enum dg_log_format
#define DG_TYPE_DETAIL enum dg_detail
#define DG_TYPE_CLIENT_SSLMODE enum dg_sslmode
#define DG_TYPE_SERVER_SSLMODE enum dg_sslmode
#define DG_OPTION(member, path, type, standard, min, max, reload, help) DG_TYPE_##type member;
#include "config/options.def"
#undef DG_OPTION
    const char *environment; /* the overlay in force, or NULL */
    const struct dg_rule *rules;
    size_t n_rules;
    const struct dg_deprecation *deprecations;
    size_t n_deprecations;
    const struct dg_upstream_option *upstreams; /* those of the array */
    size_t n_upstreams;
    struct dg_arena *arena; /* owns the strings and rules */
};

/* What may set options, from the command line. The setting "environment=NAME" and, after it, the variable
   DRIFTGUARD_ENV choose the overlay in the file's place. */
struct dg_config_sources {
    const char *file;            /* path, or NULL: then DRIFTGUARD_CONFIG may name one */
    const char *const *settings; /* "OPTION=VALUE", in order; flags such as --mode X arrive here as "mode=X" */
    size_t n_settings;
    const char *const *environ_vars; /* environ, or NULL for none */
};

/* Reads all sources. On success *config has one reference, the caller's. Errors name line, JSON path and the nearest
   valid key (DG_CONFIG), or the flag (DG_USAGE). */
enum dg_status dg_config_load(const struct dg_config_sources *sources, struct dg_config **config,
                              struct dg_error *error) DG_MUST_CHECK;
void dg_config_unref(struct dg_config *config);

/* What a session gets: the first matching rule over the config's own, capped by mode_ceiling. `*detail` may be NULL. */
enum dg_mode dg_config_mode_for(const struct dg_config *config, struct dg_str database, struct dg_str user,
                                struct dg_str application_name, enum dg_detail *detail);

/* The first declaration about this column, or NULL. */
const struct dg_deprecation *dg_config_deprecation(const struct dg_config *config, struct dg_str database,
                                                   const char *schema, const char *relation, const char *column);

/* The same config under a lower ceiling (a higher one changes nothing): the operator's switch in an emergency, which
   must work whatever has become of the file. One reference, the caller's; NULL without memory. */
struct dg_config *dg_config_lowered(struct dg_config *config, enum dg_mode ceiling) DG_MUST_CHECK;
/* The mode of that name ("observe"); false if there is none. */
bool dg_mode_parse(struct dg_str name, enum dg_mode *mode);

/* Names an option that differs and needs a restart, or NULL. Used by SIGHUP to say so. */
const char *dg_config_needs_restart(const struct dg_config *running, const struct dg_config *wanted);

/* --help's list of options; docs/config.md. */
void dg_config_print_help(FILE *out);
void dg_config_print_markdown(struct dg_text *out);

#define DG_URL_MAX_HOSTS 16

/* A name, an address without brackets, or a folder that begins with '/' for a unix socket. */
struct dg_url_host {
    char host[256];
    char port[8];
};

/* A parsed postgres:// or postgresql:// URL (RFC 3986 percent-encoding decoded). Parts that are absent are "", but the
   ports, which are then "5432". Error texts quote nothing of the URL that may be its password. */
struct dg_url {
    struct dg_url_host hosts[DG_URL_MAX_HOSTS]; /* tried in this order, as libpq does */
    size_t n_hosts;                             /* at least 1 */
    char user[128];
    char password[512];
    char database[128];
    bool has_sslmode;
    bool is_direct; /* sslnegotiation=direct */
    enum dg_sslmode sslmode;
    char ca_file[256]; /* sslrootcert */
    char cert_file[256];
    char key_file[256];
};
enum dg_status dg_url_parse(const char *text, struct dg_url *url, struct dg_error *error) DG_MUST_CHECK;
/* All upstreams, the options' own first; how many. Borrows from the config. */
size_t dg_config_upstreams(const struct dg_config *config, struct dg_upstream_option list[DG_MAX_UPSTREAMS]);
/* Their URLs in this order. They hold passwords: for explicit_bzero afterwards. */
enum dg_status dg_config_parse_upstreams(const struct dg_config *config, struct dg_url urls[DG_MAX_UPSTREAMS],
                                         size_t *n, struct dg_error *error) DG_MUST_CHECK;
/* "host:port", "[address]:port"; a folder percent-encoded, as the URL has it. */
void dg_url_print_host(const struct dg_url_host *host, struct dg_text *out);
/* "postgres://user@host:port,host:port/db" without the password and parameters. */
void dg_url_print(const struct dg_url *url, struct dg_text *out);
/* How the database is reached by TLS: what the URL says, else the server_tls options. Borrows from both. */
struct dg_server_tls {
    enum dg_sslmode sslmode;
    const char *ca_file; /* none of the files is NULL; "": none */
    const char *cert_file;
    const char *key_file;
    bool is_direct;
};
void dg_config_server_tls(const struct dg_config *config, const struct dg_url *url, struct dg_server_tls *tls);
/* Splits HOST:PORT ("[::1]:5442", "127.0.0.1:0"); an empty host is an error, the port is 0 to 65535. */
enum dg_status dg_address_parse(const char *text, char host[256], char port[8], struct dg_error *error) DG_MUST_CHECK;

/* One address of a list such as "127.0.0.1:5442, /run/driftguard/.s.PGSQL.5442". */
#define DG_UNIX_PATH_BYTES 108 /* sizeof sun_path on Linux (unix(7)), the NUL included */
#define DG_LISTEN_MAX 16
struct dg_listen_address {
    char path[DG_UNIX_PATH_BYTES]; /* of a Unix socket; "": TCP */
    char host[256];
    char port[8];
};
/* Takes the first address off *rest, which is empty after the last. */
enum dg_status dg_listen_next(struct dg_str *rest, struct dg_listen_address *address,
                              struct dg_error *error) DG_MUST_CHECK;
/* The whole list: *n addresses, 1 to DG_LISTEN_MAX. */
enum dg_status dg_listen_check(const char *text, size_t *n, struct dg_error *error) DG_MUST_CHECK;

#endif
