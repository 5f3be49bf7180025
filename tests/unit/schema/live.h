/*
 * For tests that need a real PostgreSQL: a database of their own on the server of DG_TEST_DATABASE_URL.
 */
#ifndef DG_TEST_SCHEMA_LIVE_H
#define DG_TEST_SCHEMA_LIVE_H

#include <libpq-fe.h>
#include <stdbool.h>

#define LIVE_DATABASE "dg_schema_live"

/* The server's URL without a database, or NULL (and a word about it) when there is none to test with. */
const char *live_url(void);
/* Its host, port and user. */
const char *live_host(void);
const char *live_port(void);
const char *live_user(void);
/* A connection to `database`; fails the test if there is none. */
PGconn *live_connect(const char *database);
/* Runs SQL; fails the test if the server does not like it. */
void live_run(PGconn *connection, const char *sql);
/* True if the server accepted it. */
bool live_try(PGconn *connection, const char *sql);
/* One value. */
long live_number(PGconn *connection, const char *sql);
/* Makes LIVE_DATABASE anew / drops it. */
void live_create(void);
void live_drop(void);

#endif
