/*
 * format_type() without asking the server. Types of the catalogs have fixed oids (pg_type.dat), and those with a
 * grammar of their own in SQL are in the table below; the rest go by their names.
 */
#include "schema/names.h"

#define VARLENA_HEADER 4

enum modifier { MODIFIER_NONE, MODIFIER_LENGTH, MODIFIER_BITS, MODIFIER_NUMERIC, MODIFIER_PRECISION };

struct sql_type {
    dg_oid oid;
    const char *name;
    const char *tail; /* behind the modifier */
    enum modifier modifier;
};

static const struct sql_type sql_types[] = {
    {16, "boolean", "", MODIFIER_NONE},
    {20, "bigint", "", MODIFIER_NONE},
    {21, "smallint", "", MODIFIER_NONE},
    {23, "integer", "", MODIFIER_NONE},
    {114, "json", "", MODIFIER_NONE}, /* a keyword since 17, but written plainly */
    {700, "real", "", MODIFIER_NONE},
    {701, "double precision", "", MODIFIER_NONE},
    {1042, "character", "", MODIFIER_LENGTH},
    {1043, "character varying", "", MODIFIER_LENGTH},
    {1083, "time", " without time zone", MODIFIER_PRECISION},
    {1114, "timestamp", " without time zone", MODIFIER_PRECISION},
    {1184, "timestamp", " with time zone", MODIFIER_PRECISION},
    {1186, "interval", "", MODIFIER_NONE},
    {1266, "time", " with time zone", MODIFIER_PRECISION},
    {1560, "bit", "", MODIFIER_BITS},
    {1562, "bit varying", "", MODIFIER_BITS},
    {1700, "numeric", "", MODIFIER_NUMERIC},
};

static void append_modifier(enum modifier modifier, int32_t typmod, struct dg_text *out)
{
    if (typmod < 0)
        return;
    int32_t value = typmod - VARLENA_HEADER;
    switch (modifier) {
    case MODIFIER_NONE:
        return;
    case MODIFIER_LENGTH:
        dg_text_printf(out, "(%d)", value);
        return;
    case MODIFIER_BITS:
    case MODIFIER_PRECISION:
        dg_text_printf(out, "(%d)", typmod);
        return;
    case MODIFIER_NUMERIC:
        /* Precision in the upper half, scale in the lower eleven bits, signed since 15. */
        dg_text_printf(out, "(%d,%d)", (value >> 16) & 0xffff, ((value & 0x7ff) ^ 1024) - 1024);
        return;
    }
}

static void append_plain(const struct dg_snapshot *snapshot, const struct dg_type *type, struct dg_text *out)
{
    const struct dg_namespace *namespace = dg_snapshot_namespace_by_oid(snapshot, type->namespace_oid);
    if (namespace != NULL && strcmp(namespace->name, "pg_catalog") != 0 && strcmp(namespace->name, "public") != 0) {
        dg_text_sql_identifier(out, dg_str_of(namespace->name), false);
        dg_text_char(out, '.');
    }
    dg_text_sql_identifier(out, dg_str_of(type->name), false);
}

void dg_snapshot_type_name(const struct dg_snapshot *snapshot, dg_oid type_oid, int32_t typmod, struct dg_text *out)
{
    const struct dg_type *type = dg_snapshot_type_by_oid(snapshot, type_oid);
    bool is_array = type != NULL && type->is_array && type->element_oid != 0;
    dg_oid element_oid = is_array ? type->element_oid : type_oid;
    const struct dg_type *element = is_array ? dg_snapshot_type_by_oid(snapshot, element_oid) : type;
    const struct sql_type *sql = NULL;
    for (size_t i = 0; i < sizeof sql_types / sizeof *sql_types; i++)
        if (sql_types[i].oid == element_oid)
            sql = &sql_types[i];
    if (sql != NULL) {
        dg_text_cstr(out, sql->name);
        append_modifier(sql->modifier, typmod, out);
        dg_text_cstr(out, sql->tail);
    } else if (element != NULL) {
        append_plain(snapshot, element, out);
    } else {
        dg_text_printf(out, "type %u", element_oid);
    }
    if (is_array)
        dg_text_cstr(out, "[]");
}
