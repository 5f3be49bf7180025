/*
 * Shapes: which texts may share one verdict, in one pass of the lexer.
 *
 * Why a clean verdict (judged, no findings, no effects) may be shared. The server's grammar sees tokens and not white
 * space, so two texts of one shape have the same tree but for the values of literals and for locations. Of a literal the
 * resolver asks its kind alone, which is the type that the server gives it: int4, int8, numeric, unknown (any string) or
 * bit. NULL, TRUE and FALSE are words and stay. That a string does not convert to the type it meets is mostly not looked
 * at, and can only make a finding inexact: where nothing is found, nothing changes.
 * Values and locations enter findings alone (their position), so a verdict with findings is never shared. Where the
 * *value* of a literal does decide what the tree or a name means, there is no shape, or the value is kept in it:
 *
 *   - an integer in ORDER BY, GROUP BY, DISTINCT ON may be the number of an output column: kept;
 *   - 2147483648 and 9223372036854775808 are of another type behind a minus sign: kept;
 *   - float(24) and float(25) are two types; casts to and arguments of reg* and the functions that take names as text or
 *     change the session; ON CONFLICT ... WHERE, whose predicate is compared with an index: none;
 *   - escapes may be malformed, and UESCAPE changes what they are: U&, E with a backslash: none. N'' is a cast: none;
 *   - several statements, and any that is not SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE, WITH: none.
 *
 * A string literal that meets an enum has to be one of its labels (enum_label.c). The shape does not know where that is:
 * the analysis says that the statement depends on its literals, and then its verdict is not shared (guard/verdict.c). Who
 * adds another finding that depends on a literal's value must do the same.
 *
 * Form: each token is a byte below 0x20 for its kind, then its bytes if these matter. No token has such a byte in it (a
 * quoted name that does: no shape), so no two sequences of tokens look alike. Names stay as they are written: folding them
 * would make fewer shapes, not better ones.
 */
#include "sql/shape.h"

#include "sql/lexer.h"

enum mark {
    MARK_WORD = 1,
    MARK_SIGN,
    MARK_PARAMETER,
    MARK_INT4, /* these may be followed by the digits */
    MARK_INT8,
    MARK_NUMERIC,
    MARK_STRING,
    MARK_BINARY_BITS,
    MARK_HEX_BITS
};

/* What a word means for the shape. */
enum meaning {
    PLAIN,
    FATAL,     /* no shape */
    FIRST,     /* may begin a statement that has one */
    POSITIONS, /* numbers behind it may be numbers of output columns */
    LIMITS,    /* ends that */
    CONFLICT,
    WHERE
};

struct shaper {
    struct dg_str text;
    char *out;
    size_t len;
    size_t max_bytes;
    struct dg_token before;
    bool before_is_dot;
    bool is_one_of_many; /* a literal or a comment was left out: other texts may have this shape */
    bool is_over;        /* behind a semicolon */
    bool is_sorting;     /* in a list whose integers may be positions */
    bool has_conflict;
    int32_t depth; /* of brackets */
    int32_t sorting_depth;
};

/* ---- words ------------------------------------------------------------------------------------------------------- */

struct word {
    const char *text;
    enum meaning meaning;
};

/* `lower` has `len` bytes and holds no upper-case letter. */
static bool is_word(const char *bytes, const char *lower, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c) != lower[i])
            return false;
    }
    return true;
}

static bool begins_with(struct dg_str word, const char *lower, size_t len)
{
    return word.len >= len && is_word(word.data, lower, len);
}

#define BEGINS_WITH(word, literal) begins_with(word, literal, sizeof(literal) - 1)

static bool ends_with(struct dg_str word, const char *lower, size_t len)
{
    return word.len >= len && is_word(word.data + word.len - len, lower, len);
}

/* Types and functions that read names from strings, and functions that change what later names mean. The families are
   taken whole: statements that ask the catalog are few, and are analysed each time. */
static bool reads_names(struct dg_str word)
{
    static const char *const types[] = {"regclass",     "regcollation", "regconfig",   "regdictionary",
                                        "regnamespace", "regoper",      "regoperator", "regproc",
                                        "regprocedure", "regrole",      "regtype",     NULL};
    static const char *const functions[] = {"nextval", "currval", "setval", "set_config", "row_security_active", NULL};
    const char *const *list = functions;

    if (BEGINS_WITH(word, "pg_") || BEGINS_WITH(word, "to_reg"))
        return true;
    if (BEGINS_WITH(word, "has_"))
        return ends_with(word, "_privilege", 10);
    if (BEGINS_WITH(word, "reg"))
        list = types;
    for (; *list != NULL; list++) {
        if (strlen(*list) == word.len && is_word(word.data, *list, word.len))
            return true;
    }
    return false;
}

static const struct word *words_of_length(size_t len)
{
    static const struct word four[] = {{"with", FIRST}, {NULL, PLAIN}};
    static const struct word five[] = {{"where", WHERE},     {"order", POSITIONS}, {"limit", LIMITS},
                                       {"group", POSITIONS}, {"fetch", LIMITS},    {"float", FATAL},
                                       {"table", FIRST},     {"merge", FIRST},     {NULL, PLAIN}};
    static const struct word six[] = {{"select", FIRST}, {"insert", FIRST},  {"update", FIRST}, {"delete", FIRST},
                                      {"values", FIRST}, {"offset", LIMITS}, {NULL, PLAIN}};
    static const struct word seven[] = {{"uescape", FATAL}, {NULL, PLAIN}};
    static const struct word eight[] = {{"distinct", POSITIONS}, {"conflict", CONFLICT}, {NULL, PLAIN}};
    static const struct word none[] = {{NULL, PLAIN}};

    switch (len) {
    case 4:
        return four;
    case 5:
        return five;
    case 6:
        return six;
    case 7:
        return seven;
    case 8:
        return eight;
    default:
        return none;
    }
}

static enum meaning meaning_of(struct dg_str word)
{
    for (const struct word *entry = words_of_length(word.len); entry->text != NULL; entry++) {
        if (is_word(word.data, entry->text, word.len))
            return entry->meaning;
    }
    return reads_names(word) ? FATAL : PLAIN;
}

/* A quoted name is no keyword, and U&"" may spell anything. */
static enum meaning meaning_of_token(struct dg_str token)
{
    if (token.data[token.len - 1] != '"')
        return meaning_of(token);
    if (token.data[0] != '"')
        return FATAL;
    for (size_t i = 0; i < token.len; i++) {
        if ((unsigned char)token.data[i] < 0x20)
            return FATAL;
    }
    return reads_names((struct dg_str){token.data + 1, token.len - 2}) ? FATAL : PLAIN;
}

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

static bool put(struct shaper *shaper, enum mark mark, struct dg_str bytes)
{
    if (shaper->max_bytes - shaper->len <= bytes.len)
        return false;
    shaper->out[shaper->len++] = (char)mark;
    memcpy(shaper->out + shaper->len, bytes.data, bytes.len);
    shaper->len += bytes.len;
    return true;
}

static bool put_literal(struct shaper *shaper, enum mark mark)
{
    shaper->is_one_of_many = true;
    return put(shaper, mark, DG_STR(""));
}

/*
 * From ORDER, GROUP or DISTINCT on integers count, until a LIMIT of the same query or the end of the brackets they stand
 * in. Behind a dot any word is a name. Too long a stretch costs shapes, too short a one would be wrong: an inner query's
 * LIMIT does not end the outer one's list.
 */
static void note_sorting(struct shaper *shaper, enum meaning meaning)
{
    if (shaper->before_is_dot)
        return;
    if (meaning == LIMITS && shaper->is_sorting && shaper->depth == shaper->sorting_depth)
        shaper->is_sorting = false;
    if (meaning == POSITIONS && (!shaper->is_sorting || shaper->depth < shaper->sorting_depth)) {
        shaper->is_sorting = true;
        shaper->sorting_depth = shaper->depth;
    }
}

static bool add_word(struct shaper *shaper, struct dg_str token)
{
    enum meaning meaning = meaning_of_token(token);

    if (meaning == FATAL || (shaper->len == 0 && meaning != FIRST))
        return false;
    if (meaning == WHERE && shaper->has_conflict)
        return false;
    shaper->has_conflict = shaper->has_conflict || meaning == CONFLICT;
    note_sorting(shaper, meaning);
    return put(shaper, MARK_WORD, token);
}

/* As the server reads it: decimal digits only; 0x1F and 1_000 are not the same to every major. */
static bool add_integer(struct shaper *shaper, struct dg_str token)
{
    static const char *const bounds[] = {"2147483648", "9223372036854775808"};
    static const enum mark marks[] = {MARK_INT4, MARK_INT8};
    enum mark mark = MARK_NUMERIC;
    size_t zeros = 0;
    bool is_bound = false;

    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] < '0' || token.data[i] > '9')
            return false;
    }
    while (zeros + 1 < token.len && token.data[zeros] == '0')
        zeros++;
    token = (struct dg_str){token.data + zeros, token.len - zeros};
    for (size_t i = 2; i-- > 0;) {
        size_t len = strlen(bounds[i]);
        int order = token.len == len ? memcmp(token.data, bounds[i], len) : token.len < len ? -1 : 1;

        is_bound = is_bound || order == 0;
        if (order < 0)
            mark = marks[i];
    }
    if (shaper->is_sorting || is_bound)
        return put(shaper, mark, token);
    return put_literal(shaper, mark);
}

/* 'a' -- comment, newline, 'b': one literal for the server, and not for the parser here, which reads less than the server
   at this place. Literals of several lines with two dashes in them are none, or few. */
static bool may_hold_comment(struct dg_str token)
{
    bool has_lines = memchr(token.data, '\n', token.len) != NULL || memchr(token.data, '\r', token.len) != NULL;

    return has_lines && memmem(token.data, token.len, "--", 2) != NULL;
}

static bool add_string(struct shaper *shaper, struct dg_str token)
{
    bool is_escape = token.data[0] == 'e' || token.data[0] == 'E';

    if (token.data[0] != '\'' && token.data[0] != '$' && !is_escape)
        return false;
    if (is_escape && memchr(token.data, '\\', token.len) != NULL)
        return false;
    if (may_hold_comment(token))
        return false;
    return put_literal(shaper, MARK_STRING);
}

static bool add_punctuation(struct shaper *shaper, struct dg_str token)
{
    char c = token.data[0];

    if (c == '(' || c == '[') {
        shaper->depth++;
    } else if (c == ')' || c == ']') {
        shaper->depth--;
        shaper->is_sorting = shaper->is_sorting && shaper->depth >= shaper->sorting_depth;
    }
    shaper->is_over = c == ';';
    return put(shaper, MARK_SIGN, token);
}

static bool add(struct shaper *shaper, struct dg_token token)
{
    struct dg_str bytes = {shaper->text.data + token.start, token.len};

    if (shaper->is_over || (shaper->len == 0 && token.kind != DG_TOKEN_IDENTIFIER))
        return false;
    switch (token.kind) {
    case DG_TOKEN_IDENTIFIER:
        return add_word(shaper, bytes);
    case DG_TOKEN_STRING:
        return add_string(shaper, bytes);
    case DG_TOKEN_BITS:
        if (may_hold_comment(bytes))
            return false;
        return put_literal(shaper, (bytes.data[0] | 0x20) == 'b' ? MARK_BINARY_BITS : MARK_HEX_BITS);
    case DG_TOKEN_INTEGER:
        return add_integer(shaper, bytes);
    case DG_TOKEN_NUMBER:
        /* 1_000.5, from 16 on */
        return memchr(bytes.data, '_', bytes.len) == NULL && put_literal(shaper, MARK_NUMERIC);
    case DG_TOKEN_PARAMETER:
        return put(shaper, MARK_PARAMETER, bytes);
    case DG_TOKEN_OPERATOR:
        return put(shaper, MARK_SIGN, bytes);
    case DG_TOKEN_PUNCTUATION:
        return add_punctuation(shaper, bytes);
    case DG_TOKEN_INVALID:
    case DG_TOKEN_END:
    default:
        return false;
    }
}

/* Between two tokens stands a comment, if more than white space does: what it says differs from text to text. */
static bool holds_comment(struct dg_str gap)
{
    return memchr(gap.data, '-', gap.len) != NULL || memchr(gap.data, '/', gap.len) != NULL;
}

/* Behind these the grammar looks a token ahead, and the parser here takes a comment for that token where the server does
   not: such a text does not parse, so it must not be taken for one that does. */
static bool looks_ahead(struct dg_str word)
{
    static const char *const words[] = {"not", "with", "nulls", "without"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (word.len == strlen(words[i]) && is_word(word.data, words[i], word.len))
            return true;
    }
    return false;
}

/* What stands before the token at `start`. False: a comment where it matters. */
static bool note_gap(struct shaper *shaper, size_t start)
{
    const char *bytes = shaper->text.data;
    size_t end = (size_t)shaper->before.start + shaper->before.len;

    /* Shorter than any comment. */
    if (start < end + 3 || !holds_comment((struct dg_str){bytes + end, start - end}))
        return true;
    shaper->is_one_of_many = true;
    return !looks_ahead((struct dg_str){bytes + shaper->before.start, shaper->before.len});
}

size_t dg_sql_shape(struct dg_str text, size_t max_tokens, char *out, size_t max_bytes)
{
    struct shaper shaper = {.text = text, .out = out, .max_bytes = max_bytes};
    struct dg_lexer lexer;

    dg_lexer_init(&lexer, text);
    for (size_t n = 0;; n++) {
        struct dg_token token = dg_lexer_next(&lexer);

        if (!note_gap(&shaper, token.start))
            return 0;
        if (token.kind == DG_TOKEN_END)
            return shaper.is_one_of_many ? shaper.len : 0;
        if (n >= max_tokens || !add(&shaper, token))
            return 0;
        shaper.before = token;
        shaper.before_is_dot = token.kind == DG_TOKEN_PUNCTUATION && token.len == 1 && text.data[token.start] == '.';
    }
}
