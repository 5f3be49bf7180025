/*
 * The store against a real server: what workers ask is answered once, changes are seen, failures leave the old snapshot
 * behind as stale, and its connections are in nobody's way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the first four above. */
#include <cmocka.h>

#include <dirent.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "live.h"
#include "schema/store.h"

#define PATIENCE_MS 20000u
#define OTHER_DATABASE "dg_schema_other"

struct fixture {
    PGconn *sql;
    struct dg_metrics *metrics;
    struct dg_mailbox *mailbox;
    struct dg_schema_store *store;
    struct dg_schema_host host;
    struct dg_schema_upstream upstream;
    struct dg_schema_options options;
    char address[300];
};

/* A request as a worker makes it, and what came back. */
struct asked {
    struct dg_schema_request request;
    unsigned n_answers;
};

static void on_delivery(struct dg_mail *mail, void *reader)
{
    (void)reader;
    struct asked *asked = (struct asked *)(void *)mail;
    asked->n_answers++;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    if (live_url() == NULL)
        return 0;
    live_create();
    fixture = (struct fixture){.sql = live_connect(LIVE_DATABASE)};
    live_run(fixture.sql,
             "CREATE TABLE orders (id bigint PRIMARY KEY, total int);"
             "CREATE TABLE leads (id int, user_email text);"
             "CREATE TABLE measure (at date) PARTITION BY RANGE (at);"
             "CREATE TABLE measure_2026 PARTITION OF measure FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')");
    fixture.host = (struct dg_schema_host){live_host(), live_port()};
    fixture.upstream =
        (struct dg_schema_upstream){.name = "main", .hosts = &fixture.host, .n_hosts = 1, .user = live_user()};
    fixture.options = (struct dg_schema_options){.upstreams = &fixture.upstream,
                                                 .n_upstreams = 1,
                                                 .min_reload_interval_ms = 0,
                                                 .statement_timeout_ms = 10000,
                                                 .connect_timeout_ms = 5000,
                                                 .max_databases = 4,
                                                 .max_snapshot_bytes = (size_t)64 << 20};
    fixture.metrics = dg_metrics_new();
    fixture.mailbox = dg_mailbox_new();
    assert_non_null(fixture.mailbox);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture == NULL)
        return 0;
    dg_schema_store_free(fixture->store);
    dg_mailbox_free(fixture->mailbox);
    dg_metrics_free(fixture->metrics);
    PQfinish(fixture->sql);
    live_drop();
    return 0;
}

static struct fixture *fixture_or_skip(void **state)
{
    if (*state == NULL)
        skip();
    return *state;
}

static struct fixture *with_store(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    struct dg_error error;
    if (dg_schema_store_new(&fixture->options, fixture->metrics, NULL, &fixture->store, &error) != DG_OK)
        fail_msg("%s", error.text);
    return fixture;
}

/* NULL where the store has no room. */
static struct dg_schema_database *try_open(struct fixture *fixture, const char *name)
{
    snprintf(fixture->address, sizeof fixture->address, "%s:%s", fixture->host.host, fixture->host.port);
    const struct dg_schema_server server = {"main", fixture->host.host, fixture->host.port, fixture->host.host,
                                            fixture->address};
    return dg_schema_database_open(fixture->store, &server, name);
}

static struct dg_schema_database *open_database(struct fixture *fixture, const char *name)
{
    struct dg_schema_database *database = try_open(fixture, name);
    assert_non_null(database);
    return database;
}

static void copy_error(const struct dg_schema_status *status, void *context)
{
    char *error = context;
    if (status->last_error[0] != '\0')
        snprintf(error, 512, "%s: %s", status->database, status->last_error);
}

static const char *last_error(struct fixture *fixture)
{
    static char error[512];
    error[0] = '\0';
    dg_schema_store_visit(fixture->store, copy_error, error);
    return error;
}

/* ---- Asking ------------------------------------------------------------------------------------------------------ */

/* Waits until there is mail and takes it. */
static void take_mail(struct fixture *fixture)
{
    struct pollfd polled = {dg_mailbox_fd(fixture->mailbox), POLLIN, 0};
    if (poll(&polled, 1, PATIENCE_MS) != 1)
        fail_msg("no answer came");
    dg_mailbox_deliver(fixture->mailbox, NULL);
}

static void ask(struct fixture *fixture, struct dg_schema_database *database, struct asked *asked, const char *name)
{
    const struct dg_schema_name names[] = {{"", name}};
    *asked = (struct asked){.request = {.mail = {.deliver = on_delivery},
                                        .names = name == NULL ? NULL : names,
                                        .n_names = name == NULL ? 0 : 1}};
    dg_schema_database_read(database, &asked->request, fixture->mailbox);
}

static void await(struct fixture *fixture, const struct asked *asked)
{
    while (asked->n_answers == 0)
        take_mail(fixture);
}

/* Asks and waits; the snapshot is the caller's to unref, NULL if the read failed. NULL name: all changes so far. */
static struct dg_snapshot *read_now(struct fixture *fixture, struct dg_schema_database *database, const char *name)
{
    struct asked asked;
    ask(fixture, database, &asked, name);
    await(fixture, &asked);
    assert_int_equal(asked.n_answers, 1);
    assert_int_equal(asked.request.status == DG_OK, asked.request.snapshot != NULL);
    return asked.request.snapshot;
}

/* As read_now, of a read that must succeed. */
static struct dg_snapshot *snapshot_now(struct fixture *fixture, struct dg_schema_database *database, const char *name)
{
    struct dg_snapshot *snapshot = read_now(fixture, database, name);
    if (snapshot == NULL)
        fail_msg("the read failed: %s", last_error(fixture));
    return snapshot;
}

static bool has_column(const struct dg_snapshot *snapshot, const char *table, const char *column)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace(snapshot, DG_STR("public"));
    const struct dg_relation *relation = dg_snapshot_relation(snapshot, namespace->oid, dg_str_of(table));
    return relation != NULL && dg_relation_column(relation, dg_str_of(column)) != NULL;
}

/* Reads by this name and says whether the table has the column then. */
static bool read_finds(struct fixture *fixture, struct dg_schema_database *database, const char *table,
                       const char *column)
{
    struct dg_snapshot *snapshot = snapshot_now(fixture, database, table);
    bool found = has_column(snapshot, table, column);
    dg_snapshot_unref(snapshot);
    return found;
}

/* Polls a condition that another thread or process brings about. */
#define EVENTUALLY(condition)                                                                                          \
    do {                                                                                                               \
        uint64_t give_up_ms = dg_clock_monotonic_ms() + PATIENCE_MS;                                                   \
        while (!(condition)) {                                                                                         \
            if (dg_clock_monotonic_ms() > give_up_ms)                                                                  \
                fail_msg("waited in vain for %s", #condition);                                                         \
            poll(NULL, 0, 5);                                                                                          \
        }                                                                                                              \
    } while (0)

static long n_connections(struct fixture *fixture, const char *database)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'driftguard' AND datname = '%s'",
             database);
    return live_number(fixture->sql, sql);
}

/* ---- What the pages say ------------------------------------------------------------------------------------------ */

struct status_copy {
    const char *database;
    bool found;
    bool is_loaded;
    bool is_stale;
    char last_error[512];
};

static void copy_status(const struct dg_schema_status *status, void *context)
{
    struct status_copy *copy = context;
    if (strcmp(status->database, copy->database) != 0)
        return;
    copy->found = true;
    copy->is_loaded = status->is_loaded;
    copy->is_stale = status->is_stale;
    snprintf(copy->last_error, sizeof copy->last_error, "%s", status->last_error);
}

static struct status_copy status_of(struct fixture *fixture, const char *database)
{
    struct status_copy copy = {.database = database};
    dg_schema_store_visit(fixture->store, copy_status, &copy);
    return copy;
}

/* ---- Tests ------------------------------------------------------------------------------------------------------- */

static void a_database_is_loaded_when_a_client_opens_it(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    struct dg_reader reader = {0};
    EVENTUALLY(dg_schema_database_refresh(database, &reader));
    const struct dg_snapshot *snapshot = (const struct dg_snapshot *)(const void *)reader.object;
    assert_true(has_column(snapshot, "orders", "total"));
    assert_false(dg_schema_database_refresh(database, &reader));
    EVENTUALLY(dg_metrics_get(fixture->metrics, DG_FAMILY_SNAPSHOT_LOADED,
                              (const char *const[]){LIVE_DATABASE, "main", fixture->address}) == 1.0);
    dg_reader_fini(&reader);
    dg_schema_database_close(database);
}

static void the_initial_database_is_loaded_without_a_client_and_let_go(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    fixture->upstream.database = LIVE_DATABASE;
    with_store(state);
    EVENTUALLY(status_of(fixture, LIVE_DATABASE).is_loaded);
    EVENTUALLY(n_connections(fixture, LIVE_DATABASE) == 0);
}

static void a_change_by_name_is_read_at_once_and_told_by_the_journal(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    struct dg_snapshot *first = snapshot_now(fixture, database, NULL);
    const struct dg_schema_name names[] = {{"", "leads"}};
    live_run(fixture->sql, "ALTER TABLE leads RENAME COLUMN user_email TO contact_email");
    dg_schema_database_changed(database, names, 1);
    assert_true(dg_snapshot_covers(first) < dg_schema_database_changes(database));

    struct dg_snapshot *second = snapshot_now(fixture, database, NULL);
    assert_int_equal(dg_snapshot_covers(second), dg_schema_database_changes(database));
    assert_true(has_column(second, "leads", "contact_email"));
    assert_false(has_column(second, "leads", "user_email"));
    struct dg_change change;
    const struct dg_namespace *namespace = dg_snapshot_namespace(second, DG_STR("public"));
    dg_oid leads = dg_snapshot_relation(second, namespace->oid, DG_STR("leads"))->oid;
    assert_true(dg_journal_find_column(dg_schema_database_journal(database), leads, DG_STR("user_email"), &change));
    assert_int_equal(change.kind, DG_CHANGE_COLUMN_RENAMED);
    assert_string_equal(change.new_name, "contact_email");
    assert_int_equal(change.after_us, dg_snapshot_read_at_us(first));
    assert_int_equal(change.before_us, dg_snapshot_read_at_us(second));
    /* One full read, at the beginning. */
    assert_int_equal((int)dg_metrics_get(fixture->metrics, DG_FAMILY_SNAPSHOT_LOADS,
                                         (const char *const[]){LIVE_DATABASE, "main", "targeted"}),
                     1);
    dg_snapshot_unref(first);
    dg_snapshot_unref(second);
    dg_schema_database_close(database);
}

static void a_targeted_read_sees_renames_drops_and_additions_nobody_told_of(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    live_run(fixture->sql, "ALTER TABLE orders ADD COLUMN confirmed_at timestamptz");
    assert_true(read_finds(fixture, database, "orders", "confirmed_at"));
    live_run(fixture->sql, "ALTER TABLE orders DROP COLUMN confirmed_at");
    assert_false(read_finds(fixture, database, "orders", "confirmed_at"));
    live_run(fixture->sql, "ALTER TABLE measure ADD COLUMN unit text");
    dg_snapshot_unref(snapshot_now(fixture, database, "measure"));
    struct dg_snapshot *snapshot = snapshot_now(fixture, database, "orders");
    assert_true(has_column(snapshot, "measure_2026", "unit"));
    dg_snapshot_unref(snapshot);

    live_run(fixture->sql, "ALTER TABLE orders RENAME TO purchases");
    assert_false(read_finds(fixture, database, "orders", "id"));
    struct dg_change change;
    assert_true(
        dg_journal_find_relation(dg_schema_database_journal(database), DG_STR("public"), DG_STR("orders"), &change));
    assert_int_equal(change.kind, DG_CHANGE_RELATION_RENAMED);
    assert_string_equal(change.new_name, "purchases");
    dg_schema_database_close(database);
}

static void a_read_that_finds_nothing_new_keeps_the_generation(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    struct dg_snapshot *first = snapshot_now(fixture, database, NULL);
    for (unsigned i = 0; i < 200; i++) {
        struct dg_snapshot *again = snapshot_now(fixture, database, i % 2 == 0 ? "orders" : "no_such_table");
        assert_int_equal(dg_snapshot_generation(again), dg_snapshot_generation(first));
        assert_true(dg_snapshot_read_at_us(again) > dg_snapshot_read_at_us(first));
        dg_snapshot_unref(again);
    }
    dg_schema_database_changed(database, NULL, 0);
    struct dg_snapshot *full = snapshot_now(fixture, database, NULL);
    assert_int_equal(dg_snapshot_generation(full), dg_snapshot_generation(first));
    assert_int_equal(dg_snapshot_covers(full), 1);
    dg_snapshot_unref(full);
    dg_snapshot_unref(first);
    dg_schema_database_close(database);
}

static void a_named_read_does_not_cover_a_change_of_anything(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    fixture->options.min_reload_interval_ms = 600000;
    with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    live_run(fixture->sql, "CREATE FUNCTION added() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    dg_schema_database_changed(database, NULL, 0);
    struct dg_snapshot *named = snapshot_now(fixture, database, "orders");
    assert_int_equal(dg_snapshot_covers(named), 0);
    assert_true(status_of(fixture, LIVE_DATABASE).is_stale);
    /* Who waits for all changes is not made to wait for the interval. */
    struct dg_snapshot *all = snapshot_now(fixture, database, NULL);
    assert_int_equal(dg_snapshot_covers(all), 1);
    size_t cursor = 0;
    assert_non_null(dg_snapshot_functions_named(all, DG_STR("added"), &cursor));
    assert_false(status_of(fixture, LIVE_DATABASE).is_stale);
    dg_snapshot_unref(named);
    dg_snapshot_unref(all);
    dg_schema_database_close(database);
}

static void a_poll_sees_what_nobody_told_of_and_no_temporary_table(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    fixture->options.poll_ms = 20;
    with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    uint64_t before = dg_schema_database_changes(database);
    live_run(fixture->sql,
             "CREATE TEMP TABLE scratch (a int); CREATE INDEX ON scratch (a); INSERT INTO scratch VALUES (1);"
             "ANALYZE orders");
    const char *const poll_labels[] = {LIVE_DATABASE, "main", "poll"};
    double n_polls = dg_metrics_get(fixture->metrics, DG_FAMILY_SNAPSHOT_LOADS, poll_labels);
    EVENTUALLY(dg_metrics_get(fixture->metrics, DG_FAMILY_SNAPSHOT_LOADS, poll_labels) > n_polls + 12);
    assert_int_equal(dg_schema_database_changes(database), before);
    static const char *const changes[] = {
        "ALTER TABLE orders RENAME COLUMN total TO sum",
        "CREATE TYPE mood AS ENUM ('sad')",
        "ALTER TYPE mood ADD VALUE 'happy'",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
        "CREATE SCHEMA tenant",
        "ALTER SCHEMA tenant RENAME TO customer",
        "CREATE DOMAIN d AS int",
        "ALTER DOMAIN d SET NOT NULL",
        "ALTER DOMAIN d SET DEFAULT 1",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER one BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TRIGGER two BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE orders DISABLE TRIGGER two",
        "DROP TRIGGER two ON orders",
        "CREATE RULE r1 AS ON INSERT TO leads DO ALSO NOTHING",
        "CREATE RULE r2 AS ON INSERT TO leads DO ALSO NOTHING",
        "DROP RULE r2 ON leads",
        "GRANT USAGE ON SCHEMA customer TO public",
        "ALTER DATABASE " LIVE_DATABASE " SET search_path = public",
        "ALTER ROLE postgres IN DATABASE " LIVE_DATABASE " SET search_path = public",
        "ALTER TABLE orders ALTER COLUMN sum SET DEFAULT 5",
        "ALTER TABLE orders ALTER COLUMN sum SET DEFAULT 6",
        "DROP FUNCTION f() CASCADE",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        before = dg_schema_database_changes(database);
        live_run(fixture->sql, changes[i]);
        uint64_t give_up_ms = dg_clock_monotonic_ms() + PATIENCE_MS;
        while (dg_schema_database_changes(database) == before && dg_clock_monotonic_ms() < give_up_ms)
            poll(NULL, 0, 5);
        if (dg_schema_database_changes(database) == before)
            fail_msg("not seen: %s", changes[i]);
        struct dg_snapshot *snapshot = snapshot_now(fixture, database, NULL);
        assert_int_equal(dg_snapshot_covers(snapshot), dg_schema_database_changes(database));
        dg_snapshot_unref(snapshot);
    }
    dg_schema_database_close(database);
}

static void two_hundred_requests_are_answered_once_each_by_few_reads(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    static struct asked asked[200];
    for (size_t i = 0; i < 200; i++)
        ask(fixture, database, &asked[i], i % 3 == 0 ? NULL : i % 3 == 1 ? "orders" : "leads");
    for (size_t i = 0; i < 200; i++)
        await(fixture, &asked[i]);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(asked[i].n_answers, 1);
        assert_int_equal(asked[i].request.status, DG_OK);
        dg_snapshot_unref(asked[i].request.snapshot);
    }
    assert_true(dg_metrics_get(fixture->metrics, DG_FAMILY_SNAPSHOT_LOADS,
                               (const char *const[]){LIVE_DATABASE, "main", "full"}) < 10);
    dg_schema_database_close(database);
}

static void requests_that_are_queued_when_the_store_ends_come_back(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    static struct asked asked[50];
    struct asked release = {.request = {.mail = {.deliver = on_delivery}}};
    for (size_t i = 0; i < 50; i++)
        ask(fixture, database, &asked[i], "orders");
    dg_schema_store_release_database(fixture->store, "postgres", &release.request, fixture->mailbox);
    dg_schema_database_close(database);
    dg_schema_store_free(fixture->store);
    fixture->store = NULL;
    dg_mailbox_deliver(fixture->mailbox, NULL);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(asked[i].n_answers, 1);
        assert_int_equal(asked[i].request.status == DG_OK, asked[i].request.snapshot != NULL);
        dg_snapshot_unref(asked[i].request.snapshot);
    }
    assert_int_equal(release.n_answers, 1);
}

static void reads_that_cannot_work_answer_with_an_error_and_say_why(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    live_run(fixture->sql, "DROP ROLE IF EXISTS dg_outsider; CREATE ROLE dg_outsider LOGIN;"
                           "REVOKE CONNECT ON DATABASE " LIVE_DATABASE " FROM public");
    const struct {
        const char *port;
        const char *user;
        const char *database;
        const char *expected;
    } cases[] = {{"1", "postgres", LIVE_DATABASE, "refused"},
                 {live_port(), "postgres", "dg_no_such_database", "does not exist"},
                 {live_port(), "dg_outsider", LIVE_DATABASE, "GRANT CONNECT ON DATABASE"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture->host.port = cases[i].port;
        fixture->upstream.user = cases[i].user;
        with_store(state);
        struct dg_schema_database *database = open_database(fixture, cases[i].database);
        assert_null(read_now(fixture, database, NULL));
        assert_null(read_now(fixture, database, "orders"));
        struct status_copy status = status_of(fixture, cases[i].database);
        assert_false(status.is_loaded);
        assert_true(status.is_stale);
        if (strstr(status.last_error, cases[i].expected) == NULL)
            fail_msg("%s: %s", cases[i].expected, status.last_error);
        assert_true(dg_metrics_get(fixture->metrics, DG_FAMILY_SNAPSHOT_FAILURES,
                                   (const char *const[]){cases[i].database, "main", "connect"}) >= 1);
        dg_schema_database_close(database);
        dg_schema_store_free(fixture->store);
        fixture->store = NULL;
    }
    live_run(fixture->sql, "GRANT CONNECT ON DATABASE " LIVE_DATABASE " TO public; DROP ROLE dg_outsider");
}

static void a_failed_read_keeps_the_old_snapshot_stale_until_one_succeeds(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    PGconn *elsewhere = live_connect("postgres");
    live_run(elsewhere, "ALTER DATABASE " LIVE_DATABASE " ALLOW_CONNECTIONS false;"
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'driftguard'");
    struct dg_snapshot *none = read_now(fixture, database, "orders");
    bool was_none = none == NULL;
    dg_snapshot_unref(none);
    struct dg_reader reader = {0};
    dg_schema_database_refresh(database, &reader);
    bool is_kept = reader.object != NULL;
    bool is_stale = status_of(fixture, LIVE_DATABASE).is_stale &&
                    dg_snapshot_covers((const struct dg_snapshot *)(const void *)reader.object) <
                        dg_schema_database_changes(database);
    live_run(elsewhere, "ALTER DATABASE " LIVE_DATABASE " ALLOW_CONNECTIONS true");
    PQfinish(elsewhere);
    dg_reader_fini(&reader);
    assert_true(was_none && is_kept && is_stale);
    EVENTUALLY(!status_of(fixture, LIVE_DATABASE).is_stale);
    dg_schema_database_close(database);
}

static void a_connection_that_died_idle_is_made_again_without_a_failure(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    char is_there[96];
    char terminate[96];
    long pid = live_number(fixture->sql, "SELECT pid FROM pg_stat_activity WHERE application_name = 'driftguard'");
    snprintf(terminate, sizeof terminate, "SELECT pg_terminate_backend(%ld)", pid);
    snprintf(is_there, sizeof is_there, "SELECT count(*) FROM pg_stat_activity WHERE pid = %ld", pid);
    live_run(fixture->sql, terminate); /* 13 knows no second argument to wait with */
    EVENTUALLY(live_number(fixture->sql, is_there) == 0);
    assert_true(read_finds(fixture, database, "orders", "id"));
    assert_string_equal(status_of(fixture, LIVE_DATABASE).last_error, "");
    dg_schema_database_close(database);
}

static void a_name_in_another_encoding_is_no_failure_of_the_server(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    assert_null(read_now(fixture, database, "nop\xe9"));
    assert_false(status_of(fixture, LIVE_DATABASE).is_stale);
    assert_true(read_finds(fixture, database, "orders", "id"));
    /* A change under such a name may have been any. */
    const struct dg_schema_name names[] = {{"", "nop\xe9"}};
    dg_schema_database_changed(database, names, 1);
    EVENTUALLY(!status_of(fixture, LIVE_DATABASE).is_stale);
    dg_schema_database_close(database);
}

static void when_the_last_client_leaves_the_database_can_be_dropped(void **state)
{
    struct fixture *fixture = with_store(state);
    live_try(fixture->sql, "DROP DATABASE " OTHER_DATABASE);
    live_run(fixture->sql, "CREATE DATABASE " OTHER_DATABASE);
    struct dg_schema_database *database = open_database(fixture, OTHER_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    assert_int_equal(n_connections(fixture, OTHER_DATABASE), 1);
    dg_schema_database_close(database);
    /* PostgreSQL waits five seconds for others to leave. */
    live_run(fixture->sql, "ALTER DATABASE " OTHER_DATABASE " RENAME TO dg_schema_renamed");
    live_run(fixture->sql, "CREATE DATABASE " OTHER_DATABASE " TEMPLATE dg_schema_renamed");
    live_run(fixture->sql, "DROP DATABASE dg_schema_renamed");
    live_run(fixture->sql, "DROP DATABASE " OTHER_DATABASE);
    assert_int_equal(n_connections(fixture, OTHER_DATABASE), 0);
}

static void a_released_database_can_be_copied_at_once_and_is_held_off(void **state)
{
    struct fixture *fixture = with_store(state);
    live_try(fixture->sql, "DROP DATABASE " OTHER_DATABASE);
    live_try(fixture->sql, "DROP DATABASE dg_schema_copy");
    live_run(fixture->sql, "CREATE DATABASE " OTHER_DATABASE);
    struct dg_schema_database *database = open_database(fixture, OTHER_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    struct asked release = {.request = {.mail = {.deliver = on_delivery}}};
    dg_schema_store_release_database(fixture->store, OTHER_DATABASE, &release.request, fixture->mailbox);
    await(fixture, &release);
    assert_int_equal(release.request.status, DG_OK);
    /* The server notices a closed connection a moment later, and waits for that itself. */
    live_run(fixture->sql, "CREATE DATABASE dg_schema_copy TEMPLATE " OTHER_DATABASE);
    assert_null(read_now(fixture, database, "orders"));
    assert_int_equal(n_connections(fixture, OTHER_DATABASE), 0);
    live_run(fixture->sql, "DROP DATABASE dg_schema_copy; ");
    dg_schema_database_close(database);
    live_run(fixture->sql, "DROP DATABASE " OTHER_DATABASE);
}

static void more_databases_than_allowed_are_not_watched(void **state)
{
    struct fixture *fixture = fixture_or_skip(state);
    fixture->options.max_databases = 1;
    with_store(state);
    struct dg_schema_database *first = open_database(fixture, LIVE_DATABASE);
    assert_null(try_open(fixture, "postgres"));
    assert_ptr_equal(open_database(fixture, LIVE_DATABASE), first);
    dg_schema_database_close(first);
    assert_null(try_open(fixture, "postgres"));
    dg_snapshot_unref(snapshot_now(fixture, first, NULL));
    dg_schema_database_close(first);
    /* Unused, it makes room. */
    struct dg_schema_database *second = NULL;
    EVENTUALLY((second = try_open(fixture, "postgres")) != NULL);
    assert_false(status_of(fixture, LIVE_DATABASE).found);
    dg_schema_database_close(second);
}

static void a_client_that_comes_back_finds_what_changed_meanwhile(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    dg_schema_database_close(database);
    live_run(fixture->sql, "ALTER TABLE leads ADD COLUMN while_away int");
    database = open_database(fixture, LIVE_DATABASE);
    struct dg_reader reader = {0};
    EVENTUALLY(dg_schema_database_refresh(database, &reader) &&
               has_column((const struct dg_snapshot *)(const void *)reader.object, "leads", "while_away"));
    dg_reader_fini(&reader);
    dg_schema_database_close(database);
}

static void the_store_ends_at_once_though_the_server_does_not_answer(void **state)
{
    struct fixture *fixture = with_store(state);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    /* Nothing reads a lock on pg_class past this one; every catalog read waits. */
    live_run(fixture->sql, "BEGIN; LOCK TABLE pg_catalog.pg_enum IN ACCESS EXCLUSIVE MODE");
    struct asked asked;
    dg_schema_database_changed(database, NULL, 0);
    ask(fixture, database, &asked, NULL);
    EVENTUALLY(live_number(fixture->sql, "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0);
    dg_schema_database_close(database);
    dg_schema_store_free(fixture->store);
    fixture->store = NULL;
    live_run(fixture->sql, "ROLLBACK");
    await(fixture, &asked);
    assert_int_equal(asked.request.status, DG_TIMEOUT);
    assert_int_equal(asked.n_answers, 1);
}

/* ---- The state folder -------------------------------------------------------------------------------------------- */

#define N_CHANGES 60

static struct fixture *with_state_dir(void **state, char folder[64])
{
    struct fixture *fixture = fixture_or_skip(state);
    snprintf(folder, 64, "/tmp/dg-test-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    fixture->options.state_dir = folder;
    return with_store(state);
}

static void remove_state_dir(const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(directory), entry->d_name, 0), 0);
    closedir(directory);
    assert_int_equal(rmdir(folder), 0);
}

/* How many files have been renamed into place since the last call. */
static size_t count_replaced(int watch)
{
    char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    size_t n = 0;
    for (ssize_t len; (len = read(watch, events, sizeof events)) > 0;)
        for (ssize_t at = 0; at < len; n++) {
            const struct inotify_event *event = (const void *)(events + at);
            assert_int_equal(event->mask & IN_Q_OVERFLOW, 0);
            at += (ssize_t)(sizeof *event + event->len);
        }
    return n;
}

static size_t changes_known(struct dg_schema_database *database)
{
    return dg_journal_copy(dg_schema_database_journal(database), NULL, SIZE_MAX);
}

static void many_changes_are_saved_together_and_the_last_one_at_the_end(void **state)
{
    char folder[64];
    struct fixture *fixture = with_state_dir(state, folder);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(watch, folder, IN_MOVED_TO) >= 0);
    uint64_t began_ms = dg_clock_monotonic_ms();
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    for (int i = 0; i < N_CHANGES; i++) {
        live_run(fixture->sql, i % 2 == 0 ? "ALTER TABLE leads RENAME COLUMN user_email TO email"
                                          : "ALTER TABLE leads RENAME COLUMN email TO user_email");
        dg_snapshot_unref(snapshot_now(fixture, database, "leads"));
    }
    assert_int_equal(changes_known(database), N_CHANGES);
    dg_schema_database_close(database);
    dg_schema_store_free(fixture->store);
    fixture->store = NULL;
    /* The first one at once, the last one at the end. */
    assert_in_range(count_replaced(watch), 1, (dg_clock_monotonic_ms() - began_ms) / 1000 + 2);
    close(watch);

    fixture = with_store(state);
    database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    assert_int_equal(changes_known(database), N_CHANGES);
    dg_schema_database_close(database);
    dg_schema_store_free(fixture->store);
    fixture->store = NULL;
    remove_state_dir(folder);
}

static void a_database_that_made_room_for_another_remembers(void **state)
{
    char folder[64];
    struct fixture *fixture = fixture_or_skip(state);
    fixture->options.max_databases = 1;
    (void)with_state_dir(state, folder);
    struct dg_schema_database *database = open_database(fixture, LIVE_DATABASE);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    live_run(fixture->sql, "ALTER TABLE leads RENAME COLUMN user_email TO email");
    dg_snapshot_unref(snapshot_now(fixture, database, "leads"));
    assert_int_equal(changes_known(database), 1);
    dg_schema_database_close(database);
    /* Not before what it knows is saved. */
    struct dg_schema_database *other;
    EVENTUALLY((other = try_open(fixture, "postgres")) != NULL);
    dg_schema_database_close(other);
    EVENTUALLY((database = try_open(fixture, LIVE_DATABASE)) != NULL);
    dg_snapshot_unref(snapshot_now(fixture, database, NULL));
    assert_int_equal(changes_known(database), 1);
    dg_schema_database_close(database);
    dg_schema_store_free(fixture->store);
    fixture->store = NULL;
    remove_state_dir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_database_is_loaded_when_a_client_opens_it),
        TEST(the_initial_database_is_loaded_without_a_client_and_let_go),
        TEST(a_change_by_name_is_read_at_once_and_told_by_the_journal),
        TEST(a_targeted_read_sees_renames_drops_and_additions_nobody_told_of),
        TEST(a_read_that_finds_nothing_new_keeps_the_generation),
        TEST(a_named_read_does_not_cover_a_change_of_anything),
        TEST(a_poll_sees_what_nobody_told_of_and_no_temporary_table),
        TEST(two_hundred_requests_are_answered_once_each_by_few_reads),
        TEST(requests_that_are_queued_when_the_store_ends_come_back),
        TEST(reads_that_cannot_work_answer_with_an_error_and_say_why),
        TEST(a_failed_read_keeps_the_old_snapshot_stale_until_one_succeeds),
        TEST(a_connection_that_died_idle_is_made_again_without_a_failure),
        TEST(a_name_in_another_encoding_is_no_failure_of_the_server),
        TEST(when_the_last_client_leaves_the_database_can_be_dropped),
        TEST(a_released_database_can_be_copied_at_once_and_is_held_off),
        TEST(more_databases_than_allowed_are_not_watched),
        TEST(a_client_that_comes_back_finds_what_changed_meanwhile),
        TEST(the_store_ends_at_once_though_the_server_does_not_answer),
        TEST(many_changes_are_saved_together_and_the_last_one_at_the_end),
        TEST(a_database_that_made_room_for_another_remembers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
