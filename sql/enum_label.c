/*
 * String literals that meet an enum while the server analyses the statement: a literal that is no label of the type is
 * 22P02 then and there.
 *
 * Where that happens is decided by the callers: a literal is converted in a comparison with a value of the type, in
 * INSERT and SET, in a cast, and among the alternatives of COALESCE, CASE and their like where another has the type.
 * Elsewhere (a select list, the arms of UNION, a CASE whose results are all literals) it becomes text. A comparison needs
 * more than that: the type must be *plain*, since an operator or an implicit cast of the database's own could take the
 * literal for something else. A domain over an enum is compared by no operator at all.
 *
 * A statement in which a literal met an enum is marked even when all is well: with another literal it need not be.
 * The message holds the literal, which is the client's: it must not be logged.
 */
#include <string.h>

#include "sql/resolver.h"

static const struct dg_type *enum_type(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(r->snapshot, type_oid);
    return type != NULL && type->kind == 'e' ? type : NULL;
}

bool dg_enum_is_plain(const struct dg_resolver *r, dg_oid type_oid)
{
    const struct dg_type *type = enum_type(r, type_oid);
    return type != NULL && !type->has_own_operators;
}

static bool is_label(const char *const *labels, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(labels[i], text) == 0)
            return true;
    }
    return false;
}

/* Whether the server sees the same characters as the snapshot has: an ASCII literal, or UTF8 on both sides. */
static bool can_compare(const struct dg_resolver *r, const char *text)
{
    const char *encoding = r->facts->server_encoding;
    return dg_str_is_ascii(dg_str_of(text)) || (encoding != NULL && strcmp(encoding, "UTF8") == 0);
}

/* How the message writes the type can only be told if this is the one type of its name and its schema may be used. */
static const char *type_words(struct dg_resolver *r, const struct dg_type *type)
{
    size_t cursor = 0;
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(r->snapshot, type->namespace_oid);
    bool is_only = dg_snapshot_types_named(r->snapshot, dg_str_of(type->name), &cursor) != NULL &&
                   dg_snapshot_types_named(r->snapshot, dg_str_of(type->name), &cursor) == NULL;
    if (!is_only || namespace == NULL || dg_snapshot_usage(r->snapshot, namespace, r->role_oid) != DG_USAGE_YES)
        return NULL;
    return dg_names_format_type(r, type->oid);
}

/* No label is near this long; a message should not be as long as its statement. */
#define MAX_LITERAL_BYTES 256

static void report(struct dg_resolver *r, const struct dg_value *value, const struct dg_type *type)
{
    struct dg_sql_finding *finding = dg_report_add(r, DG_FINDING_ENUM_LABEL, "22P02", value->location);
    if (finding == NULL)
        return;
    r->depends_on_path = true; /* the type's name is qualified where the path does not lead to it */
    const char *words = type_words(r, type);
    size_t len = strlen(value->text);
    if (words == NULL || len > MAX_LITERAL_BYTES)
        finding->is_exact = false;
    if (len > MAX_LITERAL_BYTES)
        len = MAX_LITERAL_BYTES;
    while (len > 0 && ((unsigned char)value->text[len] & 0xC0) == 0x80) /* not within a character */
        len--;
    finding->object = dg_report_copy(r, type->name);
    dg_report_set_message(r, finding,
                          dg_arena_printf(r->arena, "invalid input value for enum %s: \"%.*s\"",
                                          words == NULL ? type->name : words, (int)len, value->text));
}

bool dg_enum_accepts(struct dg_resolver *r, const struct dg_value *value, dg_oid type_oid)
{
    if (!value->is_string || value->text == NULL)
        return false;
    const struct dg_type *type = enum_type(r, dg_names_base_type(r, type_oid));
    size_t n = 0;
    const char *const *labels = type == NULL ? NULL : dg_snapshot_enum_labels(r->snapshot, type->oid, &n);
    if (n == 0)
        return false; /* one without labels is not told from one whose labels were not read */
    r->depends_on_literals = true;
    if (!dg_work_add(r->work, n) || is_label(labels, n, value->text))
        return true;
    if (can_compare(r, value->text))
        report(r, value, type);
    return false;
}

bool dg_enum_compare(struct dg_resolver *r, const struct dg_value *a, const struct dg_value *b)
{
    if (b->is_string && !a->is_string && dg_enum_is_plain(r, a->type_oid))
        return dg_enum_accepts(r, b, a->type_oid);
    if (a->is_string && !b->is_string && dg_enum_is_plain(r, b->type_oid))
        return dg_enum_accepts(r, a, b->type_oid);
    return true;
}
