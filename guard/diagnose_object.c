/*
 * Functions, types and schemas that are absent: nowhere, in a schema that the session does not look into, or there with
 * other arguments. The journal knows nothing of them.
 */
#include "guard/diagnose_facts.h"

/* Where objects of one name are, as the session sees it. */
struct places {
    size_t n_seen;         /* in the schema that was written, or on the path */
    const char *elsewhere; /* another schema that has one */
};

static void add_place(const struct dg_diagnose_input *input, dg_oid namespace_oid, struct places *places)
{
    const struct dg_namespace *schema = dg_snapshot_namespace_by_oid(input->snapshot, namespace_oid);
    const char *written = input->finding->schema;
    if (schema == NULL || dg_diagnose_is_hidden(input, schema))
        return;
    bool is_system = !dg_diagnose_is_named_by_people(schema->name);
    bool is_seen =
        written != NULL ? strcmp(written, schema->name) == 0 : is_system || dg_diagnose_is_in_path(input, schema->name);
    if (is_seen)
        places->n_seen++;
    else if (!is_system)
        places->elsewhere = schema->name;
}

static void about(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    facts->name = input->finding->object;
    facts->relation = facts->name;
    facts->relation_schema = input->finding->schema;
}

bool dg_diagnose_function(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    struct places places = {0};
    size_t cursor = 0;
    about(input, facts);
    for (const struct dg_function *function;
         (function = dg_snapshot_functions_named(input->snapshot, dg_str_of(facts->name), &cursor)) != NULL;)
        add_place(input, function->namespace_oid, &places);
    facts->schema = places.elsewhere;
    facts->message = places.n_seen > 0          ? DG_MESSAGE_FUNCTION_MISMATCH
                     : places.elsewhere != NULL ? DG_MESSAGE_FUNCTION_ELSEWHERE
                                                : DG_MESSAGE_FUNCTION_ABSENT;
    return places.n_seen == 0 || !input->is_guess; /* else the types of its arguments may be the code's own fault */
}

bool dg_diagnose_type(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    struct places places = {0};
    size_t cursor = 0;
    about(input, facts);
    for (const struct dg_type *type;
         (type = dg_snapshot_types_named(input->snapshot, dg_str_of(facts->name), &cursor)) != NULL;)
        add_place(input, type->namespace_oid, &places);
    facts->schema = places.elsewhere;
    facts->message = places.elsewhere != NULL ? DG_MESSAGE_TYPE_ELSEWHERE : DG_MESSAGE_TYPE_ABSENT;
    return places.n_seen == 0; /* the snapshot has it */
}

bool dg_diagnose_schema(const struct dg_diagnose_input *input, struct dg_diagnose_facts *facts)
{
    size_t cursor = 0;
    about(input, facts);
    facts->message = DG_MESSAGE_SCHEMA_ABSENT;
    facts->nearest.written = dg_str_of(facts->name);
    for (const struct dg_namespace *schema; (schema = dg_snapshot_namespaces(input->snapshot, &cursor)) != NULL;) {
        if (strcmp(schema->name, facts->name) == 0)
            return false;
        if (dg_diagnose_is_named_by_people(schema->name))
            dg_nearest_add(&facts->nearest, schema->name, NULL);
    }
    return true;
}
