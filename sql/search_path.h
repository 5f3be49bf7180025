/*
 * The value of search_path as a string, as set_config, the start-up packet, ALTER ROLE ... SET and the server's own
 * settings hold it, taken apart into schema names.
 */
#ifndef DG_SQL_SEARCH_PATH_H
#define DG_SQL_SEARCH_PATH_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

/* More elements than this are not a search path that anyone uses. */
#define DG_SEARCH_PATH_MAX 1000

/*
 * Splits `value` as SplitIdentifierString (varlena.c) does: names separated by commas, unquoted ones folded to lower
 * case, each cut to max_identifier_length bytes; "$user" stays as it is. *names (in the arena) has *n_names elements, 0
 * for an empty value. DG_UNPARSED: the server refuses such a value; DG_LIMIT: over DG_SEARCH_PATH_MAX; DG_NO_MEMORY.
 */
enum dg_status dg_sql_split_search_path(struct dg_str value, size_t max_identifier_length, struct dg_arena *arena,
                                        const char *const **names, size_t *n_names) DG_MUST_CHECK;

#endif
