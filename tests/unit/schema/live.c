/*
 * The plain libpq of the tests: blocking, and any failure of what a test sets up fails the test.
 */
#include "live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the first four above. */
#include <cmocka.h>

const char *live_url(void)
{
    const char *url = getenv("DG_TEST_DATABASE_URL");
    if (url == NULL)
        print_message("skipped: DG_TEST_DATABASE_URL is not set (tests/lib/with_cluster.py sets it)\n");
    return url;
}

static const char *parameter(const char *keyword, char *memory, size_t size)
{
    PQconninfoOption *options = PQconninfoParse(getenv("DG_TEST_DATABASE_URL"), NULL);
    assert_non_null(options);
    memory[0] = '\0';
    for (PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL)
            snprintf(memory, size, "%s", option->val);
    PQconninfoFree(options);
    return memory;
}

const char *live_host(void)
{
    static char memory[128];
    return parameter("host", memory, sizeof memory);
}

const char *live_port(void)
{
    static char memory[16];
    return parameter("port", memory, sizeof memory);
}

const char *live_user(void)
{
    static char memory[64];
    return parameter("user", memory, sizeof memory);
}

PGconn *live_connect(const char *database)
{
    const char *const keywords[] = {"host", "port", "user", "dbname", NULL};
    const char *const values[] = {live_host(), live_port(), live_user(), database, NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 0);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    live_run(connection, "SET client_min_messages = warning");
    return connection;
}

bool live_try(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

void live_run(PGconn *connection, const char *sql)
{
    if (!live_try(connection, sql))
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
}

long live_number(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    long number = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return number;
}

void live_drop(void)
{
    PGconn *connection = live_connect("postgres");
    live_run(connection, "DROP DATABASE IF EXISTS " LIVE_DATABASE " WITH (FORCE)");
    PQfinish(connection);
}

void live_create(void)
{
    live_drop();
    PGconn *connection = live_connect("postgres");
    live_run(connection, "CREATE DATABASE " LIVE_DATABASE);
    PQfinish(connection);
}
