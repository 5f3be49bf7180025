/*
 * One verdict: the compact copy of an analysis. dg_verdict_new runs the same copying code twice, first against nothing
 * to learn the size, then into the one allocation; so the two can never disagree.
 */
#include "guard/verdict.h"

#include <stdlib.h>
#include <strings.h>

/* Where the next piece goes. With base NULL only the size is counted. */
struct packer {
    char *base;
    size_t used;
};

static void *pack(struct packer *packer, const void *bytes, size_t len)
{
    size_t at = (packer->used + 7U) & ~(size_t)7U;
    packer->used = at + len;
    if (packer->base == NULL)
        return NULL;
    if (len > 0)
        memcpy(packer->base + at, bytes, len);
    return packer->base + at;
}

static const char *pack_text(struct packer *packer, const char *text)
{
    if (text == NULL)
        return NULL;
    size_t len = strlen(text) + 1;
    size_t at = packer->used;
    packer->used += len;
    if (packer->base == NULL)
        return NULL;
    memcpy(packer->base + at, text, len);
    return packer->base + at;
}

static const struct dg_sql_name *pack_names(struct packer *packer, const struct dg_sql_name *names, size_t n)
{
    if (n == 0)
        return NULL;
    struct dg_sql_name *copy = pack(packer, names, n * sizeof(*names));
    for (size_t i = 0; i < n; i++) {
        const char *schema = pack_text(packer, names[i].schema == NULL ? "" : names[i].schema);
        const char *name = pack_text(packer, names[i].name == NULL ? "" : names[i].name);
        if (copy != NULL)
            copy[i] = (struct dg_sql_name){schema, name};
    }
    return copy;
}

static const struct dg_sql_finding *pack_findings(struct packer *packer, const struct dg_sql_finding *findings,
                                                  size_t n)
{
    if (n == 0)
        return NULL;
    struct dg_sql_finding *copy = pack(packer, findings, n * sizeof(*findings));
    for (size_t i = 0; i < n; i++) {
        const char *message = pack_text(packer, findings[i].message);
        const char *schema = pack_text(packer, findings[i].schema);
        const char *relation = pack_text(packer, findings[i].relation);
        const char *column = pack_text(packer, findings[i].column);
        const char *object = pack_text(packer, findings[i].object);
        if (copy == NULL)
            continue;
        copy[i].message = message;
        copy[i].schema = schema;
        copy[i].relation = relation;
        copy[i].column = column;
        copy[i].object = object;
    }
    return copy;
}

static const struct dg_sql_effect *pack_effects(struct packer *packer, const struct dg_sql_effect *effects, size_t n)
{
    if (n == 0)
        return NULL;
    struct dg_sql_effect *copy = pack(packer, effects, n * sizeof(*effects));
    for (size_t i = 0; i < n; i++) {
        const char *name = pack_text(packer, effects[i].name);
        const struct dg_sql_name *names = pack_names(packer, effects[i].names, effects[i].n_names);
        if (copy == NULL)
            continue;
        copy[i].name = name;
        copy[i].names = names;
    }
    return copy;
}

static void pack_statement(struct packer *packer, const struct dg_sql_statement *from, struct dg_sql_statement *to)
{
    struct dg_sql_statement copy = *from;
    copy.references = pack(packer, from->references, from->n_references * sizeof(*from->references));
    copy.findings = pack_findings(packer, from->findings, from->n_findings);
    copy.effects = pack_effects(packer, from->effects, from->n_effects);
    copy.relations = pack_names(packer, from->relations, from->n_relations);
    copy.columns = pack_names(packer, from->columns, from->n_columns);
    if (to != NULL)
        *to = copy;
}

static void pack_verdict(struct packer *packer, struct dg_str text, const struct dg_sql_session *session,
                         const struct dg_sql_analysis *analysis)
{
    struct dg_verdict *verdict = pack(packer, &(struct dg_verdict){0}, sizeof(struct dg_verdict));
    struct dg_sql_statement *statements =
        pack(packer, analysis->statements, analysis->n_statements * sizeof(*analysis->statements));
    for (size_t i = 0; i < analysis->n_statements; i++)
        pack_statement(packer, &analysis->statements[i], statements == NULL ? NULL : &statements[i]);
    const dg_oid *types = pack(packer, session->param_types, session->n_param_types * sizeof(dg_oid));
    const char *copy = pack(packer, text.data, text.len);
    if (verdict == NULL)
        return;
    verdict->analysis = *analysis;
    verdict->analysis.statements = statements;
    verdict->param_types = types;
    verdict->n_param_types = session->n_param_types;
    verdict->text = (struct dg_str){copy, text.len};
}

static bool effect_affects_names(enum dg_effect_kind kind)
{
    switch (kind) {
    case DG_EFFECT_BEGIN:
    case DG_EFFECT_SAVEPOINT:
    case DG_EFFECT_RELEASE:
    case DG_EFFECT_DEALLOCATE:
    case DG_EFFECT_PREPARE:
    case DG_EFFECT_UNSEEN_DDL:
    case DG_EFFECT_DATABASE:
    case DG_EFFECT_COMMIT:
    case DG_EFFECT_ROLLBACK:
    case DG_EFFECT_ROLLBACK_TO:
        return false;
    case DG_EFFECT_SET_PATH:
    case DG_EFFECT_PATH_UNKNOWN:
    case DG_EFFECT_SET_ROLE:
    case DG_EFFECT_SET_SESSION_AUTHORIZATION:
    case DG_EFFECT_SET_STRINGS:
    case DG_EFFECT_EXECUTE:
    case DG_EFFECT_RESET_ALL:
    case DG_EFFECT_DISCARD_ALL:
    case DG_EFFECT_DISCARD_TEMP:
    case DG_EFFECT_DDL:
    default:
        return true;
    }
}

static bool ends_transaction(enum dg_effect_kind kind)
{
    return kind == DG_EFFECT_COMMIT || kind == DG_EFFECT_ROLLBACK || kind == DG_EFFECT_ROLLBACK_TO;
}

/* Whatever its case, the word stands around the underscore at `at`, which is its `n_before`th byte. */
static bool stands_around(struct dg_str text, size_t at, const char *word, size_t n_before)
{
    size_t len = strlen(word);
    return at >= n_before && text.len - (at - n_before) >= len &&
           strncasecmp(text.data + at - n_before, word, len) == 0;
}

/* A word anywhere in the text: coarse on purpose, it errs on the side of not answering. A text may be full of
   underscores, so the byte behind one decides whether a word is compared. */
bool dg_verdict_sets_breaker_context(struct dg_str text)
{
    for (size_t at = 0; at + 1 < text.len; at++) {
        if (text.data[at] != '_')
            continue;
        int next = text.data[at + 1] | 0x20;
        if ((next == 'm' && stands_around(text, at, "lc_messages", 2)) ||
            (next == 's' && stands_around(text, at, "idle_session_timeout", 4)))
            return true;
    }
    return false;
}

static void summarise(struct dg_verdict *verdict)
{
    for (size_t i = 0; i < verdict->analysis.n_statements; i++) {
        const struct dg_sql_statement *statement = &verdict->analysis.statements[i];
        for (size_t k = 0; k < statement->n_effects; k++) {
            verdict->affects_names |= effect_affects_names(statement->effects[k].kind);
            verdict->has_ddl |= statement->effects[k].kind == DG_EFFECT_DDL;
            verdict->has_execute |= statement->effects[k].kind == DG_EFFECT_EXECUTE;
            verdict->ends_transaction |= ends_transaction(statement->effects[k].kind);
        }
    }
    verdict->sets_breaker_context = dg_verdict_sets_breaker_context(verdict->text);
}

struct dg_verdict *dg_verdict_new(struct dg_hash128 key, struct dg_str text, const struct dg_sql_session *session,
                                  const struct dg_sql_analysis *analysis)
{
    struct packer packer = {NULL, 0};
    pack_verdict(&packer, text, session, analysis);
    size_t size = packer.used;
    packer = (struct packer){malloc(size), 0};
    if (packer.base == NULL)
        return NULL;
    pack_verdict(&packer, text, session, analysis);
    struct dg_verdict *verdict = (struct dg_verdict *)(void *)packer.base;
    verdict->n_refs = 1;
    verdict->size_bytes = size;
    verdict->key = key;
    verdict->generation = session->snapshot == NULL ? 0 : dg_snapshot_generation(session->snapshot);
    summarise(verdict);
    return verdict;
}

/* sql/shape.c: what is clean is clean for the whole shape. */
static bool may_be_shared(const struct dg_verdict *verdict)
{
    const struct dg_sql_analysis *analysis = &verdict->analysis;
    if (analysis->reason != DG_REASON_NONE || analysis->n_statements != 1 || verdict->sets_breaker_context)
        return false;
    const struct dg_sql_statement *statement = &analysis->statements[0];
    return statement->class == DG_CLASS_DML && statement->reason == DG_REASON_NONE && statement->n_findings == 0 &&
           statement->n_effects == 0 && !statement->depends_on_literals;
}

struct dg_verdict *dg_verdict_of_shape(const struct dg_verdict *verdict, struct dg_hash128 key, struct dg_str shape)
{
    if (!may_be_shared(verdict))
        return NULL;
    struct dg_sql_statement statement = verdict->analysis.statements[0];
    struct dg_sql_analysis analysis = verdict->analysis;
    struct dg_sql_session session = {.param_types = verdict->param_types, .n_param_types = verdict->n_param_types};
    analysis.statements = &statement;
    struct dg_verdict *shared = dg_verdict_new(key, shape, &session, &analysis);
    if (shared == NULL)
        return NULL;
    shared->generation = verdict->generation;
    shared->is_shape = true;
    /* They are asked which columns are used (policy.c); where is another matter in each text. */
    struct dg_sql_reference *references =
        (struct dg_sql_reference *)(uintptr_t)shared->analysis.statements[0].references;
    for (size_t i = 0; i < statement.n_references; i++)
        references[i].location = 0;
    return shared;
}

struct dg_verdict *dg_verdict_ref(struct dg_verdict *verdict)
{
    if (verdict != NULL)
        verdict->n_refs++;
    return verdict;
}

void dg_verdict_unref(struct dg_verdict *verdict)
{
    if (verdict != NULL && --verdict->n_refs == 0)
        free(verdict);
}

/* Lengths go in with the bytes: ("a", "bc") and ("ab", "c") are different lists. */
static uint64_t mix_text(uint64_t digest, struct dg_str text)
{
    uint64_t len = text.len;
    digest = dg_hash64_seeded(&len, sizeof(len), digest);
    return text.len == 0 ? digest : dg_hash64_seeded(text.data, text.len, digest);
}

static uint64_t mix_list(uint64_t digest, const char *const *names, size_t n)
{
    uint64_t count = n;
    digest = dg_hash64_seeded(&count, sizeof(count), digest);
    for (size_t i = 0; i < n; i++)
        digest = mix_text(digest, dg_str_of(names[i]));
    return digest;
}

uint64_t dg_verdict_context(uint64_t secret, struct dg_str place, const struct dg_sql_session *session, unsigned flags)
{
    uint64_t digest = mix_text(secret, place);
    uint64_t facts[2] = {session->snapshot == NULL ? 0 : dg_snapshot_generation(session->snapshot),
                         (uint64_t)flags << 3 | (uint64_t)session->path_known << 2 |
                             (uint64_t)session->any_uncommitted << 1 | (uint64_t)(session->role != NULL)};
    digest = dg_hash64_seeded(facts, sizeof(facts), digest);
    digest = mix_list(digest, session->path, session->n_path);
    digest = mix_list(digest, session->local_names, session->n_local_names);
    return mix_text(digest, dg_str_of(session->role));
}

struct dg_hash128 dg_verdict_key(uint64_t context, struct dg_str text, const dg_oid *param_types, size_t n_param_types)
{
    if (n_param_types > 0)
        context = dg_hash64_seeded(param_types, n_param_types * sizeof(dg_oid), context);
    return dg_hash128_seeded(text.data, text.len, context);
}

struct dg_hash128 dg_verdict_shape_key(uint64_t context, struct dg_str shape, const dg_oid *param_types,
                                       size_t n_param_types)
{
    static const char domain[] = "shape";
    return dg_verdict_key(dg_hash64_seeded(domain, sizeof(domain), context), shape, param_types, n_param_types);
}
