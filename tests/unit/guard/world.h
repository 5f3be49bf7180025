/*
 * A worker's guard over the fake store, driven as the proxy would drive it.
 */
#ifndef DG_TESTS_GUARD_WORLD_H
#define DG_TESTS_GUARD_WORLD_H

#include "fake_store.h"
#include "guard/guard.h"

struct world {
    struct dg_schema_store store;
    struct dg_metrics *metrics;
    struct dg_metrics_shard *shard;
    struct dg_mailbox *mailbox;
    struct dg_published config;
    struct dg_guard_shared *shared;
    struct dg_guard *guard;
    int n_resumes;
    bool has_server_spoken; /* while a session was idle */
};

/* A server's address of the upstream "main". */
#define WORLD_SERVER(text)                                                                                             \
    {                                                                                                                  \
        "main", "db", "5432", "", text                                                                                 \
    }

/* `settings`: "mode=annotate schema.wait_after_ddl_ms=100", or "". */
void world_init(struct world *world, const char *settings);
void world_fini(struct world *world);
void world_configure(struct world *world, const char *settings);
/* A session of user app on database shop, UTF8, standard_conforming_strings on, idle. */
struct dg_guard_session *world_session(struct world *world);
/* Answers all reads and delivers them. */
void world_answer(struct world *world, enum dg_status status);

/* A Query, idle; the decision must be FORWARD. */
struct dg_ticket *query(struct dg_guard_session *session, const char *text);
/* Query, completion with the tag, ReadyForQuery 'I' or what is given. */
void run_query(struct dg_guard_session *session, const char *text, const char *tag, char status);
struct dg_ticket *parse(struct dg_guard_session *session, const char *name, const char *text);

struct server_error {
    const char *sqlstate;
    const char *message;
    const char *position;
    const char *routine;
    const char *where;
    const char *column;
};
/* The body of an ErrorResponse, in a static buffer. */
struct dg_str error_body(const struct server_error *error);
/* The server raises it for the ticket. ReadyForQuery 'I' follows if nobody asks for the reaction (which borrows). */
void raise_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                 const struct server_error *error, struct dg_reaction *reaction);
extern const struct server_error no_user_email; /* of "SELECT user_email FROM leads" */

/* ALTER TABLE leads RENAME COLUMN user_email TO contact_email, by somebody else, read by the store. */
void rename_column(struct world *world);
/* The drift that followed has its group, with that cause. */
bool is_filed_as_renamed(const struct world *world);

uint64_t cell(const struct world *world, enum dg_metric_cell which);
double predictions(const struct world *world, const char *outcome, const char *reason);
/* Sends the Query, and has it cancelled: true if it was foreseen to fail. */
bool foresees(struct world *world, struct dg_guard_session *session, const char *text);

#endif
