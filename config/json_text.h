/*
 * JSON as text: comments, lines and columns, and where the n-th value stands. cJSON keeps no positions, so an error
 * finds its place by counting: values are numbered from 0 in the order in which they begin, and cJSON's tree walked in
 * depth first order meets the same values in the same order. Inside of config/.
 */
#ifndef DG_CONFIG_JSON_TEXT_H
#define DG_CONFIG_JSON_TEXT_H

#include "base/str.h"

struct dg_place {
    unsigned line;   /* from 1 */
    unsigned column; /* from 1, in characters */
};

/*
 * Overwrites comments and a byte order mark by blanks (newlines stay) and checks what cJSON would let pass: bytes that
 * are not UTF-8, a line that ends in a string, \u0000. NULL if all is well, else the problem, with its offset.
 */
const char *dg_json_blank(char *text, size_t len, size_t *offset);

/* Line and column of a byte offset. */
struct dg_place dg_json_place(struct dg_str text, size_t offset);

/* Where value number `n` begins, and its key (in an array and at the top: the value itself). False if there are fewer.
   The text must be one that cJSON has accepted. */
bool dg_json_find_value(struct dg_str text, size_t n, size_t *key_offset, size_t *value_offset);

#endif
