/*
 * PostgreSQL's lexical rules (src/backend/parser/scan.l) by hand, with standard_conforming_strings on.
 *
 * The flex rules decide by the longest match; each function here says what that comes to. Where majors differ the newer
 * form is read (0x1F, 1_000: from 16), since nothing here rejects a text: what does not lex on the server is the
 * parser's finding. No look-ahead is repeated, so the time is linear in the text whatever it holds.
 */
#include "sql/lexer.h"

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

/* The byte at `offset`, or -1 behind the end. */
static int byte_at(struct dg_str text, size_t offset)
{
    return offset < text.len ? (unsigned char)text.data[offset] : -1;
}

static bool is_one_of(int c, const char *set)
{
    return c > 0 && strchr(set, c) != NULL;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_identifier_part(int c)
{
    return is_identifier_start(c) || is_digit(c) || c == '$';
}

static bool is_newline(int c)
{
    return c == '\n' || c == '\r';
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\f' || is_newline(c);
}

static bool is_operator_byte(int c)
{
    return is_one_of(c, "~!@#^&|`?+-*/%<>=");
}

static bool is_comment_start(struct dg_str text, size_t at)
{
    int c = byte_at(text, at);
    int next = byte_at(text, at + 1);

    return (c == '-' && next == '-') || (c == '/' && next == '*');
}

static size_t skip_identifier_parts(struct dg_str text, size_t at)
{
    while (is_identifier_part(byte_at(text, at)))
        at++;
    return at;
}

static size_t skip_to_newline(struct dg_str text, size_t at)
{
    while (at < text.len && !is_newline(byte_at(text, at)))
        at++;
    return at;
}

static struct dg_token make_token(enum dg_token_kind kind, size_t start, size_t end)
{
    return (struct dg_token){kind, (uint32_t)start, (uint32_t)(end - start)};
}

/* ---- white space and comments ------------------------------------------------------------------------------------ */

/* Behind the comment that begins at `at` with slash and star; comments nest. False: it is not closed. */
static bool skip_block_comment(struct dg_str text, size_t *at)
{
    size_t depth = 0;
    size_t i = *at;

    while (i + 1 < text.len) {
        if (text.data[i] == '/' && text.data[i + 1] == '*') {
            depth++;
            i += 2;
        } else if (text.data[i] == '*' && text.data[i + 1] == '/') {
            depth--;
            i += 2;
        } else {
            i++;
        }
        if (depth == 0) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* Passes over what separates tokens. False: a block comment is not closed; *at is its start. */
static bool skip_blank(struct dg_str text, size_t *at)
{
    for (;;) {
        if (is_space(byte_at(text, *at)))
            (*at)++;
        else if (!is_comment_start(text, *at))
            return true;
        else if (byte_at(text, *at) == '-')
            *at = skip_to_newline(text, *at);
        else if (!skip_block_comment(text, at))
            return false;
    }
}

/*
 * A string goes on where, behind its closing quote, a newline and then a quote follow with only white space and --
 * comments between. Returns the offset behind that quote, or 0.
 */
static size_t find_continuation(struct dg_str text, size_t at)
{
    bool seen_newline = false;

    for (;;) {
        int c = byte_at(text, at);

        if (is_space(c)) {
            seen_newline = seen_newline || is_newline(c);
            at++;
        } else if (c == '-' && byte_at(text, at + 1) == '-') {
            at = skip_to_newline(text, at);
        } else {
            return c == '\'' && seen_newline ? at + 1 : 0;
        }
    }
}

/* ---- quoted things ----------------------------------------------------------------------------------------------- */

enum string_style {
    STYLE_PLAIN,  /* a doubled quote stands for one */
    STYLE_ESCAPE, /* and a backslash hides the byte behind it */
    STYLE_BITS    /* neither */
};

/* `at` is behind the opening quote. */
static struct dg_token lex_string(struct dg_str text, size_t start, size_t at, enum string_style style)
{
    enum dg_token_kind kind = style == STYLE_BITS ? DG_TOKEN_BITS : DG_TOKEN_STRING;

    while (at < text.len) {
        size_t next;
        char c = text.data[at++];

        if (c == '\\' && style == STYLE_ESCAPE) {
            at++;
            continue;
        }
        if (c != '\'')
            continue;
        if (style != STYLE_BITS && byte_at(text, at) == '\'') {
            at++;
            continue;
        }
        next = find_continuation(text, at);
        if (next == 0)
            return make_token(kind, start, at);
        at = next;
    }
    return make_token(DG_TOKEN_INVALID, start, text.len);
}

/* `at` is behind the opening double quote. */
static struct dg_token lex_quoted_name(struct dg_str text, size_t start, size_t at)
{
    while (at < text.len) {
        if (text.data[at++] != '"')
            continue;
        if (byte_at(text, at) != '"')
            return make_token(DG_TOKEN_IDENTIFIER, start, at);
        at++;
    }
    return make_token(DG_TOKEN_INVALID, start, text.len);
}

/* A name, a keyword, or a literal that begins with a letter: E'' B'' X'' N'' U&'' U&"". */
static struct dg_token lex_word(struct dg_str text, size_t start)
{
    int first = byte_at(text, start);
    int second = byte_at(text, start + 1);

    if (second == '\'') {
        if (is_one_of(first, "eE"))
            return lex_string(text, start, start + 2, STYLE_ESCAPE);
        if (is_one_of(first, "bBxX"))
            return lex_string(text, start, start + 2, STYLE_BITS);
        if (is_one_of(first, "nN"))
            return lex_string(text, start, start + 2, STYLE_PLAIN);
    }
    if (second == '&' && is_one_of(first, "uU")) {
        if (byte_at(text, start + 2) == '\'')
            return lex_string(text, start, start + 3, STYLE_PLAIN);
        if (byte_at(text, start + 2) == '"')
            return lex_quoted_name(text, start, start + 3);
    }
    return make_token(DG_TOKEN_IDENTIFIER, start, skip_identifier_parts(text, start));
}

/* $1, $$...$$, $tag$...$tag$, or a dollar sign that belongs to nothing. */
static struct dg_token lex_dollar(struct dg_str text, size_t start)
{
    size_t at = start + 1;
    const char *end;

    if (is_digit(byte_at(text, at))) {
        while (is_digit(byte_at(text, at)))
            at++;
        if (!is_identifier_start(byte_at(text, at)))
            return make_token(DG_TOKEN_PARAMETER, start, at);
        return make_token(DG_TOKEN_INVALID, start, skip_identifier_parts(text, at));
    }
    if (is_identifier_start(byte_at(text, at))) {
        while (is_identifier_part(byte_at(text, at)) && text.data[at] != '$')
            at++;
    }
    if (byte_at(text, at) != '$')
        return make_token(DG_TOKEN_INVALID, start, start + 1);
    at++;
    end = memmem(text.data + at, text.len - at, text.data + start, at - start);
    if (end == NULL)
        return make_token(DG_TOKEN_INVALID, start, text.len);
    return make_token(DG_TOKEN_STRING, start, (size_t)(end - text.data) + (at - start));
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static bool is_digit_of(int c, int base)
{
    if (base == 16)
        return is_digit(c) || is_one_of(c, "abcdefABCDEF");
    return c >= '0' && c < '0' + base;
}

/* Behind digits that single underscores may separate; `at` itself when no digit stands there. */
static size_t skip_digits(struct dg_str text, size_t at, int base)
{
    while (is_digit_of(byte_at(text, at), base)) {
        at++;
        if (byte_at(text, at) == '_' && is_digit_of(byte_at(text, at + 1), base))
            at++;
    }
    return at;
}

/* Letters right behind a number are an error on every server from 15 on. */
static struct dg_token end_number(struct dg_str text, enum dg_token_kind kind, size_t start, size_t end)
{
    if (is_identifier_start(byte_at(text, end)))
        return make_token(DG_TOKEN_INVALID, start, skip_identifier_parts(text, end));
    return make_token(kind, start, end);
}

static int number_base(struct dg_str text, size_t start)
{
    int second = byte_at(text, start + 1);

    if (byte_at(text, start) != '0')
        return 10;
    if (is_one_of(second, "xX"))
        return 16;
    if (is_one_of(second, "oO"))
        return 8;
    return is_one_of(second, "bB") ? 2 : 10;
}

static struct dg_token lex_number(struct dg_str text, size_t start)
{
    enum dg_token_kind kind = DG_TOKEN_INTEGER;
    int base = number_base(text, start);
    size_t at = start;

    if (base != 10) {
        /* An underscore may follow the prefix too. */
        size_t first = start + 2 + (byte_at(text, start + 2) == '_' ? 1 : 0);

        at = skip_digits(text, first, base);
        return end_number(text, at == first ? DG_TOKEN_INVALID : DG_TOKEN_INTEGER, start, at == first ? start + 2 : at);
    }
    at = skip_digits(text, at, 10);
    /* "1..2" is 1, then two dots. */
    if (byte_at(text, at) == '.' && (byte_at(text, at + 1) != '.' || at == start)) {
        kind = DG_TOKEN_NUMBER;
        at = skip_digits(text, at + 1, 10);
    }
    if (is_one_of(byte_at(text, at), "eE")) {
        size_t exponent = at + 1 + (is_one_of(byte_at(text, at + 1), "+-") ? 1 : 0);

        if (!is_digit(byte_at(text, exponent)))
            return make_token(DG_TOKEN_INVALID, start, skip_identifier_parts(text, exponent));
        kind = DG_TOKEN_NUMBER;
        at = skip_digits(text, exponent, 10);
    }
    return end_number(text, kind, start, at);
}

/* ---- operators and punctuation ----------------------------------------------------------------------------------- */

/*
 * The longest run of operator bytes up to a comment. It may end in + or - only if it holds one of ~ ! @ # ^ & | ` ? %
 * (so that `a=-1` works), else those signs are cut off, down to one byte. The signs so cut are the next tokens, one byte
 * each; remembering where they end keeps a megabyte of plus signs from being read a megabyte times.
 */
static struct dg_token lex_operator(struct dg_lexer *lexer, size_t start)
{
    struct dg_str text = lexer->text;
    bool may_end_in_sign = false;
    size_t end = start;
    size_t cut;

    if (start < lexer->signs_end)
        return make_token(DG_TOKEN_OPERATOR, start, start + 1);
    while (is_operator_byte(byte_at(text, end)) && !is_comment_start(text, end)) {
        may_end_in_sign = may_end_in_sign || is_one_of(byte_at(text, end), "~!@#^&|`?%");
        end++;
    }
    cut = end;
    while (!may_end_in_sign && cut > start + 1 && is_one_of(byte_at(text, cut - 1), "+-"))
        cut--;
    lexer->signs_end = end;
    if (cut - start == 2 && memcmp(text.data + start, "=>", 2) == 0)
        return make_token(DG_TOKEN_PUNCTUATION, start, cut);
    return make_token(DG_TOKEN_OPERATOR, start, cut);
}

static struct dg_token lex_punctuation(struct dg_str text, size_t start)
{
    int c = byte_at(text, start);
    int next = byte_at(text, start + 1);

    if ((c == ':' && (next == ':' || next == '=')) || (c == '.' && next == '.'))
        return make_token(DG_TOKEN_PUNCTUATION, start, start + 2);
    if (is_one_of(c, ",;()[].:"))
        return make_token(DG_TOKEN_PUNCTUATION, start, start + 1);
    return make_token(DG_TOKEN_INVALID, start, start + 1);
}

void dg_lexer_init(struct dg_lexer *lexer, struct dg_str text)
{
    /* Offsets are 32 bits wide, as the protocol's lengths are. */
    if (text.len > UINT32_MAX)
        text.len = UINT32_MAX;
    *lexer = (struct dg_lexer){text, 0, 0};
}

struct dg_token dg_lexer_next(struct dg_lexer *lexer)
{
    struct dg_str text = lexer->text;
    struct dg_token token;
    size_t start = lexer->position;
    int c;

    if (!skip_blank(text, &start)) {
        lexer->position = text.len;
        return make_token(DG_TOKEN_INVALID, start, text.len);
    }
    c = byte_at(text, start);
    if (c < 0)
        token = make_token(DG_TOKEN_END, text.len, text.len);
    else if (is_identifier_start(c))
        token = lex_word(text, start);
    else if (is_digit(c) || (c == '.' && is_digit(byte_at(text, start + 1))))
        token = lex_number(text, start);
    else if (c == '\'')
        token = lex_string(text, start, start + 1, STYLE_PLAIN);
    else if (c == '"')
        token = lex_quoted_name(text, start, start + 1);
    else if (c == '$')
        token = lex_dollar(text, start);
    else if (is_operator_byte(c))
        token = lex_operator(lexer, start);
    else
        token = lex_punctuation(text, start);
    lexer->position = (size_t)token.start + token.len;
    return token;
}

size_t dg_sql_count_tokens(struct dg_str text, size_t limit)
{
    struct dg_lexer lexer;
    size_t n = 0;

    dg_lexer_init(&lexer, text);
    while (n <= limit && dg_lexer_next(&lexer).kind != DG_TOKEN_END)
        n++;
    return n;
}

/* ---- redaction --------------------------------------------------------------------------------------------------- */

static bool is_literal(enum dg_token_kind kind)
{
    return kind == DG_TOKEN_STRING || kind == DG_TOKEN_BITS || kind == DG_TOKEN_INTEGER || kind == DG_TOKEN_NUMBER ||
           kind == DG_TOKEN_INVALID;
}

/* Glued together, the two would read as one token. */
static bool would_glue(enum dg_token_kind before, enum dg_token_kind kind)
{
    bool is_word_before = before == DG_TOKEN_IDENTIFIER || before == DG_TOKEN_PARAMETER;
    bool is_word = kind == DG_TOKEN_IDENTIFIER || kind == DG_TOKEN_PARAMETER;

    return (is_literal(before) || is_word_before) && (is_literal(kind) || is_word);
}

/*
 * With standard_conforming_strings off, which the text does not tell, a backslash before the closing quote means that
 * the string goes on: what follows cannot be told from its content.
 */
static bool may_end_elsewhere(struct dg_str piece)
{
    return piece.len > 0 && is_one_of(piece.data[0], "'nN") && memmem(piece.data, piece.len, "\\'", 2) != NULL;
}

void dg_sql_redact(struct dg_str text, size_t max_bytes, struct dg_text *out)
{
    enum dg_token_kind before = DG_TOKEN_END;
    struct dg_lexer lexer;
    size_t written = 0;
    size_t end = 0;

    dg_lexer_init(&lexer, text);
    for (;;) {
        struct dg_token token = dg_lexer_next(&lexer);
        struct dg_str source = {text.data + token.start, token.len};
        struct dg_str piece = is_literal(token.kind) ? DG_STR("$") : source;
        size_t space = before != DG_TOKEN_END && (token.start > end || would_glue(before, token.kind)) ? 1 : 0;
        bool is_last = token.kind == DG_TOKEN_STRING && may_end_elsewhere(source);

        if (token.kind == DG_TOKEN_END)
            return;
        /* Three bytes stay free for the dots. */
        if (written + space + piece.len + 3 > max_bytes)
            break;
        if (space > 0)
            dg_text_char(out, ' ');
        dg_text_append(out, piece);
        written += space + piece.len;
        if (is_last)
            break;
        before = token.kind;
        end = (size_t)token.start + token.len;
    }
    if (written + 3 <= max_bytes)
        dg_text_cstr(out, "...");
}
