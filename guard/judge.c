/*
 * From a text to its verdict: is the session looked at, may the text be judged, is it in the cache, and if not, what
 * does the analysis say. The way of a text that was seen before: one digest compare, one hash, one look-up. One with other
 * literals than before takes a pass of the lexer and a second look-up.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "guard/state.h"
#include "sql/shape.h"

enum context_flag { FLAG_UTF8 = 1 << 0, FLAG_STRINGS = 1 << 1, FLAG_PENDING = 1 << 2 };

const struct dg_config *dg_guard_config(const struct dg_guard *guard)
{
    return (const struct dg_config *)(const void *)guard->config.object;
}

const struct dg_snapshot *dg_session_snapshot(const struct dg_guard_session *session)
{
    if (session->view == NULL)
        return NULL;
    return (const struct dg_snapshot *)(const void *)session->view->reader.object;
}

bool dg_session_is_direct(const struct dg_guard_session *session)
{
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    return snapshot != NULL && dg_snapshot_facts(snapshot)->is_direct;
}

static void refresh_mode(struct dg_guard_session *session)
{
    struct dg_guard *guard = session->guard;
    dg_published_refresh(guard->shared->config, &guard->config);
    if (session->mode_is_known && session->config_version == guard->config.version)
        return;
    session->mode_is_known = true;
    session->config_version = guard->config.version;
    const struct dg_config *config = dg_guard_config(guard);
    session->mode = DG_MODE_OFF;
    if (config != NULL)
        session->mode = dg_config_mode_for(config, dg_str_of(session->place.database), dg_str_of(session->user),
                                           dg_str_of(session->application), &session->detail);
}

/* What RESET search_path gives: the start-up packet's, else the role's and database's, else the server's. Settings of
   role and database count as they were when the session began: once a snapshot read after that moment has been asked,
   the answer stands; if an older snapshot had said otherwise, nobody knows which of the two the session got. */
static void refresh_default_path(struct dg_guard_session *session, const struct dg_snapshot *snapshot)
{
    if (session->default_is_final || session->path_unknown)
        return;
    const struct dg_server_facts *facts = dg_snapshot_facts(snapshot);
    const struct dg_role *role = dg_snapshot_role(snapshot, dg_str_of(session->user));
    const char *setting = dg_snapshot_setting(snapshot, "search_path", role == NULL ? 0 : role->oid);
    bool is_after = dg_snapshot_settings_read_ms(snapshot) > session->started_ms;
    const char *text = setting != NULL ? setting : facts->search_path;
    struct dg_words *words = text == NULL ? NULL : dg_words_of_path(dg_str_of(text));
    struct dg_words *before = session->path.default_path;
    bool is_same = words != NULL && before != NULL && dg_words_equal(words, before);
    session->default_is_final = is_after && setting != NULL;
    if (is_same) {
        dg_words_unref(words);
        return;
    }
    if (is_after && before != NULL && setting != NULL) {
        dg_words_unref(words);
        words = NULL;
    }
    dg_path_set_default(&session->path, words);
}

/* ALTER ROLE or ALTER DATABASE ... SET role: as whom the session began is not known. */
static void refresh_start_role(struct dg_guard_session *session, const struct dg_snapshot *snapshot)
{
    const struct dg_role *role = dg_snapshot_role(snapshot, dg_str_of(session->user));
    if (!session->has_start_role && dg_snapshot_setting(snapshot, "role", role == NULL ? 0 : role->oid) != NULL) {
        session->has_start_role = true;
        session->context_is_known = false;
    }
}

static void refresh_snapshot(struct dg_guard_session *session)
{
    struct dg_guard_view *view = session->view;
    if (view == NULL)
        return;
    if (dg_schema_database_refresh(session->handle, &view->reader)) {
        const struct dg_snapshot *snapshot = dg_session_snapshot(session);
        if (snapshot != NULL && view->database != NULL) {
            dg_groups_satisfy(session->guard->shared->groups, &session->place, snapshot);
            atomic_fetch_add(&view->database->epoch, 1);
        }
    }
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    if (snapshot != NULL && session->context_generation != dg_snapshot_generation(snapshot)) {
        refresh_default_path(session, snapshot);
        refresh_start_role(session, snapshot);
    }
}

bool dg_session_refresh(struct dg_guard_session *session)
{
    refresh_mode(session);
    if (session->mode == DG_MODE_OFF || session->is_replication) {
        session->was_off = true;
        return false;
    }
    if (session->was_off) {
        session->was_off = false;
        dg_path_lose(&session->path);
        dg_prepared_lose(session);
    }
    refresh_snapshot(session);
    return true;
}

enum dg_reason dg_session_override(struct dg_guard_session *session)
{
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    if (snapshot == NULL)
        return DG_REASON_NO_SNAPSHOT;
    return dg_snapshot_covers(snapshot) < dg_schema_database_changes(session->handle) ? DG_REASON_STALE
                                                                                      : DG_REASON_NONE;
}

void dg_judge_describe(struct dg_guard_session *session, const struct dg_snapshot *snapshot, const char **locals,
                       struct dg_sql_session *out)
{
    const struct dg_path *path = &session->path;
    bool is_pending = session->n_pending > 0;
    *out = (struct dg_sql_session){.snapshot = snapshot};
    for (size_t i = 0; i < path->n_locals; i++)
        locals[i] = path->locals[i].name;
    out->local_names = path->n_locals == 0 ? NULL : locals;
    out->n_local_names = path->n_locals;
    out->any_uncommitted = path->any_uncommitted || path->any_temp || is_pending;
    bool is_own_state = dg_session_is_direct(session) && !is_pending;
    out->path_known = dg_path_search_path(path, &out->path, &out->n_path) && is_own_state;
    if (!out->path_known) {
        out->path = NULL;
        out->n_path = 0;
    }
    bool is_start_role = session->has_start_role && path->now.role.state == DG_SETTING_DEFAULT;
    out->role = !is_own_state || is_start_role ? NULL : dg_path_role(path);
    const struct dg_config *config = dg_guard_config(session->guard);
    out->max_tokens = config == NULL ? 10000 : (size_t)config->max_inspect_tokens;
}

static unsigned context_flags(const struct dg_guard_session *session)
{
    return (session->client_is_utf8 && session->server_is_utf8 ? FLAG_UTF8 : 0U) |
           (session->strings_are_standard ? FLAG_STRINGS : 0U) | (session->n_pending > 0 ? FLAG_PENDING : 0U);
}

uint64_t dg_session_context(struct dg_guard_session *session)
{
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    uint64_t generation = snapshot == NULL ? 0 : dg_snapshot_generation(snapshot);
    unsigned flags = context_flags(session);
    if (session->context_is_known && session->context_generation == generation && session->context_flags == flags &&
        session->context_path_version == session->path.version)
        return session->context_digest;
    const char *locals[DG_PATH_MAX_LOCALS];
    struct dg_sql_session sql;
    dg_judge_describe(session, snapshot, locals, &sql);
    session->context_digest = dg_verdict_context(session->guard->secret, dg_place_key(&session->place), &sql, flags);
    session->context_generation = generation;
    session->context_flags = flags;
    session->context_path_version = session->path.version;
    session->context_is_known = true;
    return session->context_digest;
}

/* DESIGN: a text is judged if it is ASCII, or if both encodings are UTF8 and it is well-formed. */
static bool text_is_readable(const struct dg_guard_session *session, struct dg_str text)
{
    if (!session->strings_are_standard)
        return false;
    if (dg_str_is_ascii(text))
        return true;
    return session->client_is_utf8 && session->server_is_utf8 && dg_str_is_utf8(text);
}

struct dg_verdict *dg_judge_anew(struct dg_guard *guard, struct dg_str text, const struct dg_sql_session *sql,
                                 struct dg_hash128 key)
{
    uint64_t began_ns = dg_clock_monotonic_ns();
    struct dg_sql_analysis analysis = {.reason = DG_REASON_NO_MEMORY};
    enum dg_status status = dg_sql_analyze(text, sql, &guard->arena, &analysis);
    struct dg_verdict *verdict = NULL;
    if (status != DG_NO_MEMORY)
        verdict = dg_verdict_new(key, text, sql, &analysis);
    dg_arena_reset(&guard->arena);
    dg_count(guard->shard, DG_CELL_VERDICTS_NEW, 1);
    dg_observe_ns(guard->shard, DG_HISTOGRAM_ANALYSIS_SECONDS, dg_clock_monotonic_ns() - began_ns);
    return verdict;
}

static struct dg_verdict *analyze(struct dg_guard_session *session, struct dg_str text, const dg_oid *param_types,
                                  size_t n_param_types, struct dg_hash128 key)
{
    const char *locals[DG_PATH_MAX_LOCALS];
    struct dg_sql_session sql;
    const struct dg_snapshot *snapshot = dg_session_snapshot(session);
    dg_judge_describe(session, snapshot == NULL ? session->guard->empty : snapshot, locals, &sql);
    sql.param_types = param_types;
    sql.n_param_types = n_param_types;
    return dg_judge_anew(session->guard, text, &sql, key);
}

/* NONE if the text may be analysed. What is in the cache may: the context holds the encodings. */
static enum dg_reason reason_not_to_read(const struct dg_guard_session *session, struct dg_str text)
{
    if (!text_is_readable(session, text))
        return DG_REASON_ENCODING;
    if (text.len > 0 && memchr(text.data, 0, text.len) != NULL)
        return DG_REASON_UNPARSED;
    return DG_REASON_NONE;
}

/* A text on its way to its verdict. */
struct inquiry {
    struct dg_guard_session *session;
    struct dg_str text;
    const dg_oid *param_types;
    size_t n_param_types;
    struct dg_hash128 key;
    struct dg_str shape; /* in guard->shape; empty: none */
    struct dg_hash128 shape_key;
};

/* A literal may name a setting that the breaker must know of: that is seen in whole texts only. */
static void find_shape(struct inquiry *inquiry)
{
    struct dg_guard *guard = inquiry->session->guard;
    size_t max_tokens = (size_t)dg_guard_config(guard)->max_inspect_tokens;
    if (inquiry->text.len > sizeof(guard->shape) || dg_verdict_sets_breaker_context(inquiry->text))
        return;
    inquiry->shape =
        (struct dg_str){guard->shape, dg_sql_shape(inquiry->text, max_tokens, guard->shape, sizeof(guard->shape))};
    if (inquiry->shape.len > 0)
        inquiry->shape_key = dg_verdict_shape_key(dg_session_context(inquiry->session), inquiry->shape,
                                                  inquiry->param_types, inquiry->n_param_types);
}

/* The shape's verdict, with the text in the ticket: should the server object, this very text is analysed. Nothing goes
   into the cache, so that texts that never come again do not drive out those that do. */
static struct dg_verdict *find_by_shape(struct inquiry *inquiry, struct dg_ticket *ticket)
{
    struct dg_guard *guard = inquiry->session->guard;
    find_shape(inquiry);
    if (inquiry->shape.len == 0)
        return NULL;
    struct dg_verdict *verdict = dg_verdict_cache_find_shape(guard->verdicts, inquiry->shape_key, inquiry->shape);
    if (verdict != NULL && !dg_ticket_keep_text(ticket, inquiry->text)) {
        dg_verdict_unref(verdict);
        verdict = NULL;
    }
    if (verdict != NULL)
        dg_count(guard->shard, DG_CELL_VERDICTS_SHAPE, 1);
    return verdict;
}

static void put_shape(const struct inquiry *inquiry, const struct dg_verdict *verdict)
{
    if (inquiry->shape.len == 0)
        return;
    struct dg_verdict_cache *cache = inquiry->session->guard->verdicts;
    struct dg_verdict *shared = dg_verdict_of_shape(verdict, inquiry->shape_key, inquiry->shape);
    if (shared != NULL)
        dg_verdict_cache_put(cache, shared);
    dg_verdict_unref(shared);
}

/* With a ticket, a verdict by shape will do. */
static struct dg_verdict *judge(struct inquiry *inquiry, struct dg_ticket *ticket, enum dg_reason *reason)
{
    struct dg_guard_session *session = inquiry->session;
    struct dg_guard *guard = session->guard;
    *reason = DG_REASON_NONE;
    if (inquiry->text.len > (size_t)dg_guard_config(guard)->max_inspect_bytes) {
        *reason = DG_REASON_TOO_LONG;
        return NULL;
    }
    inquiry->key =
        dg_verdict_key(dg_session_context(session), inquiry->text, inquiry->param_types, inquiry->n_param_types);
    struct dg_verdict *verdict = dg_verdict_cache_find(guard->verdicts, inquiry->key, inquiry->text);
    if (verdict != NULL) {
        dg_count(guard->shard, DG_CELL_VERDICTS_TEXT, 1);
        return verdict;
    }
    *reason = reason_not_to_read(session, inquiry->text);
    if (*reason != DG_REASON_NONE)
        return NULL;
    verdict = ticket == NULL ? NULL : find_by_shape(inquiry, ticket);
    if (verdict != NULL)
        return verdict;
    if (guard->empty != NULL)
        verdict = analyze(session, inquiry->text, inquiry->param_types, inquiry->n_param_types, inquiry->key);
    if (verdict == NULL) {
        *reason = DG_REASON_NO_MEMORY;
        return NULL;
    }
    dg_verdict_cache_put(guard->verdicts, verdict);
    put_shape(inquiry, verdict);
    return verdict;
}

struct dg_verdict *dg_judge_verdict(struct dg_guard_session *session, struct dg_str text, const dg_oid *param_types,
                                    size_t n_param_types, enum dg_reason *reason)
{
    struct inquiry inquiry = {
        .session = session, .text = text, .param_types = param_types, .n_param_types = n_param_types};
    return judge(&inquiry, NULL, reason);
}

struct dg_ticket *dg_judge_text(struct dg_guard_session *session, struct dg_str text, const dg_oid *param_types,
                                size_t n_param_types)
{
    struct inquiry inquiry = {
        .session = session, .text = text, .param_types = param_types, .n_param_types = n_param_types};
    struct dg_ticket *ticket = dg_ticket_new(session->guard);
    if (ticket == NULL)
        return NULL;
    ticket->verdict = judge(&inquiry, ticket, &ticket->reason);
    if (ticket->verdict != NULL)
        ticket->reason = ticket->verdict->analysis.reason;
    if (ticket->verdict != NULL && ticket->reason == DG_REASON_TOO_LONG)
        dg_count(session->guard->shard, DG_CELL_LIMIT_INSPECT_TOKENS, 1);
    enum dg_reason override = dg_session_override(session);
    if (ticket->reason == DG_REASON_NONE)
        ticket->reason = override;
    ticket->context = dg_session_context(session) ^ override;
    return ticket;
}
