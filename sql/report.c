/*
 * What a resolution hands out: references, names, and findings with the server's own words.
 *
 * Explaining a missing name is kept apart from resolving one, as in PostgreSQL's parse_relation.c: the walk only says
 * that nothing was found; the words here depend on what else the statement's range table holds. Every variant of 42703
 * and 42P01 that analysis can raise has its function.
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

/* The tree dies before the answer does: names are copied. */
static const char *copy(struct dg_resolver *r, const char *text)
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
    const char *schema = copy(r, first == NULL ? "" : first);
    const char *name = copy(r, second);
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

/* Fills what all findings share; NULL when none may be reported. The message is set by the caller. */
static struct dg_sql_finding *add_finding(struct dg_resolver *r, enum dg_finding_kind kind, const char *sqlstate,
                                          int32_t location)
{
    struct dg_output *out = r->output;
    bool is_first = out->n_findings == 0;
    if (r->session->any_uncommitted || r->is_observed || r->gave_up || out->n_findings >= DG_RESOLVE_MAX_FINDINGS)
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

static void set_message(struct dg_resolver *r, struct dg_sql_finding *finding, const char *message)
{
    if (message == NULL)
        r->no_memory = true;
    else
        finding->message = message;
}

static void set_relation(struct dg_resolver *r, struct dg_sql_finding *finding, const struct dg_relation *relation)
{
    if (relation == NULL)
        return;
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(r->snapshot, relation->namespace_oid);
    finding->relation_oid = relation->oid;
    finding->relation = copy(r, relation->name);
    finding->schema = namespace == NULL ? NULL : copy(r, namespace->name);
}

void dg_report_missing_relation(struct dg_resolver *r, const struct dg_relation_name *name,
                                const struct dg_relation_lookup *lookup)
{
    if (lookup->may_fail)
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_RELATION, "42P01", name->location);
    if (finding == NULL)
        return;
    finding->is_certain = lookup->is_unique;
    finding->schema = copy(r, name->schema);
    finding->relation = copy(r, name->name);
    set_message(r, finding,
                name->schema == NULL
                    ? dg_arena_printf(r->arena, "relation \"%s\" does not exist", name->name)
                    : dg_arena_printf(r->arena, "relation \"%s.%s\" does not exist", name->schema, name->name));
}

/* The one relation whose columns an unqualified name could have been; NULL if there are several or other items. */
static const struct dg_relation *only_relation(const struct dg_scope *scope)
{
    const struct dg_relation *only = NULL;
    for (; scope != NULL && only == NULL; scope = scope->parent) {
        for (size_t i = 0; i < scope->entries.n; i++) {
            const struct dg_scope_entry *entry = scope->entries.entries[i];
            if (!entry->shows_columns)
                continue;
            if (only != NULL || entry->item->kind != DG_ITEM_RELATION)
                return NULL;
            only = entry->item->relation;
        }
    }
    return only;
}

void dg_report_missing_column(struct dg_resolver *r, const struct dg_scope *scope, const char *qualifier,
                              const char *column, const struct dg_scope_item *item, int32_t location)
{
    dg_report_column_name(r, qualifier, column);
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_COLUMN, "42703", location);
    if (finding == NULL)
        return;
    finding->column = copy(r, column);
    if (item == NULL)
        set_relation(r, finding, qualifier == NULL ? only_relation(scope) : NULL);
    else
        set_relation(r, finding, item->relation);
    set_message(r, finding,
                qualifier == NULL ? dg_arena_printf(r->arena, "column \"%s\" does not exist", column)
                                  : dg_arena_printf(r->arena, "column %s.%s does not exist", qualifier, column));
}

void dg_report_missing_field(struct dg_resolver *r, const char *field, dg_oid type_oid, int32_t location)
{
    dg_report_column_name(r, NULL, field);
    const char *type = type_oid == DG_TYPE_RECORD ? "" : dg_names_format_type(r, type_oid);
    if (type == NULL || location < 0)
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_COLUMN, "42703", location);
    if (finding == NULL)
        return;
    finding->column = copy(r, field);
    set_relation(r, finding, dg_names_composite(r, type_oid));
    set_message(
        r, finding,
        type_oid == DG_TYPE_RECORD
            ? dg_arena_printf(r->arena, "could not identify column \"%s\" in record data type", field)
            : dg_arena_printf(r->arena, "column \"%s\" not found in data type %s", field, type == NULL ? "?" : type));
}

void dg_report_missing_target(struct dg_resolver *r, const struct dg_scope_item *target, const char *column,
                              int32_t location)
{
    dg_report_column_name(r, target->relation->name, column);
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_COLUMN, "42703", location);
    if (finding == NULL)
        return;
    finding->column = copy(r, column);
    set_relation(r, finding, target->relation);
    set_message(
        r, finding,
        dg_arena_printf(r->arena, "column \"%s\" of relation \"%s\" does not exist", column, target->relation->name));
}

void dg_report_missing_target_field(struct dg_resolver *r, const struct dg_scope_item *target, const char *column,
                                    const char *field, dg_oid type_oid, int32_t location)
{
    dg_report_column_name(r, column, field);
    const char *type = dg_names_format_type(r, type_oid);
    if (type == NULL)
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_COLUMN, "42703", location);
    if (finding == NULL)
        return;
    finding->column = copy(r, field);
    set_relation(r, finding, dg_names_composite(r, type_oid));
    set_message(r, finding,
                dg_arena_printf(r->arena,
                                "cannot assign to field \"%s\" of column \"%s\" because there is no such column in "
                                "data type %s",
                                field, column, type == NULL ? "?" : type));
    (void)target;
}

void dg_report_missing_using(struct dg_resolver *r, const char *column, const struct dg_scope_item *side, bool is_left)
{
    dg_report_column_name(r, side->name, column);
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_COLUMN, "42703", -1);
    if (finding == NULL)
        return;
    finding->column = copy(r, column);
    set_relation(r, finding, side->relation);
    set_message(r, finding,
                dg_arena_printf(r->arena, "column \"%s\" specified in USING clause does not exist in %s table", column,
                                is_left ? "left" : "right"));
}

/* Is there anything in the range table, visible or not, that the name could have meant? Then the server speaks of an
   invalid reference, otherwise of a missing entry. */
static bool is_in_range_table(const struct dg_scope *scope, const char *name, dg_oid oid, const struct dg_cte *cte)
{
    for (; scope != NULL; scope = scope->parent) {
        for (const struct dg_scope_item *item = scope->items; item != NULL; item = item->next) {
            if (strcmp(item->name, name) == 0)
                return true;
            if (item->kind == DG_ITEM_RELATION && oid != 0 && item->relation->oid == oid)
                return true;
            if (item->kind == DG_ITEM_CTE && cte != NULL && item->cte == cte)
                return true;
        }
    }
    return false;
}

/* A relation that we know nothing of may be the one that is meant. */
static bool has_undecided_item(const struct dg_scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->parent) {
        for (const struct dg_scope_item *item = scope->items; item != NULL; item = item->next) {
            if (item->kind == DG_ITEM_UNDECIDED && item->written_name != NULL && strcmp(item->written_name, name) == 0)
                return true;
        }
    }
    return false;
}

void dg_report_missing_from_entry(struct dg_resolver *r, const struct dg_scope *scope, const char *schema,
                                  const char *name, int32_t location)
{
    unsigned levels_up;
    const struct dg_cte *cte = schema == NULL ? dg_scope_find_cte(scope, name, &levels_up) : NULL;
    dg_oid oid = 0;
    if (cte == NULL) {
        struct dg_relation_name relation_name = {.schema = schema, .name = name};
        struct dg_relation_lookup lookup = dg_names_relation(r, &relation_name);
        oid = lookup.result == DG_NAME_FOUND ? lookup.relation->oid : 0;
        if (lookup.result == DG_NAME_UNDECIDED || lookup.may_fail)
            dg_resolver_blur(r);
    }
    bool is_known = is_in_range_table(scope, name, oid, cte);
    if (!is_known && has_undecided_item(scope, name))
        dg_resolver_blur(r);
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_FROM_ENTRY, "42P01", location);
    if (finding == NULL)
        return;
    finding->schema = copy(r, schema);
    finding->relation = copy(r, name);
    set_message(r, finding,
                is_known ? dg_arena_printf(r->arena, "invalid reference to FROM-clause entry for table \"%s\"", name)
                         : dg_arena_printf(r->arena, "missing FROM-clause entry for table \"%s\"", name));
}

void dg_report_missing_locked(struct dg_resolver *r, const char *name, const char *clause, int32_t location)
{
    struct dg_sql_finding *finding = add_finding(r, DG_FINDING_FROM_ENTRY, "42P01", location);
    if (finding == NULL)
        return;
    finding->relation = copy(r, name);
    set_message(r, finding,
                dg_arena_printf(r->arena, "relation \"%s\" in %s clause not found in FROM clause", name, clause));
}
