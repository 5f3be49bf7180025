/*
 * The two questions. The exact one sums a hash of (key, xmin) over the rows: an UPDATE of a row gives it another xmin,
 * INSERT and DELETE change the set. Sums do not depend on the order, so the server need not sort, and where a row lies
 * (VACUUM FULL moves it) does not matter.
 *
 * pg_authid is not readable for everybody; the view pg_roles is hashed by its content instead.
 */
#include "schema/watch.h"

#include "base/hash.h"

/* One line of SQL, one line here. */
/* clang-format off */
#define COUNTERS_SQL                                                                                                   \
    "SELECT sum(pg_stat_get_tuples_inserted(c) + pg_stat_get_tuples_updated(c) + pg_stat_get_tuples_deleted(c))::int8" \
    " FROM unnest('{pg_catalog.pg_namespace, pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_attrdef,"     \
    " pg_catalog.pg_type, pg_catalog.pg_enum, pg_catalog.pg_proc, pg_catalog.pg_trigger, pg_catalog.pg_rewrite,"       \
    " pg_catalog.pg_cast, pg_catalog.pg_operator, pg_catalog.pg_index, pg_catalog.pg_inherits, pg_catalog.pg_db_role_setting,"                 \
    " pg_catalog.pg_authid, pg_catalog.pg_auth_members}'::regclass[]) AS c"

#define ROWS(key, from) "(SELECT sum(hashint8((" key ")::int8 * 1000003 + xmin::text::int8)) FROM pg_catalog." from ")"
#define LASTING(column) column " NOT IN (SELECT oid FROM t)"
#define LASTING_SCHEMA(column) column " NOT IN (SELECT oid FROM n)"

#define FINGERPRINT_SQL                                                                                                \
    "WITH t AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't'),"                         \
    " n AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_[0-9]')"           \
    " SELECT ARRAY["                                                                                                   \
    ROWS("oid", "pg_namespace WHERE " LASTING_SCHEMA("oid")) ","                                                       \
    ROWS("oid", "pg_class WHERE relpersistence <> 't'") ","                                                            \
    ROWS("attrelid::int8 * 4096 + attnum", "pg_attribute WHERE attnum > 0 AND " LASTING("attrelid")) ","               \
    ROWS("oid", "pg_attrdef WHERE " LASTING("adrelid")) ","                                                            \
    ROWS("oid", "pg_type WHERE " LASTING_SCHEMA("typnamespace")) ","                                                   \
    ROWS("oid", "pg_enum") ","                                                                                         \
    ROWS("oid", "pg_proc WHERE " LASTING_SCHEMA("pronamespace")) ","                                                   \
    ROWS("oid", "pg_trigger WHERE " LASTING("tgrelid")) ","                                                            \
    ROWS("oid", "pg_rewrite WHERE " LASTING("ev_class")) ","                                                           \
    ROWS("oid", "pg_cast") ","                                                                                         \
    ROWS("oid", "pg_operator") ","                                                                                     \
    ROWS("indexrelid", "pg_index WHERE " LASTING("indrelid")) ","                                                      \
    ROWS("inhrelid::int8 * 65536 + inhseqno", "pg_inherits WHERE " LASTING("inhrelid")) ","                            \
    ROWS("setdatabase::int8 * 65536 + setrole::int8", "pg_db_role_setting") ","                                        \
    ROWS("roleid::int8 * 65536 + member::int8", "pg_auth_members") ","                                                 \
    "(SELECT sum(hashtext(oid::text || rolsuper::text || rolinherit::text || rolname)) FROM pg_catalog.pg_roles)]::text"
/* clang-format on */

static enum dg_status on_counters(const struct dg_row *row, void *context)
{
    int64_t *sum = context;
    *sum = dg_row_int8(row, 0);
    return DG_OK;
}

enum dg_status dg_catalog_read_counters(struct dg_catalog *catalog, int64_t *sum, struct dg_error *error)
{
    *sum = 0;
    enum dg_status status = dg_catalog_begin(catalog, error);
    if (status != DG_OK)
        return status;
    status = dg_catalog_query(catalog, COUNTERS_SQL, NULL, 0, on_counters, sum, error);
    return dg_catalog_end(catalog, status, error);
}

static enum dg_status on_fingerprint(const struct dg_row *row, void *context)
{
    uint64_t *fingerprint = context;
    const char *text = dg_row_text(row, 0);
    *fingerprint = dg_hash64(text, strlen(text));
    return DG_OK;
}

enum dg_status dg_catalog_read_fingerprint(struct dg_catalog *catalog, uint64_t *fingerprint, struct dg_error *error)
{
    *fingerprint = 0;
    return dg_catalog_query(catalog, FINGERPRINT_SQL, NULL, 0, on_fingerprint, fingerprint, error);
}

static enum dg_status on_begin(const struct dg_row *row, void *context)
{
    int64_t *began_at_us = context;
    *began_at_us = dg_row_int8(row, 0);
    return DG_OK;
}

enum dg_status dg_catalog_read_begin(struct dg_catalog *catalog, int64_t *began_at_us, struct dg_error *error)
{
    *began_at_us = 0;
    return dg_catalog_query(catalog, "SELECT (extract(epoch FROM now()) * 1000000)::int8", NULL, 0, on_begin,
                            began_at_us, error);
}
