/*
 * PostgreSQL's lexical structure without its parser: counts tokens before the parser is called, replaces literals in
 * text that people will see, and makes the shape of a statement (its token stream with literals reduced to their kind).
 */
#ifndef DG_SQL_LEXER_H
#define DG_SQL_LEXER_H

#include "base/text.h"

enum dg_token_kind {
    DG_TOKEN_END,
    DG_TOKEN_IDENTIFIER, /* bare or quoted, U&"" included; keywords too */
    DG_TOKEN_STRING,     /* '', E'', U&'', N'', dollar quotes; continued over newlines: one token */
    DG_TOKEN_BITS,       /* B'' and X'' */
    DG_TOKEN_INTEGER,
    DG_TOKEN_NUMBER,    /* numeric */
    DG_TOKEN_PARAMETER, /* $1 */
    DG_TOKEN_OPERATOR,
    DG_TOKEN_PUNCTUATION, /* one of , ; ( ) [ ] . : and :: := .. => */
    DG_TOKEN_INVALID /* an unterminated literal, comment or quoted name (runs to the end), a number with letters behind
                            it, or a byte that begins no token */
};

struct dg_token {
    enum dg_token_kind kind;
    uint32_t start; /* byte offset */
    uint32_t len;
};

struct dg_lexer {
    struct dg_str text; /* offsets are 32 bits wide: what lies beyond is not read */
    size_t position;
    size_t signs_end; /* internal: each + and - before this offset is a token of its own */
};

void dg_lexer_init(struct dg_lexer *lexer, struct dg_str text);
/* The next token; comments and white space are passed over. standard_conforming_strings is on. */
struct dg_token dg_lexer_next(struct dg_lexer *lexer);

/* Number of tokens, given up above `limit` (then limit + 1). */
size_t dg_sql_count_tokens(struct dg_str text, size_t limit);

/* Appends the text with every literal replaced by $ and comments left out, white space folded; at most max_bytes, cut
   with "..." (promise 7: what a person may see). */
void dg_sql_redact(struct dg_str text, size_t max_bytes, struct dg_text *out);

#endif
