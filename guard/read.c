/*
 * Catalog reads that the guard asks for, and what it does with the answer.
 *
 *   HOLD   a statement waits: for changes to be covered, or for a database to be released
 *   ERROR  the server raised what nobody foresaw; sessions that hold the error wait, others have it filed (drift groups)
 *   DOUBT  a prediction was not raised: if a snapshot read afterwards still supports it, it was a false alarm
 *
 * A read outlives its session: the session is taken off its list of waiters, and the answer still comes to the worker's
 * mailbox. ERROR reads are shared by all who ask for the same verdict at a time: 400 errors cost one read.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "guard/diagnose.h"
#include "guard/read.h"
#include "guard/state.h"

#define ERROR_BODY_BYTES 2048
#define ASK_AGAIN_MS 1000 /* the same text asks for one read in this time */

struct dg_read {
    struct dg_schema_request request; /* its mail comes first: deliver casts */
    struct dg_read *next;
    struct dg_guard *guard; /* NULL: the worker has gone, the answer is thrown away */
    enum dg_read_purpose purpose;
    struct dg_guard_session *waiters;
    struct dg_schema_database *handle; /* opened for this read, or NULL */
    struct dg_guard_database *database;
    struct dg_verdict *verdict;
    size_t statement;             /* its number in the verdict */
    struct dg_snapshot *snapshot; /* DOUBT: what the prediction was made of */
    uint64_t changes;             /* DOUBT: of the database, when it was last known to be our own doubt's alone */
    struct dg_words *path;
    struct dg_words *role;
    struct dg_words *user; /* whose default search path `path` is; NULL: it was set */
    size_t n_unheld;       /* errors to file */
    char application[64];
    size_t body_len;
    char body[ERROR_BODY_BYTES];
};

static void read_free(struct dg_read *read)
{
    dg_snapshot_unref(read->request.snapshot);
    dg_snapshot_unref(read->snapshot);
    if (read->handle != NULL)
        dg_schema_database_close(read->handle);
    dg_verdict_unref(read->verdict);
    dg_words_unref(read->path);
    dg_words_unref(read->role);
    dg_words_unref(read->user);
    free(read);
}

static void read_unlink(struct dg_read *read)
{
    struct dg_read **link = &read->guard->reads;
    while (*link != read)
        link = &(*link)->next;
    *link = read->next;
    read->guard->n_reads--;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

static void wake(struct dg_read *read)
{
    while (read->waiters != NULL) {
        struct dg_guard_session *session = read->waiters;
        if (session->statement_read == read) {
            session->statement_read = NULL;
            read->waiters = NULL;
        } else {
            session->error_read = NULL;
            read->waiters = session->next_waiter;
            session->next_waiter = NULL;
        }
        session->host.resume(session->host.context); /* may free the session */
    }
}

/* What the text means against the snapshot that came, for the session as it was. NULL if there is none. */
static struct dg_verdict *judge_again(struct dg_read *read)
{
    const struct dg_snapshot *snapshot = read->request.snapshot;
    const struct dg_verdict *old = read->verdict;
    const struct dg_config *config = dg_guard_config(read->guard);
    if (snapshot == NULL || config == NULL)
        return NULL;
    struct dg_sql_session sql = {.snapshot = snapshot,
                                 .path = read->path == NULL ? NULL : read->path->items,
                                 .n_path = read->path == NULL ? 0 : read->path->n,
                                 .path_known = read->path != NULL,
                                 .role = read->role == NULL ? NULL : read->role->items[0],
                                 .param_types = old->param_types,
                                 .n_param_types = old->n_param_types,
                                 .max_tokens = (size_t)config->max_inspect_tokens};
    return dg_judge_anew(read->guard, old->text, &sql, old->key);
}

static const struct dg_sql_statement *statement_of(const struct dg_read *read, const struct dg_verdict *verdict)
{
    if (verdict == NULL || read->statement >= verdict->analysis.n_statements)
        return NULL;
    return &verdict->analysis.statements[read->statement];
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Findings without a position differ in their names. */
static bool same_finding(const struct dg_sql_finding *a, const struct dg_sql_finding *b)
{
    return a->kind == b->kind && a->position == b->position && strcmp(a->sqlstate, b->sqlstate) == 0 &&
           same_name(a->column, b->column) && same_name(a->relation, b->relation) && same_name(a->object, b->object);
}

/* True if a relation of the statement is another now, or has got columns since: they may have come and gone, and then the
   prediction was made of an old snapshot. Attribute numbers are never used twice, so ADD and DROP leave a trace. */
static bool has_moved(const struct dg_read *read, const struct dg_sql_statement *statement)
{
    for (size_t i = 0; i < statement->n_references; i++) {
        dg_oid oid = statement->references[i].relation_oid;
        const struct dg_relation *before = dg_snapshot_relation_by_oid(read->snapshot, oid);
        const struct dg_relation *after = dg_snapshot_relation_by_oid(read->request.snapshot, oid);
        if (before == NULL || after == NULL || before->n_columns != after->n_columns)
            return true;
    }
    return false;
}

static bool is_named(const struct dg_sql_statement *statement, const char *relation)
{
    for (size_t i = 0; i < statement->n_relations; i++) {
        if (strcmp(statement->relations[i].name, relation) == 0)
            return true;
    }
    return false;
}

static bool is_about(const struct dg_change *change, const struct dg_sql_statement *statement)
{
    if (is_named(statement, change->relation) || is_named(statement, change->new_name))
        return true;
    for (size_t i = 0; i < statement->n_references; i++) {
        if (statement->references[i].relation_oid == change->relation_oid)
            return true;
    }
    return false;
}

/* True if the journal has a change of a relation of the statement since the prediction's snapshot: a relation that came
   and went leaves no other trace. Without memory nobody knows. */
static bool is_in_journal(const struct dg_read *read, const struct dg_sql_statement *statement)
{
    const struct dg_journal *journal = read->handle == NULL ? NULL : dg_schema_database_journal(read->handle);
    size_t n = journal == NULL ? 0 : dg_journal_copy(journal, NULL, SIZE_MAX);
    if (n == 0)
        return false;
    struct dg_change *changes = malloc(n * sizeof(*changes));
    if (changes == NULL)
        return true;
    n = dg_journal_copy(journal, changes, n);
    bool is_found = false;
    for (size_t i = 0; i < n && !is_found; i++)
        is_found = changes[i].before_us > dg_snapshot_read_at_us(read->snapshot) && is_about(&changes[i], statement);
    free(changes);
    return is_found;
}

/* True if sessions get another search path by default now than the prediction took for granted. */
static bool default_has_moved(const struct dg_read *read)
{
    const struct dg_snapshot *snapshot = read->request.snapshot;
    if (read->user == NULL)
        return false;
    const struct dg_role *role = dg_snapshot_role(snapshot, dg_str_of(read->user->items[0]));
    const char *text = dg_snapshot_setting(snapshot, "search_path", role == NULL ? 0 : role->oid);
    text = text != NULL ? text : dg_snapshot_facts(snapshot)->search_path;
    struct dg_words *now = text == NULL ? NULL : dg_words_of_path(dg_str_of(text));
    bool is_same = now != NULL && read->path != NULL && dg_words_equal(now, read->path);
    dg_words_unref(now);
    return !is_same;
}

static void count_false_alarm(const struct dg_read *read, const struct dg_sql_finding *finding)
{
    bool is_disarming = dg_breaker_is_disarmed_by(finding);
    dg_outcome_count(read->guard, &read->database->place, "false_alarm", "", finding->sqlstate);
    if (is_disarming)
        atomic_store(&read->database->is_disarmed, true);
    dg_logf(read->guard->shared->log, DG_LOG_WARNING, "false_alarm",
            is_disarming ? "a predicted error was not raised; the breaker of this database is off until restart"
            : finding->is_certain
                ? "a predicted error was not raised"
                : "a predicted error was not raised; the session's search path is not what it seemed to be",
            dg_field_str("database", read->database->place.database),
            dg_field_str("upstream", read->database->place.upstream),
            dg_field_str("server", read->database->place.server), dg_field_str("sqlstate", finding->sqlstate));
}

static void settle_doubt(struct dg_read *read)
{
    struct dg_verdict *anew = judge_again(read);
    const struct dg_sql_statement *before = statement_of(read, read->verdict);
    const struct dg_sql_statement *after = statement_of(read, anew);
    if (before != NULL && after != NULL && before->n_findings > 0 && after->n_findings > 0 &&
        same_finding(&before->findings[0], &after->findings[0]) &&
        dg_snapshot_covers(read->request.snapshot) <= read->changes && !has_moved(read, before) &&
        !is_in_journal(read, before) && !default_has_moved(read))
        count_false_alarm(read, &before->findings[0]);
    dg_verdict_unref(anew);
}

static void file_error(struct dg_read *read)
{
    struct dg_verdict *anew = judge_again(read);
    const struct dg_verdict *verdict = anew != NULL ? anew : read->verdict;
    const struct dg_sql_statement *statement = statement_of(read, verdict);
    struct dg_error_fields fields;
    struct dg_diagnosis diagnosis;
    if (statement != NULL && dg_error_fields_parse((struct dg_str){read->body, read->body_len}, &fields) == DG_OK) {
        struct dg_explain_context context = {
            .guard = read->guard,
            .place = &read->database->place,
            .application = read->application,
            .snapshot = read->request.snapshot,
            .journal = read->handle == NULL ? NULL : dg_schema_database_journal(read->handle),
            .path = read->path,
            .role = read->role == NULL ? NULL : read->role->items[0],
            .detail = DG_DETAIL_BRIEF,
        };
        dg_explain_diagnose(&context, verdict, statement, &fields, &diagnosis);
        for (size_t i = 0; i < read->n_unheld; i++)
            dg_explain_file(&context, verdict, &fields, &diagnosis);
    }
    dg_verdict_unref(anew);
}

static void on_answer(struct dg_mail *mail, void *reader)
{
    struct dg_read *read = (struct dg_read *)(void *)mail;
    (void)reader;
    if (read->guard != NULL) {
        read_unlink(read);
        if (read->purpose == DG_READ_DOUBT && read->request.status == DG_OK)
            settle_doubt(read);
        if (read->n_unheld > 0)
            file_error(read);
        wake(read);
    }
    read_free(read);
}

static void on_discard(struct dg_mail *mail)
{
    struct dg_read *read = (struct dg_read *)(void *)mail;
    if (read->guard != NULL)
        read_unlink(read);
    read_free(read);
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static struct dg_read *read_new(struct dg_guard_session *session, enum dg_read_purpose purpose)
{
    struct dg_guard *guard = session->guard;
    if (guard->n_reads >= DG_GUARD_MAX_READS || session->handle == NULL)
        return NULL;
    struct dg_read *read = calloc(1, sizeof(*read));
    if (read == NULL)
        return NULL;
    read->request.mail.deliver = on_answer;
    read->request.mail.discard = on_discard;
    read->guard = guard;
    read->purpose = purpose;
    read->database = session->view == NULL ? NULL : session->view->database;
    read->next = guard->reads;
    guard->reads = read;
    guard->n_reads++;
    return read;
}

bool dg_read_until_covered(struct dg_guard_session *session)
{
    struct dg_read *read = read_new(session, DG_READ_HOLD);
    if (read == NULL)
        return false;
    read->waiters = session;
    session->statement_read = read;
    dg_schema_database_read(session->handle, &read->request, session->guard->mailbox);
    return true;
}

bool dg_read_release(struct dg_guard_session *session, const char *database)
{
    struct dg_read *read = read_new(session, DG_READ_HOLD);
    if (read == NULL)
        return false;
    read->waiters = session;
    session->statement_read = read;
    dg_schema_store_release_database(session->guard->shared->store, database, &read->request, session->guard->mailbox);
    return true;
}

/* Sends a read of the relations that the statement names; NULL: of everything, if any change is not covered. */
static void send(struct dg_guard_session *session, struct dg_read *read, const struct dg_sql_statement *statement)
{
    struct dg_schema_name names[32];
    size_t n = statement == NULL ? 0 : statement->n_relations < 32 ? statement->n_relations : 32;
    for (size_t i = 0; i < n; i++)
        names[i] = (struct dg_schema_name){statement->relations[i].schema, statement->relations[i].name};
    read->request.names = names;
    read->request.n_names = n;
    /* The handle of the read's own keeps the database open until the answer is here. */
    read->handle = dg_schema_database_open_again(session->handle);
    dg_schema_database_read(session->handle, &read->request, session->guard->mailbox);
    read->request.names = NULL; /* the store has its copies */
}

static void remember_session(struct dg_read *read, const struct dg_guard_session *session)
{
    const struct dg_path *path = &session->path;
    const char *const *items;
    size_t n;
    if (dg_session_is_direct(session) && dg_path_search_path(path, &items, &n))
        read->path = dg_words_ref(path->now.path.state == DG_SETTING_SET ? path->now.path.words : path->default_path);
    const char *role = session->has_start_role || !dg_session_is_direct(session) ? NULL : dg_path_role(path);
    const char *user = session->user;
    if (path->now.path.state != DG_SETTING_SET && session->start_path == NULL)
        read->user = dg_words_new(&user, 1);
    read->role = role == NULL ? NULL : dg_words_new(&role, 1);
    snprintf(read->application, sizeof(read->application), "%s", session->application);
}

static struct dg_read *find_error_read(struct dg_guard *guard, const struct dg_verdict *verdict)
{
    for (struct dg_read *read = guard->reads; read != NULL; read = read->next) {
        if (read->purpose == DG_READ_ERROR && read->verdict == verdict)
            return read;
    }
    return NULL;
}

static void join(struct dg_read *read, struct dg_guard_session *session, bool is_held)
{
    if (!is_held) {
        read->n_unheld++;
        return;
    }
    session->next_waiter = read->waiters;
    read->waiters = session;
    session->error_read = read;
}

bool dg_read_for_error(struct dg_guard_session *session, struct dg_verdict *verdict,
                       const struct dg_sql_statement *statement, struct dg_str body, bool is_held)
{
    struct dg_read *read = find_error_read(session->guard, verdict);
    if (read != NULL) {
        join(read, session, is_held);
        return true;
    }
    uint64_t now_ms = dg_clock_monotonic_ms();
    if (verdict->last_read_ms != 0 && now_ms - verdict->last_read_ms < ASK_AGAIN_MS)
        return false;
    read = session->view == NULL || session->view->database == NULL ? NULL : read_new(session, DG_READ_ERROR);
    if (read == NULL)
        return false;
    verdict->last_read_ms = now_ms;
    read->verdict = dg_verdict_ref(verdict);
    read->statement = (size_t)(statement - verdict->analysis.statements);
    read->body_len = body.len < sizeof(read->body) ? body.len : 0;
    memcpy(read->body, body.data, read->body_len);
    remember_session(read, session);
    join(read, session, is_held);
    send(session, read, statement);
    return true;
}

/*
 * Another connection cannot see what the session has not committed, and a function may have made anything: so the read
 * waits for the end of the transaction, and of one that is rolled back nothing can be told. It is a full read, since a
 * name may be valid by a function, a type, a schema's name or privilege as well as by a relation. Where any change was seen
 * between the prediction's snapshot and that read, the two are of different times, and nothing is told. Nor is it once the
 * session has called a function that may change the schema: a temporary table that goes with the transaction leaves no
 * trace that a read could find.
 */
void dg_read_for_doubt(struct dg_guard_session *session, struct dg_verdict *verdict,
                       const struct dg_sql_statement *statement)
{
    if (session->path.may_have_unseen_ddl || session->path.n_locals > 0 || session->path.any_uncommitted ||
        session->path.any_temp || session->n_pending > 0 || session->view == NULL || session->view->database == NULL ||
        session->doubt != NULL)
        return;
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    uint64_t changes = dg_schema_database_changes(session->handle);
    if (snapshot == NULL || verdict->generation != dg_snapshot_generation(snapshot) ||
        changes != dg_snapshot_covers(snapshot))
        return;
    struct dg_read *read = read_new(session, DG_READ_DOUBT);
    if (read == NULL)
        return;
    read->verdict = dg_verdict_ref(verdict);
    read->statement = (size_t)(statement - verdict->analysis.statements);
    read->snapshot = dg_snapshot_ref((struct dg_snapshot *)(void *)session->view->reader.object);
    read->changes = changes;
    remember_session(read, session);
    session->doubt = read;
}

/* A resolver that erred at one statement would have the whole schema read each time that it runs. */
static bool may_doubt(const struct dg_guard_session *session)
{
    uint64_t now_ms = dg_clock_monotonic_ms();
    uint64_t before_ms = atomic_load(&session->view->database->doubted_ms);
    if (before_ms != 0 && now_ms - before_ms < (uint64_t)dg_guard_config(session->guard)->min_reload_interval_ms)
        return false;
    atomic_store(&session->view->database->doubted_ms, now_ms);
    return true;
}

void dg_read_end_doubt(struct dg_guard_session *session, bool is_committed)
{
    struct dg_read *read = session->doubt;
    if (read == NULL)
        return;
    session->doubt = NULL;
    /* One change is the doubt's own: what it took for done unseen in the transaction (outcome.c). */
    uint64_t n_changes = dg_schema_database_changes(session->handle);
    bool is_alone = n_changes <= read->changes + 1;
    if (is_committed && is_alone && may_doubt(session)) {
        /* The snapshot is proved wrong: nothing is foreseen by it any more, and what waits for a newer one gets it. */
        dg_schema_database_changed(session->handle, NULL, 0);
        read->changes = n_changes + 1;
        send(session, read, NULL);
        return;
    }
    read_unlink(read);
    read_free(read);
}

/* ---- going ------------------------------------------------------------------------------------------------------- */

void dg_read_detach_error(struct dg_guard_session *session)
{
    if (session->error_read == NULL)
        return;
    struct dg_guard_session **link = &session->error_read->waiters;
    while (*link != session)
        link = &(*link)->next_waiter;
    *link = session->next_waiter;
    session->next_waiter = NULL;
    session->error_read = NULL;
}

void dg_read_detach(struct dg_guard_session *session)
{
    dg_read_detach_error(session);
    if (session->statement_read != NULL)
        session->statement_read->waiters = NULL;
    session->statement_read = NULL;
}

void dg_read_detach_all(struct dg_guard *guard)
{
    for (struct dg_read *read = guard->reads; read != NULL; read = read->next) {
        read->guard = NULL;
        dg_verdict_unref(read->verdict);
        dg_words_unref(read->path);
        dg_words_unref(read->role);
        dg_words_unref(read->user);
        read->verdict = NULL;
        read->path = NULL;
        read->role = NULL;
        read->user = NULL;
        /* The store may be freed, and answer, before this read comes back: no database may be open then. */
        if (read->handle != NULL)
            dg_schema_database_close(read->handle);
        read->handle = NULL;
    }
    guard->reads = NULL;
}
