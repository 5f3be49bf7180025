/*
 * Writes the journal and the last known model: what a diff looks at, and nothing else of the snapshot.
 *
 * The hash in the first line is filled in when all that it covers is there.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "schema/diff.h"
#include "schema/model.h"
#include "schema/state_format.h"

#define HEADER_START "{\"format\":1,\"hash\":\""
#define HEADER_HASH "0000000000000000"
#define HEADER_END "\"}\n"

_Static_assert(DG_STATE_FORMAT == 1, "the header says which format it is");

/* ---- Pieces ------------------------------------------------------------------------------------------------------ */

/* Letters, digits and the like, as nearly all names are. */
static bool is_plain(struct dg_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] < ' ' || bytes.data[i] > '~' || bytes.data[i] == '"' || bytes.data[i] == '\\')
            return false;
    return true;
}

/* In front of it a comma: no item is the first of its line. */
static void print_name(struct dg_text *out, const char *name)
{
    struct dg_str bytes = dg_str_of(name);
    dg_text_char(out, ',');
    if (is_plain(bytes)) {
        dg_text_char(out, '"');
        dg_text_append(out, bytes);
        dg_text_char(out, '"');
        return;
    }
    if (dg_str_is_utf8(bytes)) {
        dg_text_json_string(out, bytes);
        return;
    }
    dg_text_cstr(out, "{\"hex\":\"");
    for (size_t i = 0; i < bytes.len; i++)
        dg_text_printf(out, "%02x", (unsigned)(uint8_t)bytes.data[i]);
    dg_text_cstr(out, "\"}");
}

/* By hand: there are a million of these in a large schema, and the schema thread has other work waiting. */
static void print_digits(struct dg_text *out, char before, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    digits[--at] = before;
    dg_text_append(out, (struct dg_str){digits + at, sizeof digits - at});
}

static void print_int(struct dg_text *out, int64_t value)
{
    print_digits(out, ',', value);
}

/* pg_class.relkind and the like: one ASCII letter. */
static void print_letter(struct dg_text *out, char letter)
{
    print_name(out, (const char[]){letter, '\0'});
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- The journal ------------------------------------------------------------------------------------------------- */

static void print_change(struct dg_text *out, const struct dg_change *change)
{
    dg_text_cstr(out, "[\"change\"");
    print_name(out, dg_change_kind_name(change->kind));
    print_int(out, change->relation_oid);
    print_int(out, change->attnum);
    print_name(out, change->schema);
    print_name(out, change->relation);
    print_name(out, change->column);
    print_name(out, change->new_name);
    print_name(out, change->old_type);
    print_int(out, change->after_us);
    print_int(out, change->before_us);
    dg_text_cstr(out, "]\n");
}

static void print_journal(struct dg_text *out, const struct dg_journal *journal)
{
    size_t n = dg_journal_copy(journal, NULL, SIZE_MAX);
    struct dg_change *changes = n == 0 ? NULL : calloc(n, sizeof *changes);
    if (n > 0 && changes == NULL) {
        out->failed = true;
        return;
    }
    n = dg_journal_copy(journal, changes, n);
    for (size_t i = 0; i < n; i++)
        print_change(out, &changes[i]);
    free(changes);
}

/* ---- The model --------------------------------------------------------------------------------------------------- */

static void print_columns(struct dg_text *out, const struct dg_relation *relation)
{
    dg_text_cstr(out, ",[");
    for (uint16_t i = 0; i < relation->n_columns; i++) {
        const struct dg_column *column = &relation->columns[i];
        dg_text_cstr(out, i == 0 ? "" : ",");
        if ((column->flags & DG_COLUMN_DROPPED) != 0) {
            dg_text_char(out, '0');
            continue;
        }
        /* The comma of print_name would be one too many: the number goes first. */
        print_digits(out, '[', column->type_oid);
        print_name(out, column->name);
        print_int(out, column->typmod);
        print_int(out, column->flags);
        print_int(out, column->default_hash);
        dg_text_char(out, ']');
    }
    dg_text_char(out, ']');
}

static void print_relation(struct dg_text *out, const struct dg_snapshot *snapshot, const struct dg_entry *entry)
{
    const struct dg_relation *relation = entry->object;
    dg_text_printf(out, "[\"relation\",%u,%u", relation->oid, relation->namespace_oid);
    print_name(out, relation->name);
    print_letter(out, relation->kind);
    print_letter(out, relation->persistence);
    print_int(out, later(entry->read_at_us, snapshot->verified_at_us));
    print_columns(out, relation);
    dg_text_cstr(out, "]\n");
}

/* The type and, of an array, its element's: what the name of a column's type is made of. */
static void print_type(struct dg_text *out, const struct dg_snapshot *snapshot, dg_oid oid)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(snapshot, oid);
    if (type == NULL)
        return;
    dg_text_printf(out, "[\"type\",%u,%u", type->oid, type->namespace_oid);
    print_name(out, type->name);
    print_int(out, type->element_oid);
    print_int(out, type->is_array);
    dg_text_cstr(out, "]\n");
}

/* All types of the columns that were printed, once each. */
static void print_types(struct dg_text *out, const struct dg_snapshot *snapshot, struct dg_vector *oids)
{
    dg_oids_sort(oids);
    const dg_oid *sorted = oids->items;
    for (size_t i = 0; i < oids->n; i++)
        if (i == 0 || sorted[i] != sorted[i - 1])
            print_type(out, snapshot, sorted[i]);
}

/* Collects the types of one relation's columns. */
static bool collect_types(const struct dg_snapshot *snapshot, const struct dg_relation *relation,
                          struct dg_vector *oids)
{
    for (uint16_t i = 0; i < relation->n_columns; i++) {
        const struct dg_type *type = dg_snapshot_type_by_oid(snapshot, relation->columns[i].type_oid);
        if (type == NULL)
            continue;
        if (dg_oids_push(oids, type->oid) != DG_OK)
            return false;
        if (type->is_array && dg_oids_push(oids, type->element_oid) != DG_OK)
            return false;
    }
    return true;
}

static void print_model(struct dg_text *out, const struct dg_snapshot *snapshot)
{
    struct dg_vector types;
    dg_vector_init(&types, sizeof(dg_oid));
    dg_text_cstr(out, "[\"model\"");
    print_int(out, later(snapshot->full_read_at_us, snapshot->verified_at_us));
    print_int(out, later(snapshot->read_at_us, snapshot->verified_at_us));
    dg_text_cstr(out, "]\n");
    for (size_t i = 0; i < snapshot->namespaces.n; i++) {
        const struct dg_entry *entry = &snapshot->namespaces.entries[i];
        dg_text_printf(out, "[\"schema\",%u", entry->oid);
        print_name(out, entry->name);
        dg_text_cstr(out, "]\n");
    }
    for (size_t i = 0; i < snapshot->relations.n && !out->failed; i++) {
        const struct dg_entry *entry = &snapshot->relations.entries[i];
        if (!dg_snapshot_diff_covers(snapshot, entry->object))
            continue;
        print_relation(out, snapshot, entry);
        if (!collect_types(snapshot, entry->object, &types))
            out->failed = true;
    }
    print_types(out, snapshot, &types);
    dg_vector_fini(&types);
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

void dg_state_print(const struct dg_journal *journal, const struct dg_snapshot *snapshot, bool with_model,
                    struct dg_text *out)
{
    size_t start = out->len;
    dg_text_cstr(out, HEADER_START HEADER_HASH HEADER_END);
    size_t body = out->len;
    dg_text_cstr(out, "[\"database\"");
    print_name(out, snapshot->facts->database);
    print_name(out, snapshot->facts->system_identifier);
    print_int(out, snapshot->facts->database_oid);
    dg_text_cstr(out, "]\n");
    print_journal(out, journal);
    if (with_model)
        print_model(out, snapshot);
    if (out->failed)
        return;
    char hash[sizeof HEADER_HASH];
    snprintf(hash, sizeof hash, "%016" PRIx64, dg_hash64(out->data + body, out->len - body));
    memcpy(out->data + start + sizeof HEADER_START - 1, hash, sizeof hash - 1);
}
