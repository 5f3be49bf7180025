/*
 * What a resolution hands out: references, names, and findings.
 *
 * A finding goes in by dg_report_add, which decides what all kinds share: whether one may be reported at all, whether it
 * is the server's first error, and where the server points. The words are the callers' (report_missing.c and others).
 */
#include <string.h>

#include "sql/resolver.h"

struct dg_output {
    struct dg_sql_reference *references;
    size_t n_references;
    size_t cap_references;
    struct dg_sql_finding *findings;
    size_t n_findings;
    size_t cap_findings;
    struct dg_sql_name *relations;
    size_t n_relations;
    size_t cap_relations;
    struct dg_sql_name *columns;
    size_t n_columns;
    size_t cap_columns;
};

bool dg_output_init(struct dg_resolver *r)
{
    r->output = dg_resolver_alloc(r, sizeof(*r->output));
    return r->output != NULL;
}

/* Room for one more of `size` bytes: `items` itself or a larger copy; NULL without memory. */
static void *with_room(struct dg_resolver *r, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t new_cap = *cap == 0 ? 8 : *cap * 2;
    void *grown = dg_arena_array(r->arena, new_cap, size);
    if (grown == NULL) {
        r->no_memory = true;
        return NULL;
    }
    if (n > 0)
        memcpy(grown, items, n * size);
    *cap = new_cap;
    return grown;
}

const char *dg_report_copy(struct dg_resolver *r, const char *text)
{
    if (text == NULL)
        return NULL;
    char *copied = dg_arena_strdup(r->arena, text);
    if (copied == NULL)
        r->no_memory = true;
    return copied;
}

void dg_report_reference(struct dg_resolver *r, dg_oid relation_oid, int16_t attnum, int32_t location)
{
    struct dg_output *out = r->output;
    struct dg_sql_reference *items =
        with_room(r, out->references, out->n_references, &out->cap_references, sizeof(*items));
    if (items == NULL)
        return;
    out->references = items;
    out->references[out->n_references++] = (struct dg_sql_reference){
        .relation_oid = relation_oid,
        .attnum = attnum,
        .clause = r->clause,
        .location = location < 0 ? 0 : (uint32_t)location,
    };
}

void dg_report_column_reference(struct dg_resolver *r, const struct dg_scope_column *column, int32_t location)
{
    if (column->relation_oid != 0)
        dg_report_reference(r, column->relation_oid, column->attnum, location);
}

static void add_name(struct dg_resolver *r, struct dg_sql_name **list, size_t *n, size_t *cap, const char *first,
                     const char *second)
{
    struct dg_sql_name *items = with_room(r, *list, *n, cap, sizeof(*items));
    if (items == NULL)
        return;
    *list = items;
    const char *schema = dg_report_copy(r, first == NULL ? "" : first);
    const char *name = dg_report_copy(r, second);
    if (schema != NULL && name != NULL)
        items[(*n)++] = (struct dg_sql_name){.schema = schema, .name = name};
}

void dg_report_relation_name(struct dg_resolver *r, const char *schema, const char *name)
{
    struct dg_output *out = r->output;
    add_name(r, &out->relations, &out->n_relations, &out->cap_relations, schema, name);
}

void dg_report_column_name(struct dg_resolver *r, const char *qualifier, const char *name)
{
    struct dg_output *out = r->output;
    add_name(r, &out->columns, &out->n_columns, &out->cap_columns, qualifier, name);
}

void dg_output_finish(struct dg_resolver *r, struct dg_resolution *resolution)
{
    const struct dg_output *out = r->output;
    *resolution = (struct dg_resolution){
        .reason = r->no_memory ? DG_REASON_NO_MEMORY : r->reason,
        .references = out->references,
        .n_references = out->n_references,
        .findings = out->findings,
        .n_findings = r->no_memory ? 0 : out->n_findings,
        .relations = out->relations,
        .n_relations = out->n_relations,
        .columns = out->columns,
        .n_columns = out->n_columns,
        .depends_on_path = r->depends_on_path,
        .depends_on_literals = r->depends_on_literals,
    };
}

/* ---- findings ---- */

bool dg_report_has_finding(const struct dg_resolver *r)
{
    return r->output->n_findings > 0;
}

/* Field P: characters of the server's encoding from 1; a SQL_ASCII server counts bytes. */
static uint32_t position_of(const struct dg_resolver *r, int32_t location)
{
    if (location < 0 || (size_t)location > r->text.len)
        return 0;
    const char *encoding = r->facts->server_encoding;
    if (encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0)
        return (uint32_t)location + 1;
    return (uint32_t)dg_str_utf8_chars(r->text, (size_t)location) + 1;
}

struct dg_sql_finding *dg_report_add(struct dg_resolver *r, enum dg_finding_kind kind, const char *sqlstate,
                                     int32_t location)
{
    struct dg_output *out = r->output;
    bool is_first = out->n_findings == 0;
    if (location > 0) /* for the characters before it */
        dg_work_add(r->work, (size_t)location / 16);
    if (r->session->any_uncommitted || r->is_observed || dg_resolver_has_given_up(r) ||
        out->n_findings >= DG_RESOLVE_MAX_FINDINGS)
        return NULL;
    struct dg_sql_finding *items = with_room(r, out->findings, out->n_findings, &out->cap_findings, sizeof(*items));
    if (items == NULL)
        return NULL;
    out->findings = items;
    struct dg_sql_finding *finding = &items[out->n_findings++];
    *finding = (struct dg_sql_finding){
        .kind = kind,
        .sqlstate = sqlstate,
        .position = position_of(r, location),
        .is_exact = is_first && !r->is_blurred,
        .is_certain = !r->is_path_sensitive,
        .clause = r->clause,
        .message = "",
    };
    dg_resolver_blur(r);
    return finding;
}

void dg_report_set_message(struct dg_resolver *r, struct dg_sql_finding *finding, const char *message)
{
    if (message == NULL)
        r->no_memory = true;
    else
        finding->message = message;
}

void dg_report_set_relation(struct dg_resolver *r, struct dg_sql_finding *finding, const struct dg_relation *relation)
{
    if (relation == NULL)
        return;
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(r->snapshot, relation->namespace_oid);
    finding->relation_oid = relation->oid;
    finding->relation = dg_report_copy(r, relation->name);
    finding->schema = namespace == NULL ? NULL : dg_report_copy(r, namespace->name);
}
