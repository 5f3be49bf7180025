/*
 * driftguard run: builds the app, hands each part the narrowest piece, and waits in the main thread's event loop for
 * signals, admin requests and a slow tick. No session lives on this thread.
 *
 * SIGHUP reads the configuration again: a bad one leaves the running one in force and says so. SIGTERM and SIGINT end
 * the process; a second one ends it at once.
 */
#include <event2/event.h>
#include <event2/thread.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/notify.h"
#include "config/config.h"
#include "guard/guard.h"
#include "proxy/admin.h"
#include "proxy/proxy.h"
#include "proxy/tls_settings.h"
#include "schema/store.h"
#include "sql/analysis.h"

#define MAX_SETTINGS 256
#define TICK_S 2
#define DRAIN_POLL_MS 50
/* For sessions that were ended, to take their last words and go. */
#define LAST_WORDS_S 6
#define ADMIN_RETRY_MS 250

/* What the command line said; each flag is one setting "option=value", so that flags and --set are one mechanism. */
struct dg_run_arguments {
    const char *file;
    const char *settings[MAX_SETTINGS];
    size_t n_settings;
};

struct dg_app {
    const struct dg_run_arguments *arguments;
    struct dg_published config;
    struct dg_published tls;
    struct dg_url upstreams[DG_MAX_UPSTREAMS]; /* of the start; they hold passwords of the guard's own connections */
    char names[DG_MAX_UPSTREAMS][DG_UPSTREAM_NAME_BYTES];
    size_t n_upstreams;
    struct dg_log *log;
    struct dg_metrics *metrics;
    struct dg_metrics_shard *shard; /* the main thread's cells */
    struct dg_schema_store *store;
    struct dg_guard_shared *guard;
    struct dg_proxy *proxy;
    struct dg_admin *admin;
    struct dg_inherited inherited;
    struct dg_notify notify;
    struct event *on_watchdog;
    struct event_base *base;
    struct event *on_hangup;
    struct event *on_terminate;
    struct event *on_interrupt;
    struct event *on_tick;
    struct event *on_drain_poll;
    struct event *on_drain_timeout;
    struct event *on_admin_retry;
    bool has_ended_sessions;
};

/* The running config, borrowed until the next reload; only the main thread publishes. */
static const struct dg_config *running_config(struct dg_app *app)
{
    return (const struct dg_config *)app->config.object;
}

/* ---- arguments --------------------------------------------------------------------------------------------------- */

static const struct option long_options[] = {
    {"listen", required_argument, NULL, 'o'},
    {"upstream", required_argument, NULL, 'o'},
    {"admin", required_argument, NULL, 'o'},
    {"mode", required_argument, NULL, 'o'},
    {"workers", required_argument, NULL, 'o'},
    {"state-dir", required_argument, NULL, 'o'},
    {"config", required_argument, NULL, 'c'},
    {"set", required_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

/* "--state-dir X" is the setting "state_dir=X". The string lives as long as the process. */
static char *setting_of_flag(const char *flag, const char *value)
{
    char *setting = NULL;

    if (asprintf(&setting, "%s=%s", flag, value) < 0)
        return NULL;
    for (char *c = setting; *c != '='; c++)
        *c = *c == '-' ? '_' : *c;
    return setting;
}

static int read_arguments(int argc, char **argv, struct dg_run_arguments *arguments)
{
    int option = 0;
    int index = 0;

    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1) {
        if (option == '?')
            return dg_usage_error("run", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        if (option == 'c') {
            arguments->file = optarg;
            continue;
        }
        if (arguments->n_settings == MAX_SETTINGS)
            return dg_usage_error("run", "more than %d options", MAX_SETTINGS);
        const char *setting = option == 's' ? strdup(optarg) : setting_of_flag(long_options[index].name, optarg);
        if (setting == NULL)
            return dg_usage_error("run", "no memory");
        arguments->settings[arguments->n_settings++] = setting;
    }
    if (optind < argc)
        return dg_usage_error("run", "unexpected argument \"%s\"", argv[optind]);
    return DG_EXIT_OK;
}

static enum dg_status load_config(const struct dg_run_arguments *arguments, struct dg_config **config,
                                  struct dg_error *error)
{
    const struct dg_config_sources sources = {
        .file = arguments->file != NULL ? arguments->file : getenv("DRIFTGUARD_CONFIG"),
        .settings = arguments->settings,
        .n_settings = arguments->n_settings,
        .environ_vars = (const char *const *)environ,
    };

    return dg_config_load(&sources, config, error);
}

/* ---- life cycle -------------------------------------------------------------------------------------------------- */

static void publish_mode(struct dg_app *app)
{
    const enum dg_mode current = running_config(app)->mode;

    for (int mode = DG_MODE_OFF; mode <= DG_MODE_ENFORCE; mode++) {
        const char *labels[] = {dg_mode_name((enum dg_mode)mode)};
        dg_metrics_set(app->metrics, DG_FAMILY_MODE, labels, mode == (int)current ? 1 : 0);
    }
}

/* What the store copies from; one on the stack of whoever asks. */
struct schema_settings {
    struct dg_schema_host hosts[DG_MAX_UPSTREAMS][DG_URL_MAX_HOSTS];
    struct dg_schema_upstream upstreams[DG_MAX_UPSTREAMS];
    struct dg_schema_options options;
};

static void describe_upstream(const struct dg_config *config, const char *name, const struct dg_url *url,
                              struct dg_schema_host *hosts, struct dg_schema_upstream *upstream)
{
    struct dg_server_tls tls;

    dg_config_server_tls(config, url, &tls);
    for (size_t i = 0; i < url->n_hosts; i++)
        hosts[i] = (struct dg_schema_host){url->hosts[i].host, url->hosts[i].port};
    *upstream = (struct dg_schema_upstream){
        .name = name,
        .hosts = hosts,
        .n_hosts = url->n_hosts,
        .sslmode = dg_server_sslmode_name(tls.sslmode),
        .ssl_ca_file = tls.ca_file,
        .ssl_cert_file = tls.cert_file,
        .ssl_key_file = tls.key_file,
        .ssl_is_direct = tls.is_direct,
        .user = url->user[0] == '\0' ? NULL : url->user,
        .password = url->password[0] == '\0' ? NULL : url->password,
        .password_file = config->schema_password_file,
        .database = url->database,
    };
}

static void read_schema_settings(const struct dg_app *app, const struct dg_config *config,
                                 struct schema_settings *settings)
{
    for (size_t i = 0; i < app->n_upstreams; i++)
        describe_upstream(config, app->names[i], &app->upstreams[i], settings->hosts[i], &settings->upstreams[i]);
    settings->options = (struct dg_schema_options){
        .upstreams = settings->upstreams,
        .n_upstreams = app->n_upstreams,
        .state_dir = config->state_dir,
        .poll_ms = (uint32_t)config->poll_ms,
        .min_reload_interval_ms = (uint32_t)config->min_reload_interval_ms,
        .statement_timeout_ms = (uint32_t)config->schema_statement_timeout_ms,
        .connect_timeout_ms = (uint32_t)config->schema_connect_timeout_ms,
        .max_databases = (size_t)config->max_databases,
        .max_snapshot_bytes = (size_t)config->max_snapshot_bytes,
    };
}

static void reload(struct dg_app *app)
{
    struct dg_config *config = NULL;
    struct dg_tls_settings *tls = NULL;
    struct dg_error error = {0};

    enum dg_status status = load_config(app->arguments, &config, &error);
    if (status == DG_OK)
        status = dg_tls_settings_new(config, app->upstreams, app->n_upstreams, &tls, &error);
    if (status != DG_OK) {
        dg_config_unref(config);
        dg_logf(app->log, DG_LOG_ERROR, "config_rejected",
                "the new configuration is invalid; the running one stays in force", dg_field_str("error", error.text));
        return;
    }
    const char *option = dg_config_needs_restart(running_config(app), config);
    if (option != NULL) {
        dg_logf(app->log, DG_LOG_WARNING, "restart_needed", "an option changed that is read only at the start",
                dg_field_str("option", option));
    }
    dg_published_set(&app->config, &config->shared);
    dg_published_set(&app->tls, &tls->shared);
    dg_proxy_reload(app->proxy);
    struct schema_settings settings;
    read_schema_settings(app, config, &settings);
    dg_schema_store_set_options(app->store, &settings.options);
    dg_log_set_threshold(app->log, config->log_level);
    publish_mode(app);
    dg_logf(app->log, DG_LOG_INFO, "config_reloaded", "the configuration was read again",
            dg_field_str("mode", dg_mode_name(config->mode)));
}

/* READY=1 whatever became of it: the running configuration is in force. A drain is not to be called off by it. */
static void on_hangup(evutil_socket_t signal_number, short events, void *context)
{
    struct dg_app *app = context;

    (void)signal_number;
    (void)events;
    if (!dg_proxy_is_draining(app->proxy))
        dg_notify_send_reloading(&app->notify);
    reload(app);
    if (!dg_proxy_is_draining(app->proxy))
        dg_notify_send(&app->notify, "READY=1");
}

/* Says that all is well if each worker's loop has turned since the last time, and this one does. */
static void on_watchdog(evutil_socket_t fd, short events, void *context)
{
    struct dg_app *app = context;

    (void)fd;
    (void)events;
    if (dg_proxy_ping(app->proxy))
        dg_notify_send(&app->notify, "WATCHDOG=1");
}

/* The admin server's switch. It holds until SIGHUP reads the configuration again. */
static bool lower_ceiling(void *context, enum dg_mode ceiling)
{
    struct dg_app *app = context;
    struct dg_config *config = dg_config_lowered((struct dg_config *)app->config.object, ceiling);

    if (config == NULL)
        return false;
    dg_published_set(&app->config, &config->shared);
    publish_mode(app);
    dg_logf(app->log, DG_LOG_WARNING, "ceiling_lowered", "no session gets a higher mode than this until SIGHUP",
            dg_field_str("mode_ceiling", dg_mode_name(running_config(app)->mode_ceiling)));
    return true;
}

static void on_drain_poll(evutil_socket_t fd, short events, void *context)
{
    struct dg_app *app = context;

    (void)fd;
    (void)events;
    if (dg_proxy_open_sessions(app->proxy) == 0)
        event_base_loopbreak(app->base);
}

/* First relay.drain_timeout_ms is over, then the time for last words. */
static void on_drain_timeout(evutil_socket_t fd, short events, void *context)
{
    struct dg_app *app = context;
    const struct timeval rest = {.tv_sec = LAST_WORDS_S};

    (void)fd;
    (void)events;
    if (app->has_ended_sessions || event_add(app->on_drain_timeout, &rest) != 0) {
        event_base_loopbreak(app->base);
        return;
    }
    app->has_ended_sessions = true;
    dg_logf(app->log, DG_LOG_WARNING, "drain_timeout", "sessions that were not idle in time are ended",
            dg_field_int("sessions", (int64_t)dg_proxy_open_sessions(app->proxy)),
            dg_field_int("relay.drain_timeout_ms", running_config(app)->drain_timeout_ms));
    dg_proxy_end_sessions(app->proxy);
}

static bool add_drain_events(struct dg_app *app)
{
    const int64_t timeout_ms = running_config(app)->drain_timeout_ms;
    const struct timeval interval = {.tv_usec = DRAIN_POLL_MS * 1000};
    const struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

    return event_add(app->on_drain_poll, &interval) == 0 && event_add(app->on_drain_timeout, &timeout) == 0;
}

/* The first signal drains: sessions end when they are idle, and all of them when the time is over. The second ends the
   process. */
static void on_terminate(evutil_socket_t signal_number, short events, void *context)
{
    struct dg_app *app = context;

    (void)signal_number;
    (void)events;
    if (dg_proxy_is_draining(app->proxy) || !add_drain_events(app)) {
        event_base_loopbreak(app->base);
        return;
    }
    dg_logf(app->log, DG_LOG_INFO, "draining",
            "no new connections; sessions end when they are idle; a second signal ends all",
            dg_field_int("sessions", (int64_t)dg_proxy_open_sessions(app->proxy)));
    dg_notify_send(&app->notify, "STOPPING=1\nSTATUS=draining: sessions end when they are idle");
    dg_proxy_drain(app->proxy);
}

static void on_tick(evutil_socket_t fd, short events, void *context)
{
    struct dg_app *app = context;

    (void)fd;
    (void)events;
    dg_guard_tick(app->guard);
    dg_count(app->shard, DG_CELL_LOG_DROPPED,
             dg_log_dropped(app->log) - dg_metrics_cell(app->metrics, DG_CELL_LOG_DROPPED));
}

static enum dg_status add_events(struct dg_app *app)
{
    const struct timeval tick = {.tv_sec = TICK_S};

    app->on_hangup = evsignal_new(app->base, SIGHUP, on_hangup, app);
    app->on_terminate = evsignal_new(app->base, SIGTERM, on_terminate, app);
    app->on_interrupt = evsignal_new(app->base, SIGINT, on_terminate, app);
    app->on_tick = event_new(app->base, -1, EV_PERSIST, on_tick, app);
    app->on_drain_poll = event_new(app->base, -1, EV_PERSIST, on_drain_poll, app);
    app->on_drain_timeout = event_new(app->base, -1, 0, on_drain_timeout, app);
    if (app->on_hangup == NULL || app->on_terminate == NULL || app->on_interrupt == NULL || app->on_tick == NULL ||
        app->on_drain_poll == NULL || app->on_drain_timeout == NULL)
        return DG_NO_MEMORY;
    if (evsignal_add(app->on_hangup, NULL) != 0 || evsignal_add(app->on_terminate, NULL) != 0 ||
        evsignal_add(app->on_interrupt, NULL) != 0 || event_add(app->on_tick, &tick) != 0)
        return DG_NO_MEMORY;
    return DG_OK;
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

/* Top floor first: whoever is freed may still use what stands below. */
static void app_fini(struct dg_app *app)
{
    dg_admin_free(app->admin);
    dg_schema_store_stop(app->store); /* it answers into the workers' mailboxes */
    dg_proxy_free(app->proxy);
    if (app->guard != NULL)
        dg_guard_shared_free(app->guard);
    if (app->store != NULL)
        dg_schema_store_free(app->store);
    free_event(app->on_hangup);
    free_event(app->on_terminate);
    free_event(app->on_interrupt);
    free_event(app->on_tick);
    free_event(app->on_drain_poll);
    free_event(app->on_drain_timeout);
    free_event(app->on_admin_retry);
    free_event(app->on_watchdog);
    dg_notify_close(&app->notify);
    if (app->base != NULL)
        event_base_free(app->base);
    dg_log_free(app->log);
    if (app->metrics != NULL)
        dg_metrics_free(app->metrics);
    dg_published_fini(&app->config);
    dg_published_fini(&app->tls);
    explicit_bzero(app->upstreams, sizeof(app->upstreams));
    libevent_global_shutdown();
}

static enum dg_status try_admin(struct dg_app *app, struct dg_error *error)
{
    const struct dg_admin_parts parts = {.metrics = app->metrics,
                                         .guard = app->guard,
                                         .store = app->store,
                                         .proxy = app->proxy,
                                         .log = app->log,
                                         .lower_ceiling = lower_ceiling,
                                         .context = app};

    return dg_admin_new(app->base, running_config(app)->admin, &parts, &app->admin, error);
}

static void on_admin_retry(evutil_socket_t fd, short events, void *context)
{
    struct dg_app *app = context;

    (void)fd;
    (void)events;
    if (try_admin(app, NULL) != DG_OK)
        return;
    event_del(app->on_admin_retry);
    dg_logf(app->log, DG_LOG_INFO, "admin_listens", "the admin address is free, and served from now on",
            dg_field_str("admin", running_config(app)->admin));
}

/* On inherited sockets the process before us may still be there, draining, and its pages with it. Clients do not wait for
   that. */
static enum dg_status open_admin(struct dg_app *app, struct dg_error *error)
{
    const struct timeval interval = {.tv_usec = ADMIN_RETRY_MS * 1000};
    enum dg_status status = try_admin(app, error);

    if (status != DG_IN_USE || app->inherited.n_fds == 0)
        return status;
    dg_logf(app->log, DG_LOG_WARNING, "admin_waits", "the admin address is in use; it is tried again until it is free",
            dg_field_str("admin", running_config(app)->admin));
    app->on_admin_retry = event_new(app->base, -1, EV_PERSIST, on_admin_retry, app);
    if (app->on_admin_retry == NULL || event_add(app->on_admin_retry, &interval) != 0)
        return dg_error_set(error, DG_NO_MEMORY, "no memory for the admin server");
    return DG_OK;
}

static enum dg_status start_parts(struct dg_app *app, struct dg_error *error)
{
    const struct dg_config *config = running_config(app);
    struct schema_settings settings;
    enum dg_status status = DG_OK;

    app->base = event_base_new();
    app->metrics = dg_metrics_new();
    app->log = dg_log_new(STDERR_FILENO, config->log_format, config->log_level, (size_t)config->log_queue_bytes);
    app->shard = app->metrics == NULL ? NULL : dg_metrics_shard_new(app->metrics);
    if (app->base == NULL || app->shard == NULL || app->log == NULL || add_events(app) != DG_OK)
        return dg_error_set(error, DG_NO_MEMORY, "no memory or no thread for the start");
    read_schema_settings(app, config, &settings);
    if ((status = dg_schema_store_new(&settings.options, app->metrics, app->log, &app->store, error)) != DG_OK)
        return status;
    app->guard = dg_guard_shared_new(&app->config, app->store, app->metrics, app->log);
    if (app->guard == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "no memory for the guard");
    const struct dg_proxy_parts proxy_parts = {&app->config, &app->tls, app->guard,
                                               app->metrics, app->log,  &app->inherited};
    if ((status = dg_proxy_new(&proxy_parts, &app->proxy, error)) != DG_OK)
        return status;
    if (config->admin[0] != '\0' && (status = open_admin(app, error)) != DG_OK)
        return status;
    return dg_proxy_start(app->proxy, error);
}

static void log_further_upstreams(struct dg_app *app)
{
    struct dg_upstream_option list[DG_MAX_UPSTREAMS];
    size_t n = dg_config_upstreams(running_config(app), list);

    for (size_t i = 1; i < n; i++) {
        struct dg_text url;
        dg_text_init(&url, 8192);
        dg_url_print(&app->upstreams[i], &url);
        dg_logf(app->log, DG_LOG_INFO, "upstream", "a further upstream", dg_field_str("name", list[i].name),
                dg_field_str("listen", list[i].listen), dg_field_str("upstream", dg_text_get(&url)));
        dg_text_fini(&url);
    }
}

/* The first line of the log: enough to know from a log alone what ran. */
static void log_start(struct dg_app *app)
{
    const struct dg_config *config = running_config(app);
    const char *build_labels[] = {DG_VERSION, dg_sql_parser_version()};
    struct dg_server_tls tls;
    struct dg_text upstream;

    dg_config_server_tls(config, &app->upstreams[0], &tls);
    dg_text_init(&upstream, 2048);
    dg_url_print(&app->upstreams[0], &upstream);
    dg_metrics_set(app->metrics, DG_FAMILY_BUILD_INFO, build_labels, 1);
    publish_mode(app);
    dg_logf(app->log, DG_LOG_INFO, "started", "driftguard listens", dg_field_str("version", DG_VERSION),
            dg_field_str("parser", dg_sql_parser_version()), dg_field_str("mode", dg_mode_name(config->mode)),
            dg_field_str("environment", config->environment), dg_field_str("listen", dg_proxy_address(app->proxy)),
            dg_field_str("upstream", dg_text_get(&upstream)), dg_field_str("admin", config->admin),
            dg_field_str("client_tls", dg_client_sslmode_name(config->client_tls_sslmode)),
            dg_field_str("server_tls", dg_server_sslmode_name(tls.sslmode)), dg_field_int("workers", config->workers),
            dg_field_int("max_sessions", config->max_sessions),
            dg_field_int("max_buffer_bytes", config->max_buffer_bytes),
            dg_field_int("max_inspect_bytes", config->max_inspect_bytes),
            dg_field_int("max_inspect_tokens", config->max_inspect_tokens),
            dg_field_int("max_snapshot_bytes", config->max_snapshot_bytes));
    dg_text_fini(&upstream);
}

static enum dg_status read_upstreams(struct dg_app *app, struct dg_error *error)
{
    struct dg_upstream_option list[DG_MAX_UPSTREAMS];
    size_t n = dg_config_upstreams(running_config(app), list);

    for (size_t i = 0; i < n; i++)
        snprintf(app->names[i], sizeof(app->names[i]), "%s", list[i].name);
    return dg_config_parse_upstreams(running_config(app), app->upstreams, &app->n_upstreams, error);
}

/* Clients are accepted from here on. Without memory for the watchdog's timer the supervisor will act, as it should. */
static void notify_ready(struct dg_app *app)
{
    const uint64_t interval_ms = app->notify.watchdog_ms;
    const struct timeval interval = {(time_t)(interval_ms / 1000), (suseconds_t)(interval_ms % 1000 * 1000)};
    char lines[1200];

    (void)snprintf(lines, sizeof lines, "READY=1\nSTATUS=listens on %.1000s", dg_proxy_address(app->proxy));
    dg_notify_send(&app->notify, lines);
    if (interval_ms == 0)
        return;
    app->on_watchdog = event_new(app->base, -1, EV_PERSIST, on_watchdog, app);
    if (app->on_watchdog != NULL)
        (void)event_add(app->on_watchdog, &interval);
}

static enum dg_status app_run(struct dg_app *app, struct dg_error *error)
{
    if (running_config(app)->upstream[0] == '\0')
        return dg_error_set(error, DG_USAGE, "no upstream: say --upstream postgres://HOST:PORT[/DATABASE]");
    enum dg_status status = read_upstreams(app, error);
    struct dg_tls_settings *tls = NULL;

    if (status == DG_OK)
        status = dg_tls_settings_new(running_config(app), app->upstreams, app->n_upstreams, &tls, error);
    if (status == DG_OK)
        dg_published_set(&app->tls, &tls->shared);
    if (status == DG_OK)
        status = start_parts(app, error);
    if (status == DG_OK) {
        log_start(app);
        log_further_upstreams(app);
        notify_ready(app);
        if (event_base_dispatch(app->base) < 0)
            status = dg_error_set(error, DG_INTERNAL, "the main event loop failed");
        dg_logf(app->log, DG_LOG_INFO, "stopped", "driftguard ends",
                dg_field_int("sessions", (int64_t)dg_proxy_open_sessions(app->proxy)));
    }
    return status;
}

/* Beside an application, PG* are the application's and may name the guard itself; libpq would take PGSERVICE, PGSSLMODE
   and their like for our own connection. PGPASSFILE stays: it says where a password is, not where to go. */
static void forget_application_environment(void)
{
    size_t i = 0;

    while (environ != NULL && environ[i] != NULL) {
        char name[128];
        size_t len = strcspn(environ[i], "=");
        bool is_postgres = strncmp(environ[i], "PG", 2) == 0 && len < sizeof(name);
        (void)snprintf(name, sizeof(name), "%.*s", (int)len, environ[i]);
        /* unsetenv closes the gap, so the next one stands at the same place. */
        if (!is_postgres || strcmp(name, "PGPASSFILE") == 0 || unsetenv(name) != 0)
            i++;
    }
}

int dg_command_run(int argc, char **argv)
{
    struct dg_run_arguments arguments = {0};
    struct dg_app app = {.arguments = &arguments, .notify = {.fd = -1}};
    struct dg_config *config = NULL;
    struct dg_error error = {0};

    int code = read_arguments(argc, argv, &arguments);
    if (code == DG_EXIT_OK) {
        forget_application_environment();
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow (ulimit -f) is a write that fails */
        (void)evthread_use_pthreads();
        dg_published_init(&app.config);
        dg_published_init(&app.tls);
        enum dg_status status = dg_inherited_take(&app.inherited, &error);
        if (status == DG_OK)
            status = dg_notify_open(&app.notify, &error);
        if (status == DG_OK)
            status = load_config(&arguments, &config, &error);
        if (status == DG_OK) {
            dg_published_set(&app.config, &config->shared);
            status = app_run(&app, &error);
        }
        app_fini(&app);
        code = status == DG_OK ? DG_EXIT_OK : dg_report_error("run", &error);
    }
    for (size_t i = 0; i < arguments.n_settings; i++)
        free((void *)(uintptr_t)arguments.settings[i]);
    return code;
}
