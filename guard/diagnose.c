/*
 * The reasons, in the order in which they are tried: what the journal saw happen to the name, then what the snapshot
 * shows in its place. Columns and relations that are missing are here, the other kinds in files beside this one. The words
 * are messages.def's; diagnose_text.c fills them in.
 */
#include "guard/diagnose.h"

#include "guard/diagnose_facts.h"

const char *dg_error_class_name(enum dg_error_class error_class)
{
    switch (error_class) {
    case DG_ERROR_DRIFT_MISSING:
        return "drift_missing";
    case DG_ERROR_DRIFT_WRITE:
        return "drift_write";
    case DG_ERROR_DRIFT_CHANGED:
        return "drift_changed";
    case DG_ERROR_UNAUTHORISED:
        return "unauthorised";
    case DG_ERROR_UNAVAILABLE:
        return "unavailable";
    case DG_ERROR_OTHER:
    default:
        return "other";
    }
}

/* DESIGN section 7. A code of two characters stands for its whole class. */
static const struct {
    const char *code;
    enum dg_error_class error_class;
} classes[] = {
    {"42703", DG_ERROR_DRIFT_MISSING}, {"42P01", DG_ERROR_DRIFT_MISSING}, {"42883", DG_ERROR_DRIFT_MISSING},
    {"42704", DG_ERROR_DRIFT_MISSING}, {"3F000", DG_ERROR_DRIFT_MISSING}, {"23502", DG_ERROR_DRIFT_WRITE},
    {"428C9", DG_ERROR_DRIFT_WRITE},   {"22P02", DG_ERROR_DRIFT_WRITE},   {"42P10", DG_ERROR_DRIFT_WRITE},
    {"42702", DG_ERROR_DRIFT_CHANGED}, {"42804", DG_ERROR_DRIFT_CHANGED}, {"42501", DG_ERROR_UNAUTHORISED},
    {"28", DG_ERROR_UNAUTHORISED},     {"08", DG_ERROR_UNAVAILABLE},      {"53", DG_ERROR_UNAVAILABLE},
    {"57P", DG_ERROR_UNAVAILABLE},     {"40001", DG_ERROR_UNAVAILABLE},   {"40P01", DG_ERROR_UNAVAILABLE},
};

bool dg_error_is_stale_plan(const struct dg_error_fields *fields)
{
    return dg_str_is(fields->sqlstate, "0A000") && dg_str_is(fields->routine, "RevalidateCachedQuery");
}

enum dg_error_class dg_error_classify(const struct dg_error_fields *fields)
{
    if (dg_error_is_stale_plan(fields))
        return DG_ERROR_DRIFT_CHANGED;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        size_t len = strlen(classes[i].code);
        if (fields->sqlstate.len >= len && memcmp(fields->sqlstate.data, classes[i].code, len) == 0)
            return classes[i].error_class;
    }
    return DG_ERROR_OTHER;
}

/* What a changed type leads to has many codes: a value that does not fit, an operator or a function that is not there for
   the new type. */
static bool is_of_type(const struct dg_error_fields *fields)
{
    static const char *const codes[] = {"42804", "42883", "22P02", "22001", "22003", "22007", "22008"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (dg_str_is(fields->sqlstate, codes[i]))
            return true;
    }
    return false;
}

bool dg_error_may_be_drift(const struct dg_error_fields *fields)
{
    enum dg_error_class error_class = dg_error_classify(fields);
    return error_class == DG_ERROR_DRIFT_MISSING || error_class == DG_ERROR_DRIFT_WRITE ||
           error_class == DG_ERROR_DRIFT_CHANGED || is_of_type(fields);
}

bool dg_error_is_at_analysis(const struct dg_error_fields *fields)
{
    static const char *const routines[] = {
        "errorMissingColumn",
        "unknown_attribute",
        "checkInsertTargets",
        "transformUpdateTargetList",
        "transformAssignmentIndirection",
        "parserOpenTable",
        "errorMissingRTE",
        "transformLockingClause",
    };
    if (fields->internal_query.data != NULL || fields->internal_position.data != NULL || fields->where.data != NULL)
        return false;
    /* JOIN USING has no position. */
    if (dg_str_is(fields->routine, "transformFromClauseItem"))
        return true;
    if (fields->position.data == NULL)
        return false;
    if (fields->routine.data == NULL)
        return true; /* a server that does not name its routines */
    for (size_t i = 0; i < sizeof(routines) / sizeof(routines[0]); i++) {
        if (dg_str_is(fields->routine, routines[i]))
            return true;
    }
    return false;
}

/* ---- the system's own schemas ------------------------------------------------------------------------------------ */

bool dg_diagnose_is_named_by_people(const char *schema)
{
    return strncmp(schema, "pg_", 3) != 0 && strcmp(schema, "information_schema") != 0;
}

/* What is in them comes with the server's version, and no migration adds to it. Temporary schemas are another matter. */
static bool is_of_system(const char *schema)
{
    return !dg_diagnose_is_named_by_people(schema) && strncmp(schema, "pg_temp", 7) != 0;
}

static bool are_of_system(const struct dg_snapshot *snapshot, const struct dg_relation *const *relations, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(snapshot, relations[i]->namespace_oid);
        if (schema == NULL || !is_of_system(schema->name))
            return false;
    }
    return true;
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static size_t add_candidate(const struct dg_relation **out, size_t n, size_t max, const struct dg_relation *relation)
{
    if (relation == NULL || n >= max)
        return n;
    for (size_t i = 0; i < n; i++) {
        if (out[i] == relation)
            return n;
    }
    out[n] = relation;
    return n + 1;
}

static const struct dg_relation *relation_in(const struct dg_snapshot *snapshot, const char *schema, const char *name)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace(snapshot, dg_str_of(schema));
    return namespace == NULL ? NULL : dg_snapshot_relation(snapshot, namespace->oid, dg_str_of(name));
}

/* "$user" is the role's own schema. */
static const char *path_element(const struct dg_diagnose_input *input, size_t i)
{
    const char *element = input->path[i];
    return strcmp(element, "$user") == 0 && input->role != NULL ? input->role : element;
}

/* The relation that a name as written means, as far as it can be told. */
static const struct dg_relation *relation_written(const struct dg_diagnose_input *input, const struct dg_sql_name *name)
{
    if (name->schema[0] != '\0')
        return relation_in(input->snapshot, name->schema, name->name);
    for (size_t i = 0; input->path != NULL && i < input->n_path; i++) {
        const struct dg_relation *relation = relation_in(input->snapshot, path_element(input, i), name->name);
        if (relation != NULL)
            return relation;
    }
    if (input->path != NULL)
        return NULL;
    size_t cursor = 0;
    const struct dg_relation *only = dg_snapshot_relations_named(input->snapshot, dg_str_of(name->name), &cursor);
    bool is_only = dg_snapshot_relations_named(input->snapshot, dg_str_of(name->name), &cursor) == NULL;
    return is_only ? only : NULL;
}

size_t dg_diagnose_references(const struct dg_diagnose_input *input, const struct dg_relation **out, size_t max)
{
    const struct dg_sql_statement *statement = input->statement;
    size_t n = 0;
    for (size_t i = 0; statement != NULL && input->snapshot != NULL && i < statement->n_references; i++) {
        dg_oid oid = statement->references[i].relation_oid;
        n = add_candidate(out, n, max, dg_snapshot_relation_by_oid(input->snapshot, oid));
    }
    return n;
}

/* The relations in which the column may have been looked for: the finding's own, else all that the statement found, else
   (nothing was decided) those whose names it writes. */
static size_t candidates(const struct dg_diagnose_input *input, const struct dg_relation **out, size_t max)
{
    const struct dg_sql_statement *statement = input->statement;
    const struct dg_snapshot *snapshot = input->snapshot;
    size_t n = 0;
    if (snapshot == NULL)
        return 0;
    if (input->finding->relation_oid != 0)
        return add_candidate(out, 0, max, dg_snapshot_relation_by_oid(snapshot, input->finding->relation_oid));
    n = dg_diagnose_references(input, out, max);
    for (size_t i = 0; n == 0 && statement != NULL && i < statement->n_relations; i++)
        n = add_candidate(out, n, max, relation_written(input, &statement->relations[i]));
    return n;
}

void dg_diagnose_about(struct dg_diagnose_facts *facts, const struct dg_relation *relation)
{
    const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(facts->input->snapshot, relation->namespace_oid);
    facts->n_columns = 0;
    facts->relation = relation->name;
    facts->relation_schema = schema == NULL ? NULL : schema->name;
    for (uint16_t i = 0; i < relation->n_columns; i++)
        facts->n_columns += (relation->columns[i].flags & DG_COLUMN_DROPPED) == 0;
}

static bool column_change(const struct dg_diagnose_input *input, const struct dg_relation *const *relations, size_t n,
                          struct dg_diagnose_facts *facts)
{
    struct dg_str column = dg_str_of(input->finding->column);
    for (size_t i = 0; input->journal != NULL && i < n; i++) {
        if (!dg_journal_find_column(input->journal, relations[i]->oid, column, &facts->change))
            continue;
        /* Put back since then: then the journal's word is of another time. */
        if (dg_relation_column(relations[i], column) != NULL)
            continue;
        dg_diagnose_about(facts, relations[i]);
        facts->new_name = facts->change.new_name;
        facts->message =
            facts->change.kind == DG_CHANGE_COLUMN_RENAMED ? DG_MESSAGE_COLUMN_RENAMED : DG_MESSAGE_COLUMN_DROPPED;
        facts->has_change = true;
        return true;
    }
    return false;
}

static void nearest_columns(struct dg_diagnose_facts *facts, const struct dg_relation *const *relations, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (uint16_t k = 0; k < relations[i]->n_columns; k++) {
            const struct dg_column *column = &relations[i]->columns[k];
            if ((column->flags & DG_COLUMN_DROPPED) == 0)
                dg_nearest_add(&facts->nearest, column->name, n > 1 ? relations[i] : NULL);
        }
    }
}

static bool diagnose_column(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const struct dg_relation *relations[DG_DIAGNOSE_MAX_RELATIONS];
    size_t n = candidates(input, relations, DG_DIAGNOSE_MAX_RELATIONS);
    facts->name = input->finding->column;
    if (n == 0)
        return false;
    if (column_change(input, relations, n, facts))
        return true;
    for (size_t i = 0; i < n; i++) {
        /* The snapshot has it: the error is about something that is not to be seen here. */
        if (dg_relation_column(relations[i], dg_str_of(facts->name)) != NULL)
            return false;
    }
    nearest_columns(facts, relations, n);
    if (are_of_system(input->snapshot, relations, n))
        facts->message = n == 1 ? DG_MESSAGE_SYSTEM_COLUMN_ABSENT : DG_MESSAGE_SYSTEM_COLUMN_ABSENT_IN_SCOPE;
    else
        facts->message = n == 1 ? DG_MESSAGE_COLUMN_ABSENT : DG_MESSAGE_COLUMN_ABSENT_IN_SCOPE;
    if (n == 1)
        dg_diagnose_about(facts, relations[0]);
    memcpy(facts->relations, relations, n * sizeof(relations[0]));
    facts->n_relations = n;
    return true;
}

/* ---- relations --------------------------------------------------------------------------------------------------- */

bool dg_diagnose_is_in_path(const struct dg_diagnose_input *input, const char *schema)
{
    if (input->path == NULL)
        return true;
    for (size_t i = 0; i < input->n_path; i++) {
        if (strcmp(path_element(input, i), schema) == 0)
            return true;
    }
    return false;
}

static bool relation_change(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const char *schema = input->finding->schema == NULL ? "" : input->finding->schema;
    if (input->journal == NULL ||
        !dg_journal_find_relation(input->journal, dg_str_of(schema), dg_str_of(facts->name), &facts->change))
        return false;
    if (schema[0] == '\0' && !dg_diagnose_is_in_path(input, facts->change.schema))
        return false;
    facts->relation = facts->name;
    facts->relation_schema = facts->change.schema;
    facts->schema = facts->change.schema;
    facts->new_name = facts->change.new_name;
    facts->has_change = true;
    facts->message = facts->change.kind == DG_CHANGE_RELATION_RENAMED ? DG_MESSAGE_RELATION_RENAMED
                     : facts->change.kind == DG_CHANGE_RELATION_MOVED ? DG_MESSAGE_RELATION_MOVED
                                                                      : DG_MESSAGE_RELATION_DROPPED;
    return true;
}

bool dg_diagnose_is_hidden(const struct dg_diagnose_input *input, const struct dg_namespace *schema)
{
    const struct dg_role *role = input->role == NULL ? NULL : dg_snapshot_role(input->snapshot, dg_str_of(input->role));
    return role != NULL && dg_snapshot_usage(input->snapshot, schema, role->oid) == DG_USAGE_NO;
}

/* An unqualified relation that exists, but not where the session looks. False if it is where the session looks. */
static bool relation_elsewhere(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    size_t cursor = 0;
    for (const struct dg_relation *relation;
         (relation = dg_snapshot_relations_named(input->snapshot, dg_str_of(facts->name), &cursor)) != NULL;) {
        const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(input->snapshot, relation->namespace_oid);
        if (schema == NULL || !dg_diagnose_is_named_by_people(schema->name))
            continue;
        bool is_hidden = dg_diagnose_is_hidden(input, schema);
        facts->schema = schema->name;
        facts->message = is_hidden ? DG_MESSAGE_RELATION_HIDDEN : DG_MESSAGE_RELATION_ELSEWHERE;
        return is_hidden || (input->path != NULL && !dg_diagnose_is_in_path(input, schema->name));
    }
    return true;
}

/* Of the system's only those of the schema that was written. */
static void nearest_relations(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    bool is_system = facts->message == DG_MESSAGE_SYSTEM_RELATION_ABSENT;
    size_t cursor = 0;
    for (const struct dg_relation *relation; (relation = dg_snapshot_relations(input->snapshot, &cursor)) != NULL;) {
        const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(input->snapshot, relation->namespace_oid);
        bool is_near = schema != NULL && (is_system ? strcmp(schema->name, facts->relation_schema) == 0
                                                    : dg_diagnose_is_named_by_people(schema->name));
        if (is_near && strchr("rvmfp", relation->kind) != NULL)
            dg_nearest_add(&facts->nearest, relation->name, relation);
    }
}

static bool diagnose_relation(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    facts->name = input->finding->relation;
    facts->relation = facts->name;
    facts->relation_schema = input->finding->schema;
    if (facts->name == NULL || input->snapshot == NULL)
        return false;
    if (facts->relation_schema != NULL && relation_in(input->snapshot, facts->relation_schema, facts->name) != NULL)
        return false; /* the snapshot has it */
    if (relation_change(input, facts))
        return true;
    facts->message = DG_MESSAGE_RELATION_ABSENT;
    if (facts->relation_schema == NULL && !relation_elsewhere(input, facts))
        return false;
    if (facts->relation_schema != NULL && is_of_system(facts->relation_schema))
        facts->message = DG_MESSAGE_SYSTEM_RELATION_ABSENT;
    if (facts->message == DG_MESSAGE_RELATION_ABSENT || facts->message == DG_MESSAGE_SYSTEM_RELATION_ABSENT)
        nearest_relations(input, facts);
    return true;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

static bool diagnose_finding(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    const struct dg_sql_finding *finding = input->finding;
    bool needs_object = finding->kind == DG_FINDING_FUNCTION || finding->kind == DG_FINDING_TYPE ||
                        finding->kind == DG_FINDING_SCHEMA || finding->kind == DG_FINDING_ENUM_LABEL;
    bool is_older = finding->kind == DG_FINDING_COLUMN || finding->kind == DG_FINDING_RELATION;
    if (!is_older && (input->snapshot == NULL || (needs_object && finding->object == NULL)))
        return false;
    switch (finding->kind) {
    case DG_FINDING_COLUMN:
        facts->is_column = finding->column != NULL;
        facts->nearest.written = dg_str_of(facts->is_column ? finding->column : finding->relation);
        return facts->is_column ? diagnose_column(input, facts) : diagnose_relation(input, facts);
    case DG_FINDING_RELATION:
        facts->nearest.written = dg_str_of(finding->relation);
        return diagnose_relation(input, facts);
    case DG_FINDING_REQUIRED:
        return dg_diagnose_required(input, facts);
    case DG_FINDING_GENERATED:
        return dg_diagnose_generated(input, facts);
    case DG_FINDING_CONFLICT_TARGET:
        return dg_diagnose_conflict_target(input, facts);
    case DG_FINDING_ENUM_LABEL:
        return dg_diagnose_enum_label(input, facts);
    case DG_FINDING_FUNCTION:
        return dg_diagnose_function(input, facts);
    case DG_FINDING_TYPE:
        return dg_diagnose_type(input, facts);
    case DG_FINDING_SCHEMA:
        return dg_diagnose_schema(input, facts);
    case DG_FINDING_AMBIGUOUS:
        return dg_diagnose_ambiguous(input, facts);
    case DG_FINDING_FROM_ENTRY:
    case DG_FINDING_KIND_COUNT:
    default:
        return false;
    }
}

/* No finding foresaw the error. */
static bool diagnose_error(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    if (dg_error_is_stale_plan(input->fields))
        return dg_diagnose_stale_plan(input, facts);
    return is_of_type(input->fields) && dg_diagnose_retyped(input, facts);
}

static bool is_about_relation(enum dg_finding_kind kind)
{
    return kind == DG_FINDING_COLUMN || kind == DG_FINDING_RELATION;
}

static void copy_name(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from == NULL ? "" : from);
}

void dg_diagnose(const struct dg_diagnose_input *input, struct dg_diagnosis *diagnosis)
{
    struct dg_diagnose_facts facts = {.input = input};
    *diagnosis = (struct dg_diagnosis){.is_unforeseen = true};
    bool is_explained = false;
    if (input->finding != NULL)
        is_explained = diagnose_finding(input, &facts);
    else if (input->fields != NULL)
        is_explained = diagnose_error(input, &facts);
    if (!is_explained)
        return;
    dg_diagnose_write(&facts, diagnosis);
    diagnosis->is_explained = true;
    diagnosis->is_unforeseen = !facts.has_change;
    diagnosis->is_relation = facts.table != NULL || input->finding == NULL || is_about_relation(input->finding->kind);
    copy_name(diagnosis->schema, sizeof(diagnosis->schema), facts.relation_schema);
    copy_name(diagnosis->relation, sizeof(diagnosis->relation), facts.relation);
    copy_name(diagnosis->column, sizeof(diagnosis->column), facts.is_column ? facts.name : NULL);
}
