/*
 * The connection: libpq without its blocking calls. Connecting, sending and reading are driven here with poll(), so
 * each has a deadline and can be woken.
 *
 * What an error says. libpq is told to give only severity and SQLSTATE of what a server answers (PQERRORS_SQLSTATE);
 * the words are ours, from a table. So no text of a server, which may hold literals, gets into a log, and advice can be
 * given whatever the server's language. Only failures to reach a server are in libpq's words; these name an address.
 */
#include "schema/catalog.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* Beyond the server's own statement_timeout, for the answer to arrive. */
#define GRACE_MS 2000u
#define MAX_CONNINFO_BYTES 8192u

struct dg_catalog {
    PGconn *connection;
    int wake_fd;
    uint32_t statement_timeout_ms;
    bool is_usable;
    char sqlstate[6];
    char where[384]; /* "HOST:PORT", "HOST:PORT (ADDRESS)" */
    char database[128];
    char user[128];
};

/* ---- Errors ------------------------------------------------------------------------------------------------------ */

struct reason {
    const char *sqlstate;
    const char *text; /* what to do; %1 database, %2 user are filled in by describe() */
};

static const struct reason reasons[] = {
    {"28P01", "the password of user %2 was refused: put the right one into the upstream's password file or PGPASSFILE"},
    {"28000", "pg_hba.conf has no entry that lets user %2 into database %1 from here: add one"},
    {"3D000", "database %1 does not exist"},
    {"42501", "user %2 may not connect to database %1 or may not read its catalogs: GRANT CONNECT ON DATABASE %1 "
              "TO %2"},
    {"53300", "too many connections: raise max_connections or the connection limit of user %2 or database %1"},
    {"55000", "database %1 does not accept connections"},
    {"57P03", "the server is starting up or shutting down"},
    {"57P01", "the server ended the connection: it is shutting down, or an administrator ended it"},
    {"57P04", "database %1 was dropped"},
    {"57014", "the read was cancelled, as by statement_timeout: raise schema.statement_timeout"},
    {"55P03", "a catalog was locked for longer than lock_timeout"},
};

/* Replaces %1 and %2 by identifiers as SQL would have them, so that what is to be typed can be pasted from the log. */
static void describe(const struct dg_catalog *catalog, const char *text, struct dg_text *out)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '%' && (text[1] == '1' || text[1] == '2')) {
            dg_text_sql_identifier(out, dg_str_of(text[1] == '1' ? catalog->database : catalog->user), false);
            text++;
        } else {
            dg_text_char(out, *text);
        }
    }
}

static bool is_sqlstate(const char *text)
{
    for (size_t i = 0; i < 5; i++)
        if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'A' && text[i] <= 'Z'))
            return false;
    return text[5] == '\0' || text[5] == '\n' || text[5] == ' ';
}

/* The SQLSTATE in a message of the form "...FATAL:  3D000\n", or "". */
static void find_sqlstate(const char *message, char sqlstate[6])
{
    sqlstate[0] = '\0';
    for (const char *at = strstr(message, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        if (!is_sqlstate(at + 3))
            continue;
        memcpy(sqlstate, at + 3, 5);
        sqlstate[5] = '\0';
        return;
    }
}

/* The server's refusal, by its SQLSTATE, in our words. */
static enum dg_status server_failure(struct dg_catalog *catalog, const char *doing, struct dg_error *error)
{
    char memory[sizeof error->text];
    struct dg_text text;
    dg_text_init_fixed(&text, memory, sizeof memory);
    const char *reason = "the server refused";
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reasons[i].sqlstate, catalog->sqlstate) == 0)
            reason = reasons[i].text;
    describe(catalog, reason, &text);
    enum dg_status status = strcmp(catalog->sqlstate, "57014") == 0 ? DG_TIMEOUT : DG_DATABASE;
    return dg_error_set(error, status, "%s %s: %s (SQLSTATE %s)", doing, catalog->where, dg_text_get(&text),
                        catalog->sqlstate);
}

/* libpq's own words for not reaching a server; first line, without its newline. */
static enum dg_status local_failure(const struct dg_catalog *catalog, enum dg_status status, const char *doing,
                                    struct dg_error *error)
{
    const char *message = PQerrorMessage(catalog->connection);
    return dg_error_set(error, status, "%s %s: %.*s", doing, catalog->where, (int)strcspn(message, "\n"), message);
}

static enum dg_status deadline_passed(const struct dg_catalog *catalog, const char *doing, struct dg_error *error)
{
    return dg_error_set(error, DG_TIMEOUT, "%s %s: no answer within the deadline", doing, catalog->where);
}

/* ---- Waiting ----------------------------------------------------------------------------------------------------- */

/* Until the socket is ready for `events`, the deadline passes or somebody wakes us. */
static enum dg_status wait_for_socket(const struct dg_catalog *catalog, short events, uint64_t deadline_ms)
{
    struct pollfd polled[2] = {{PQsocket(catalog->connection), events, 0}, {catalog->wake_fd, POLLIN, 0}};
    for (;;) {
        uint64_t now = dg_clock_monotonic_ms();
        if (now >= deadline_ms)
            return DG_TIMEOUT;
        uint64_t left = deadline_ms - now;
        /* poll() passes over a negative descriptor, which wake_fd may be. */
        int n = poll(polled, 2, left > 60000 ? 60000 : (int)left);
        if (n < 0 && errno != EINTR)
            return DG_IO;
        if (n > 0 && polled[1].revents != 0)
            return DG_TIMEOUT;
        if (n > 0 && polled[0].revents != 0)
            return DG_OK;
    }
}

/* ---- Connecting -------------------------------------------------------------------------------------------------- */

static enum dg_status finish_connecting(struct dg_catalog *catalog, uint32_t timeout_ms, struct dg_error *error)
{
    PGconn *connection = catalog->connection;
    uint64_t deadline_ms = dg_clock_monotonic_ms() + timeout_ms;
    if (PQstatus(connection) == CONNECTION_BAD)
        return local_failure(catalog, DG_IO, "connecting to", error);
    PQsetErrorVerbosity(connection, PQERRORS_SQLSTATE);
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (wait_for_socket(catalog, events, deadline_ms) != DG_OK)
            return deadline_passed(catalog, "connecting to", error);
        next = PQconnectPoll(connection);
    }
    if (next == PGRES_POLLING_OK)
        return PQsetnonblocking(connection, 1) == 0 ? DG_OK : local_failure(catalog, DG_IO, "connecting to", error);
    find_sqlstate(PQerrorMessage(connection), catalog->sqlstate);
    if (catalog->sqlstate[0] != '\0') {
        enum dg_status status = server_failure(catalog, "connecting to", error);
        return strcmp(catalog->sqlstate, "57P03") == 0 ? DG_IO : status;
    }
    return local_failure(catalog, DG_IO, "connecting to", error);
}

/* Notices of the server go nowhere: they would land on standard error. */
static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

static enum dg_status connect_with(const char *conninfo, const char *where, const char *database, const char *user,
                                   const struct dg_catalog_parameters *parameters, struct dg_catalog **result,
                                   struct dg_error *error)
{
    *result = NULL;
    struct dg_catalog *catalog = calloc(1, sizeof *catalog);
    if (catalog == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    catalog->wake_fd = parameters->wake_fd;
    catalog->statement_timeout_ms = parameters->statement_timeout_ms > 0 ? parameters->statement_timeout_ms : 30000;
    snprintf(catalog->where, sizeof catalog->where, "%s", where);
    snprintf(catalog->database, sizeof catalog->database, "%s", database == NULL ? "" : database);
    snprintf(catalog->user, sizeof catalog->user, "%s", user == NULL ? "" : user);
    catalog->connection = PQconnectStart(conninfo);
    enum dg_status status;
    if (catalog->connection == NULL) {
        status = dg_error_set(error, DG_NO_MEMORY, "out of memory");
    } else {
        PQsetNoticeReceiver(catalog->connection, ignore_notice, NULL);
        uint32_t timeout_ms = parameters->connect_timeout_ms > 0 ? parameters->connect_timeout_ms : 10000;
        status = finish_connecting(catalog, timeout_ms, error);
    }
    catalog->is_usable = status == DG_OK;
    if (status != DG_OK && catalog->sqlstate[0] == '\0') {
        dg_catalog_close(catalog);
        return status;
    }
    *result = catalog;
    return status;
}

/* keyword='value', with libpq's escapes. An empty value is said too: it keeps libpq from asking the environment. */
static void add_keyword(struct dg_text *conninfo, const char *keyword, const char *value)
{
    dg_text_printf(conninfo, "%s='", keyword);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            dg_text_char(conninfo, '\\');
        dg_text_char(conninfo, *value);
    }
    dg_text_cstr(conninfo, "' ");
}

/* What no connection of ours takes from the environment or a URL: start-up options (poolers refuse them), an encoding
   other than the server's, a wish for a primary. */
static void add_fixed_keywords(struct dg_text *conninfo)
{
    add_keyword(conninfo, "options", "");
    add_keyword(conninfo, "client_encoding", "");
    add_keyword(conninfo, "application_name", "driftguard");
    add_keyword(conninfo, "target_session_attrs", "any");
}

/* A file that is not there, for libpq would take one of the home folder otherwise, and the sessions' connections do not. */
static const char *file_or_none(const char *path)
{
    return path == NULL || path[0] == '\0' ? "/nonexistent" : path;
}

/* As the sessions' own connections are made (proxy/secure.c). libpq below 17 cannot begin with TLS at once. */
static void add_tls_keywords(struct dg_text *conninfo, const struct dg_catalog_parameters *parameters)
{
    if (parameters->sslmode == NULL)
        return;
    add_keyword(conninfo, "sslmode", parameters->sslmode);
    add_keyword(conninfo, "sslrootcert", file_or_none(parameters->ssl_ca_file));
    add_keyword(conninfo, "sslcert", file_or_none(parameters->ssl_cert_file));
    add_keyword(conninfo, "sslkey", file_or_none(parameters->ssl_key_file));
    add_keyword(conninfo, "gssencmode", "disable");
    if (parameters->ssl_is_direct && PQlibVersion() >= 170000)
        add_keyword(conninfo, "sslnegotiation", "direct");
}

enum dg_status dg_catalog_open(const struct dg_catalog_parameters *parameters, struct dg_catalog **catalog,
                               struct dg_error *error)
{
    struct dg_text conninfo;
    char where[384];
    const char *hostaddr = parameters->hostaddr == NULL ? "" : parameters->hostaddr;
    dg_text_init(&conninfo, MAX_CONNINFO_BYTES);
    add_keyword(&conninfo, "host", parameters->host);
    add_keyword(&conninfo, "hostaddr", hostaddr);
    add_keyword(&conninfo, "port", parameters->port);
    add_keyword(&conninfo, "dbname", parameters->database);
    if (parameters->user != NULL)
        add_keyword(&conninfo, "user", parameters->user);
    if (parameters->password != NULL)
        add_keyword(&conninfo, "password", parameters->password);
    add_tls_keywords(&conninfo, parameters);
    add_fixed_keywords(&conninfo);
    *catalog = NULL;
    bool is_told = hostaddr[0] == '\0' || strcmp(hostaddr, parameters->host) == 0;
    snprintf(where, sizeof where, is_told ? "%s:%s" : "%s:%s (%s)", parameters->host, parameters->port, hostaddr);
    enum dg_status status;
    if (conninfo.failed)
        status = dg_error_set(error, DG_LIMIT, "the connection parameters for %s are too long", where);
    else
        status = connect_with(dg_text_get(&conninfo), where, parameters->database, parameters->user, parameters,
                              catalog, error);
    dg_text_fini(&conninfo);
    if (status != DG_OK && *catalog != NULL) {
        dg_catalog_close(*catalog);
        *catalog = NULL;
    }
    return status;
}

static const char *option_of(const PQconninfoOption *options, const char *keyword, const char *otherwise)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL)
            return option->val;
    return otherwise;
}

/* A password with a bare "@" or "/" in it is read as part of host, port or database, and those stand in error texts. */
static bool is_password_misread(const PQconninfoOption *options)
{
    const char *port = option_of(options, "port", "");
    bool is_number = port[strspn(port, "0123456789,")] == '\0';
    bool has_user = option_of(options, "user", NULL) != NULL;
    return !is_number || strchr(option_of(options, "host", ""), '@') != NULL ||
           (!has_user && strchr(option_of(options, "dbname", ""), '@') != NULL);
}

/* Copies what the URL says, except for what is fixed. */
static enum dg_status conninfo_from_url(const PQconninfoOption *options, struct dg_text *conninfo,
                                        struct dg_error *error)
{
    static const char *const fixed[] = {"options", "client_encoding", "application_name", "target_session_attrs"};
    if (is_password_misread(options))
        return dg_error_set(error, DG_USAGE,
                            "the connection URL cannot be told apart: in a password, write %%40 for @ and %%2F for /");
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        bool is_left_out = option->val == NULL;
        for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
            is_left_out = is_left_out || strcmp(option->keyword, fixed[i]) == 0;
        if (!is_left_out)
            add_keyword(conninfo, option->keyword, option->val);
    }
    add_fixed_keywords(conninfo);
    return conninfo->failed ? dg_error_set(error, DG_LIMIT, "the connection URL is too long") : DG_OK;
}

enum dg_status dg_catalog_connect(const char *url, uint32_t connect_timeout_ms, uint32_t statement_timeout_ms,
                                  struct dg_catalog **catalog, struct dg_error *error)
{
    *catalog = NULL;
    /* libpq's complaint quotes parts of the URL, a password perhaps among them. */
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    if (options == NULL)
        return dg_error_set(error, DG_USAGE, "the connection URL does not parse: postgres://user@host:port/database");
    struct dg_text conninfo;
    char where[256];
    dg_text_init(&conninfo, MAX_CONNINFO_BYTES);
    enum dg_status status = conninfo_from_url(options, &conninfo, error);
    if (status == DG_OK) {
        const struct dg_catalog_parameters parameters = {
            .connect_timeout_ms = connect_timeout_ms, .statement_timeout_ms = statement_timeout_ms, .wake_fd = -1};
        const char *user = option_of(options, "user", "");
        snprintf(where, sizeof where, "%s:%s", option_of(options, "host", "(default)"),
                 option_of(options, "port", "(default)"));
        status = connect_with(dg_text_get(&conninfo), where, option_of(options, "dbname", user), user, &parameters,
                              catalog, error);
    }
    dg_text_fini(&conninfo);
    PQconninfoFree(options);
    if (status != DG_OK && *catalog != NULL) {
        dg_catalog_close(*catalog);
        *catalog = NULL;
    }
    return status;
}

void dg_catalog_close(struct dg_catalog *catalog)
{
    if (catalog == NULL)
        return;
    PQfinish(catalog->connection);
    free(catalog);
}

bool dg_catalog_is_usable(const struct dg_catalog *catalog)
{
    return catalog->is_usable && PQstatus(catalog->connection) == CONNECTION_OK;
}

const char *dg_catalog_sqlstate(const struct dg_catalog *catalog)
{
    return catalog->sqlstate;
}

void dg_catalog_address(const struct dg_catalog *catalog, struct dg_address *address)
{
    address->len = sizeof address->storage;
    if (getpeername(PQsocket(catalog->connection), (struct sockaddr *)&address->storage, &address->len) != 0)
        address->len = 0;
    /* A server's socket is known by the path that clients use, which may not be the one that it was bound to. */
    else if (address->storage.ss_family == AF_UNIX &&
             !dg_address_of_socket(PQhost(catalog->connection), PQport(catalog->connection), address))
        address->len = 0;
}

int dg_catalog_backend_pid(const struct dg_catalog *catalog)
{
    return PQbackendPID(catalog->connection);
}

int dg_catalog_server_version(const struct dg_catalog *catalog)
{
    return PQserverVersion(catalog->connection);
}

/* ---- Statements -------------------------------------------------------------------------------------------------- */

static enum dg_status flush(struct dg_catalog *catalog, uint64_t deadline_ms)
{
    int left;
    while ((left = PQflush(catalog->connection)) == 1) {
        enum dg_status status = wait_for_socket(catalog, POLLIN | POLLOUT, deadline_ms);
        if (status != DG_OK)
            return status;
        if (PQconsumeInput(catalog->connection) == 0)
            return DG_IO;
    }
    return left == 0 ? DG_OK : DG_IO;
}

/* Waits until PQgetResult will not block. */
static enum dg_status wait_for_result(struct dg_catalog *catalog, uint64_t deadline_ms)
{
    while (PQisBusy(catalog->connection)) {
        enum dg_status status = wait_for_socket(catalog, POLLIN, deadline_ms);
        if (status != DG_OK)
            return status;
        if (PQconsumeInput(catalog->connection) == 0)
            return DG_IO;
    }
    return DG_OK;
}

/* What one result means: rows go to on_row, an error's SQLSTATE is kept. */
static enum dg_status take_result(struct dg_catalog *catalog, const PGresult *result, dg_row_fn on_row, void *context)
{
    ExecStatusType kind = PQresultStatus(result);
    if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK || kind == PGRES_EMPTY_QUERY)
        return DG_OK;
    if (kind == PGRES_SINGLE_TUPLE) {
        const struct dg_row row = {result, 0};
        return on_row == NULL ? DG_OK : on_row(&row, context);
    }
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate != NULL)
        snprintf(catalog->sqlstate, sizeof catalog->sqlstate, "%s", sqlstate);
    return DG_DATABASE;
}

/* Reads all results of what was sent. A failure of on_row or of the connection leaves it unusable. */
static enum dg_status read_results(struct dg_catalog *catalog, dg_row_fn on_row, void *context)
{
    uint64_t deadline_ms = dg_clock_monotonic_ms() + catalog->statement_timeout_ms + GRACE_MS;
    enum dg_status status = flush(catalog, deadline_ms);
    enum dg_status failure = DG_OK;
    while (status == DG_OK) {
        status = wait_for_result(catalog, deadline_ms);
        PGresult *result = status == DG_OK ? PQgetResult(catalog->connection) : NULL;
        if (result == NULL)
            break;
        enum dg_status taken = take_result(catalog, result, on_row, context);
        PQclear(result);
        /* After a server's error the rest is read to its end; after one of ours the rest may be long. */
        if (taken == DG_DATABASE)
            failure = taken;
        else
            status = taken;
    }
    if (status != DG_OK)
        catalog->is_usable = false;
    return status != DG_OK ? status : failure;
}

static enum dg_status report(struct dg_catalog *catalog, enum dg_status status, struct dg_error *error)
{
    if (status == DG_OK)
        return DG_OK;
    if (status == DG_TIMEOUT)
        return deadline_passed(catalog, "reading the catalogs of", error);
    if (status == DG_DATABASE && catalog->sqlstate[0] != '\0')
        return server_failure(catalog, "reading the catalogs of", error);
    if (status == DG_LIMIT)
        return dg_error_set(error, status, "the schema of database \"%s\" is larger than schema.max_snapshot_bytes",
                            catalog->database);
    if (status == DG_IO || status == DG_DATABASE) {
        catalog->is_usable = false;
        return local_failure(catalog, DG_DATABASE, "reading the catalogs of", error);
    }
    return dg_error_set(error, status, "reading the catalogs of %s: %s", catalog->where, dg_status_text(status));
}

enum dg_status dg_catalog_command(struct dg_catalog *catalog, const char *sql, struct dg_error *error)
{
    catalog->sqlstate[0] = '\0';
    enum dg_status status = PQsendQuery(catalog->connection, sql) == 1 ? DG_OK : DG_IO;
    if (status == DG_OK)
        status = read_results(catalog, NULL, NULL);
    return report(catalog, status, error);
}

#define MAX_PARAMETERS 4

enum dg_status dg_catalog_query(struct dg_catalog *catalog, const char *sql, const struct dg_parameter *parameters,
                                size_t n_parameters, dg_row_fn on_row, void *context, struct dg_error *error)
{
    Oid types[MAX_PARAMETERS];
    const char *values[MAX_PARAMETERS];
    int lengths[MAX_PARAMETERS];
    int formats[MAX_PARAMETERS];
    if (n_parameters > MAX_PARAMETERS)
        return dg_error_set(error, DG_INTERNAL, "too many parameters");
    for (size_t i = 0; i < n_parameters; i++) {
        types[i] = parameters[i].type_oid;
        values[i] = parameters[i].bytes;
        lengths[i] = (int)parameters[i].len;
        formats[i] = 1;
    }
    catalog->sqlstate[0] = '\0';
    enum dg_status status = DG_IO;
    if (PQsendQueryParams(catalog->connection, sql, (int)n_parameters, types, values, lengths, formats, 1) == 1 &&
        PQsetSingleRowMode(catalog->connection) == 1)
        status = read_results(catalog, on_row, context);
    return report(catalog, status, error);
}

enum dg_status dg_catalog_begin(struct dg_catalog *catalog, struct dg_error *error)
{
    /* The encoding in which names are the server's bytes. The value is the server's own word; quoted all the same. */
    const char *encoding = PQparameterStatus(catalog->connection, "server_encoding");
    if (encoding == NULL || strchr(encoding, '\'') != NULL || strlen(encoding) > 32)
        encoding = "SQL_ASCII";
    char sql[512];
    snprintf(sql, sizeof sql,
             "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
             "SET LOCAL search_path = pg_catalog, pg_temp;"
             "SET LOCAL statement_timeout = %u; SET LOCAL lock_timeout = %u;"
             "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0;"
             "SET LOCAL client_encoding = '%s'",
             catalog->statement_timeout_ms, catalog->statement_timeout_ms, encoding);
    return dg_catalog_command(catalog, sql, error);
}

enum dg_status dg_catalog_end(struct dg_catalog *catalog, enum dg_status status, struct dg_error *error)
{
    if (!dg_catalog_is_usable(catalog))
        return status;
    if (status == DG_OK)
        return dg_catalog_command(catalog, "COMMIT", error);
    /* What failed first is what is told; a ROLLBACK that fails only costs the connection. */
    char sqlstate[6];
    memcpy(sqlstate, catalog->sqlstate, sizeof sqlstate);
    if (dg_catalog_command(catalog, "ROLLBACK", NULL) != DG_OK)
        catalog->is_usable = false;
    memcpy(catalog->sqlstate, sqlstate, sizeof sqlstate);
    return status;
}
