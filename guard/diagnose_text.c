/*
 * Fills the texts of messages.def in. A text that would grow beyond its kilobyte is cut; all that goes in is ASCII
 * (names with other characters are written as U&"\20AC").
 */
#include "guard/diagnose_facts.h"

#include "base/clock.h"
#include "base/text.h"

#define MAX_LISTED 4
#define MAX_LABELS 10
#define PG_CATALOG_OID 11u

static const struct {
    const char *kind;
    const char *detail;
    const char *hint;
    const char *brief_hint;
} messages[] = {
#define DG_MESSAGE(id, kind, detail, hint, brief_hint) {kind, detail, hint, brief_hint},
#include "guard/messages.def"
#undef DG_MESSAGE
};

static void write_qualified(struct dg_text *out, const char *schema, const char *name)
{
    if (schema != NULL && schema[0] != '\0') {
        dg_text_sql_identifier(out, dg_str_of(schema), false);
        dg_text_char(out, '.');
    }
    dg_text_sql_identifier(out, dg_str_of(name), false);
}

static void write_name(struct dg_text *out, const char *name, bool force)
{
    dg_text_sql_identifier(out, dg_str_of(name), force);
}

/* "at 02:13:07 UTC", or "between 02:12:58 and 02:13:07 UTC" where only a window is known. */
static void write_window(struct dg_text *out, int64_t after_us, int64_t before_us, int64_t now_us)
{
    char after[DG_CLOCK_ISO_BYTES];
    char before[DG_CLOCK_ISO_BYTES];
    dg_clock_format_utc(before_us, now_us, before);
    if (after_us <= 0) {
        dg_text_printf(out, "before %s", before);
        return;
    }
    dg_clock_format_utc(after_us, now_us, after);
    if (after_us > before_us || strcmp(after, before) == 0) { /* or somebody has set the server's clock back */
        dg_text_printf(out, "at %s", before);
        return;
    }
    size_t len = strlen(after);
    if (len > 4 && strcmp(after + len - 4, " UTC") == 0)
        len -= 4;
    dg_text_printf(out, "between %.*s and %s", (int)len, after, before);
}

static bool is_same_name(const struct dg_sql_finding *a, const struct dg_sql_finding *b)
{
    const char *a_name = a->kind == DG_FINDING_COLUMN ? a->column : a->relation;
    const char *b_name = b->kind == DG_FINDING_COLUMN ? b->column : b->relation;
    return a->kind == b->kind && a_name != NULL && b_name != NULL && strcmp(a_name, b_name) == 0;
}

static void add_clause(enum dg_clause *clauses, size_t *n, enum dg_clause clause)
{
    for (size_t i = 0; i < *n; i++) {
        if (clauses[i] == clause)
            return;
    }
    if (clause != DG_CLAUSE_OTHER && *n < DG_CLAUSE_COUNT)
        clauses[(*n)++] = clause;
}

/* " Used here in WHERE and in the select list." */
static void write_used(struct dg_text *out, const struct dg_diagnose_input *input)
{
    enum dg_clause clauses[DG_CLAUSE_COUNT];
    size_t n = 0;
    if (input->finding == NULL)
        return;
    add_clause(clauses, &n, input->finding->clause);
    for (size_t i = 0; input->statement != NULL && i < input->statement->n_findings; i++) {
        if (is_same_name(&input->statement->findings[i], input->finding))
            add_clause(clauses, &n, input->statement->findings[i].clause);
    }
    if (n == 0)
        return;
    dg_text_cstr(out, " Used here");
    for (size_t i = 0; i < n; i++) {
        const char *joint = i == 0 ? " in " : i + 1 < n ? ", in " : " and in ";
        dg_text_printf(out, "%s%s", joint, dg_clause_text(clauses[i]));
    }
    dg_text_char(out, '.');
}

static const char *schema_of(const struct dg_diagnose_facts *facts, const struct dg_relation *relation)
{
    const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(facts->input->snapshot, relation->namespace_oid);
    return schema == NULL ? NULL : schema->name;
}

/* "; nearest: confirmed_on, created_at" */
static void write_nearest(struct dg_text *out, const struct dg_diagnose_facts *facts)
{
    bool is_column = facts->is_column;
    for (size_t i = 0; i < facts->nearest.n; i++) {
        const struct dg_relation *owner = facts->nearest.items[i].owner;
        dg_text_cstr(out, i == 0 ? "; nearest: " : ", ");
        if (owner != NULL && is_column) {
            write_qualified(out, schema_of(facts, owner), owner->name);
            dg_text_char(out, '.');
            write_name(out, facts->nearest.items[i].name, false);
        } else {
            write_qualified(out, owner == NULL ? NULL : schema_of(facts, owner), facts->nearest.items[i].name);
        }
    }
}

/* " (public.orders, public.leads)" */
static void write_list(struct dg_text *out, const struct dg_diagnose_facts *facts)
{
    for (size_t i = 0; i < facts->n_relations && i < MAX_LISTED; i++) {
        dg_text_cstr(out, i == 0 ? " (" : ", ");
        write_qualified(out, schema_of(facts, facts->relations[i]), facts->relations[i]->name);
    }
    if (facts->n_relations > MAX_LISTED)
        dg_text_cstr(out, ", ...");
    if (facts->n_relations > 0)
        dg_text_char(out, ')');
}

/* "'new', 'paid'"; ASCII only, as all here. */
static void write_label(struct dg_text *out, const char *label)
{
    bool is_ascii = dg_str_is_ascii(dg_str_of(label));
    dg_text_char(out, '\'');
    for (const char *at = label; *at != '\0'; at++) {
        if (*at == '\'')
            dg_text_char(out, '\'');
        dg_text_char(out, is_ascii || (unsigned char)*at < 0x80 ? *at : '?');
    }
    dg_text_char(out, '\'');
}

/* ": 'new', 'paid', 'shipped'" */
static void write_labels(struct dg_text *out, const struct dg_diagnose_facts *facts)
{
    size_t n;
    const char *const *labels = dg_snapshot_enum_labels(facts->input->snapshot, facts->type->oid, &n);
    for (size_t i = 0; i < n && i < MAX_LABELS; i++) {
        dg_text_cstr(out, i == 0 ? ": " : ", ");
        write_label(out, labels[i]);
    }
    if (n > MAX_LABELS)
        dg_text_printf(out, " and %zu more", n - MAX_LABELS);
}

/* "; unique are (id), (tenant_id, email)" */
static void write_unique(struct dg_text *out, const struct dg_diagnose_facts *facts)
{
    size_t cursor = 0;
    const struct dg_unique_index *index;
    for (size_t n = 0; n < MAX_LISTED &&
                       (index = dg_snapshot_unique_indexes(facts->input->snapshot, facts->table->oid, &cursor)) != NULL;
         n++) {
        dg_text_cstr(out, n == 0 ? "; unique are (" : ", (");
        for (uint16_t i = 0; i < index->n_attnums; i++) {
            const struct dg_column *column = dg_relation_column_by_attnum(facts->table, index->attnums[i]);
            dg_text_cstr(out, i == 0 ? "" : ", ");
            if (column == NULL)
                dg_text_cstr(out, "an expression");
            else
                write_name(out, column->name, false);
        }
        dg_text_cstr(out, index->is_partial ? ") of some rows" : ")");
    }
}

/* "public.orders and public.users" */
static void write_owners(struct dg_text *out, const struct dg_diagnose_facts *facts)
{
    for (size_t i = 0; i < facts->n_relations && i < MAX_LISTED; i++) {
        dg_text_cstr(out, i == 0 ? "" : i + 1 < facts->n_relations ? ", " : " and ");
        write_qualified(out, schema_of(facts, facts->relations[i]), facts->relations[i]->name);
    }
}

static void write_type(struct dg_text *out, const struct dg_snapshot *snapshot, dg_oid oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(snapshot, oid);
    const struct dg_type *element =
        type == NULL || !type->is_array ? type : dg_snapshot_type_by_oid(snapshot, type->element_oid);
    if (element == NULL)
        dg_text_char(out, '?');
    else if (element->namespace_oid == PG_CATALOG_OID) /* never in need of quotes, though many are keywords */
        dg_text_cstr(out, element->name);
    else
        dg_text_sql_identifier(out, dg_str_of(element->name), false);
    if (element != type)
        dg_text_cstr(out, "[]");
}

/* "; there is public.total(int4, text)" */
static void write_functions(struct dg_text *out, const struct dg_diagnose_facts *facts)
{
    const struct dg_snapshot *snapshot = facts->input->snapshot;
    size_t cursor = 0;
    const struct dg_function *function;
    for (size_t n = 0; n < MAX_LISTED &&
                       (function = dg_snapshot_functions_named(snapshot, dg_str_of(facts->name), &cursor)) != NULL;) {
        const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(snapshot, function->namespace_oid);
        if (schema == NULL || dg_diagnose_is_hidden(facts->input, schema))
            continue;
        dg_text_cstr(out, n++ == 0 ? "; there is " : ", ");
        write_qualified(out, schema->name, function->name);
        for (uint16_t i = 0; i < function->n_inputs; i++) {
            dg_text_cstr(out, i == 0 ? "(" : ", ");
            write_type(out, snapshot, function->inputs[i].type_oid);
        }
        dg_text_cstr(out, function->n_inputs == 0 ? "()" : ")");
    }
}

/* " It was added at 02:13:07 UTC." */
static void write_since(struct dg_text *out, const struct dg_diagnose_facts *facts)
{
    static const char *const what[] = {
        [DG_CHANGE_COLUMN_ADDED] = "was added",
        [DG_CHANGE_COLUMN_REPLACED] = "was dropped and added again",
        [DG_CHANGE_COLUMN_RENAMED] = "was renamed to that",
        [DG_CHANGE_COLUMN_NULLABILITY] = "became NOT NULL",
        [DG_CHANGE_COLUMN_DEFAULT] = "lost its default",
        [DG_CHANGE_RELATION_ADDED] = "came with its table",
    };
    size_t kind = (size_t)facts->change.kind;
    if (!facts->has_change || kind >= sizeof(what) / sizeof(what[0]) || what[kind] == NULL)
        return;
    dg_text_printf(out, " It %s ", what[facts->change.kind]);
    write_window(out, facts->change.after_us, facts->change.before_us, facts->input->now_us);
    dg_text_char(out, '.');
}

/* "15.20" */
static void write_version(struct dg_text *out, const struct dg_snapshot *snapshot)
{
    int version = dg_snapshot_facts(snapshot)->version_num;
    dg_text_printf(out, "%d.%d", version / 10000, version % 10000);
}

static void write_field(struct dg_text *out, const struct dg_diagnose_facts *facts, struct dg_str field)
{
    const struct dg_diagnose_input *input = facts->input;
    bool is_brief = input->detail == DG_DETAIL_BRIEF;
    if (dg_str_is(field, "relation")) {
        write_qualified(out, facts->relation_schema, facts->relation);
    } else if (dg_str_is(field, "column")) {
        write_name(out, facts->name, true);
    } else if (dg_str_is(field, "name")) {
        write_name(out, facts->name, false);
    } else if (dg_str_is(field, "new") || dg_str_is(field, "new_name")) {
        write_name(out, facts->new_name, field.len == 3);
    } else if (dg_str_is(field, "schema")) {
        write_name(out, facts->schema, false);
    } else if (dg_str_is(field, "when")) {
        write_window(out, facts->change.after_us, facts->change.before_us, input->now_us);
    } else if (dg_str_is(field, "count")) {
        dg_text_printf(out, facts->n_columns == 1 ? "%zu column" : "%zu columns", facts->n_columns);
    } else if (dg_str_is(field, "since")) {
        write_since(out, facts);
    } else if (dg_str_is(field, "owners")) {
        write_owners(out, facts);
    } else if (dg_str_is(field, "old_type")) {
        dg_text_cstr(out, facts->change.old_type);
    } else if (dg_str_is(field, "new_type")) {
        dg_text_cstr(out, facts->change.new_name);
    } else if (dg_str_is(field, "version")) {
        write_version(out, input->snapshot);
    } else if (dg_str_is(field, "used")) {
        write_used(out, input);
    } else if (dg_str_is(field, "nearest") && !is_brief) {
        write_nearest(out, facts);
    } else if (dg_str_is(field, "list") && !is_brief) {
        write_list(out, facts);
    } else if (dg_str_is(field, "labels") && !is_brief) {
        write_labels(out, facts);
    } else if (dg_str_is(field, "unique") && !is_brief) {
        write_unique(out, facts);
    } else if (dg_str_is(field, "functions") && !is_brief) {
        write_functions(out, facts);
    }
}

static void write_template(struct dg_text *out, const struct dg_diagnose_facts *facts, const char *text)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        dg_text_append(out, (struct dg_str){text, plain});
        text += plain;
        if (*text == '\0')
            return;
        size_t len = strcspn(text, "}");
        write_field(out, facts, (struct dg_str){text + 1, len - 1});
        text += text[len] == '}' ? len + 1 : len;
    }
}

static void write_text(const struct dg_diagnose_facts *facts, const char *prefix, const char *template, char *to)
{
    struct dg_text out;
    char bytes[8 * DG_DIAGNOSIS_BYTES];
    dg_text_init_fixed(&out, bytes, sizeof(bytes));
    dg_text_cstr(&out, prefix);
    write_template(&out, facts, template);
    const char *text = dg_text_get(&out);
    size_t len = strlen(text);
    bool is_cut = len >= DG_DIAGNOSIS_BYTES;
    if (is_cut)
        len = DG_DIAGNOSIS_BYTES - 4;
    memcpy(to, text, len);
    memcpy(to + len, is_cut ? "..." : "", is_cut ? 4 : 1);
}

void dg_diagnose_write(const struct dg_diagnose_facts *facts, struct dg_diagnosis *diagnosis)
{
    bool is_brief = facts->input->detail == DG_DETAIL_BRIEF;
    write_text(facts, "driftguard: ", messages[facts->message].detail, diagnosis->detail);
    write_text(facts, "", is_brief ? messages[facts->message].brief_hint : messages[facts->message].hint,
               diagnosis->hint);
    snprintf(diagnosis->kind, sizeof(diagnosis->kind), "%s", messages[facts->message].kind);
}
