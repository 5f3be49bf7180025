/*
 * The lexer against PostgreSQL's lexical rules: a table of forms, each limit and each way to be malformed, what is
 * shown of a text, and (where DG_PG_REGRESS names a folder of .sql files) every statement of PostgreSQL's own regression
 * tests against the scanner of the linked parser.
 */
#include "unit.h"

#include <dirent.h>
#include <pg_query.h>

#include "base/file.h"
#include "sql/lexer.h"

/* ---- kinds of token ---------------------------------------------------------------------------------------------- */

static const char *kind_word(enum dg_token_kind kind)
{
    static const char *const words[] = {"end",    "name",  "string",   "bits",        "integer",
                                        "number", "param", "operator", "punctuation", "invalid"};

    return words[kind];
}

/* "name:select integer:1" */
static void render_tokens(struct dg_str text, struct dg_text *out)
{
    struct dg_lexer lexer;
    struct dg_token token;

    dg_lexer_init(&lexer, text);
    for (token = dg_lexer_next(&lexer); token.kind != DG_TOKEN_END; token = dg_lexer_next(&lexer)) {
        if (out->len > 0)
            dg_text_char(out, ' ');
        dg_text_printf(out, "%s:%.*s", kind_word(token.kind), (int)token.len, text.data + token.start);
    }
}

static void check_tokens(const char *text, const char *expected)
{
    struct dg_text out;

    dg_text_init(&out, 1 << 20);
    render_tokens(dg_str_of(text), &out);
    if (strcmp(dg_text_get(&out), expected) != 0)
        fail_msg("%s\n   gave %s\n   not  %s", text, dg_text_get(&out), expected);
    dg_text_fini(&out);
}

static const struct {
    const char *text;
    const char *tokens;
} token_cases[] = {
    {"", ""},
    {" \t\r\n\f", ""},
    /* names */
    {"Select _a a1$b", "name:Select name:_a name:a1$b"},
    {"\"a b\" \"a\"\"b\"", "name:\"a b\" name:\"a\"\"b\""},
    {"u&\"d\\0061t\" U & x", "name:u&\"d\\0061t\" name:U operator:& name:x"},
    {"stra\xc3\x9f"
     "e",
     "name:stra\xc3\x9f"
     "e"},
    {"nx bx e n", "name:nx name:bx name:e name:n"},
    /* strings */
    {"'a' 'it''s' ''", "string:'a' string:'it''s' string:''"},
    {"'a\\' b", "string:'a\\' name:b"},
    {"e'a\\'b' E'\\\\'", "string:e'a\\'b' string:E'\\\\'"},
    {"n'a' u&'a''b' U&'\\0061'", "string:n'a' string:u&'a''b' string:U&'\\0061'"},
    {"b'01' X'1F' b'0''1'", "bits:b'01' bits:X'1F' bits:b'0' string:'1'"},
    {"'a'\n'b'", "string:'a'\n'b'"},
    {"'a' 'b'", "string:'a' string:'b'"},
    {"'a' -- c\n  'b'", "string:'a' -- c\n  'b'"},
    {"'a'\n-- c\n\n'b' 'c'", "string:'a'\n-- c\n\n'b' string:'c'"},
    {"'a' -- c", "string:'a'"},
    {"'a'\n/* c */'b'", "string:'a' string:'b'"},
    {"e'a'\n'\\''", "string:e'a'\n'\\''"},
    {"b'0'\n'1'", "bits:b'0'\n'1'"},
    {"'a'\n\"b\"", "string:'a' name:\"b\""},
    /* dollar quotes and parameters */
    {"$$a'b$$ $q$a$$b$q$", "string:$$a'b$$ string:$q$a$$b$q$"},
    {"$a$b$ab$a$", "string:$a$b$ab$a$"},
    {"$\xc3\xa4$x$\xc3\xa4$", "string:$\xc3\xa4$x$\xc3\xa4$"},
    {"a$b$c$b$", "name:a$b$c$b$"},
    {"$1 $23,$4", "param:$1 param:$23 punctuation:, param:$4"},
    {"$1a", "invalid:$1a"},
    {"$foo", "invalid:$ name:foo"},
    /* numbers */
    {"0 42 1_000 0x1F 0o17 0b11 0x_f",
     "integer:0 integer:42 integer:1_000 integer:0x1F integer:0o17 integer:0b11 integer:0x_f"},
    {"1.5 .5 1. 1e5 1.e-5 .5E+2 1_0.2_0",
     "number:1.5 number:.5 number:1. number:1e5 number:1.e-5 number:.5E+2 number:1_0.2_0"},
    {"1..2 1...5", "integer:1 punctuation:.. integer:2 integer:1 punctuation:.. number:.5"},
    {"1.5.3", "number:1.5 number:.3"},
    {"a[1:2] t.1", "name:a punctuation:[ integer:1 punctuation:: integer:2 punctuation:] name:t number:.1"},
    {"1a 1e 1e+ 0x 1.5x 1__0", "invalid:1a invalid:1e invalid:1e+ invalid:0x invalid:1.5x invalid:1__0"},
    {"-1 1-1", "operator:- integer:1 integer:1 operator:- integer:1"},
    /* operators: a trailing sign stays only with ~ ! @ # ^ & | ` ? % */
    {"a=-1 a@-1", "name:a operator:= operator:- integer:1 name:a operator:@- integer:1"},
    {"*-+ ?-", "operator:* operator:- operator:+ operator:?-"},
    {"+-+", "operator:+ operator:- operator:+"},
    {"<= >= <> != => := :: ..",
     "operator:<= operator:>= operator:<> operator:!= punctuation:=> punctuation::= punctuation::: punctuation:.."},
    {"=>- a", "punctuation:=> operator:- name:a"},
    {"->> #>> <@", "operator:->> operator:#>> operator:<@"},
    {"a*/* c */b", "name:a operator:* name:b"},
    {"a<--c\nb", "name:a operator:< name:b"},
    {"@-- c\nb", "operator:@ name:b"},
    {",;()[].:",
     "punctuation:, punctuation:; punctuation:( punctuation:) punctuation:[ punctuation:] punctuation:. punctuation::"},
    {"{\\\x01\v}", "invalid:{ invalid:\\ invalid:\x01 invalid:\v invalid:}"},
    /* comments */
    {"a--b\nc--d", "name:a name:c"},
    {"a--b\rc", "name:a name:c"},
    {"a/* b /* c */ d */e /**/ f /***/ g", "name:a name:e name:f name:g"},
    {"/*/*/**/*/*/a", "name:a"},
    {"/*/ a */b", "name:b"},
    /* what is not closed runs to the end */
    {"a 'b c", "name:a invalid:'b c"},
    {"a 'b'\n'c", "name:a invalid:'b'\n'c"},
    {"e'a\\", "invalid:e'a\\"},
    {"a \"b c", "name:a invalid:\"b c"},
    {"a $$b $c$", "name:a invalid:$$b $c$"},
    {"a /* b /* c */", "name:a invalid:/* b /* c */"},
    {"x'1", "invalid:x'1"},
};

static void tokens_are_those_of_postgres(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(token_cases) / sizeof(token_cases[0]); i++)
        check_tokens(token_cases[i].text, token_cases[i].tokens);
}

static void a_nul_byte_is_a_token_that_begins_nothing(void **state)
{
    struct dg_lexer lexer;
    struct dg_token token;

    (void)state;
    dg_lexer_init(&lexer, (struct dg_str){"a\0b", 3});
    assert_int_equal(dg_lexer_next(&lexer).kind, DG_TOKEN_IDENTIFIER);
    token = dg_lexer_next(&lexer);
    assert_int_equal(token.kind, DG_TOKEN_INVALID);
    assert_int_equal(token.len, 1);
    assert_int_equal(dg_lexer_next(&lexer).kind, DG_TOKEN_IDENTIFIER);
    assert_int_equal(dg_lexer_next(&lexer).kind, DG_TOKEN_END);
    assert_int_equal(dg_lexer_next(&lexer).kind, DG_TOKEN_END);
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

static void counting_stops_just_above_the_limit(void **state)
{
    (void)state;
    assert_int_equal(dg_sql_count_tokens(DG_STR(""), 10), 0);
    assert_int_equal(dg_sql_count_tokens(DG_STR("-- nothing"), 0), 0);
    assert_int_equal(dg_sql_count_tokens(DG_STR("a b c"), 3), 3);
    assert_int_equal(dg_sql_count_tokens(DG_STR("a b c"), 2), 3);
    assert_int_equal(dg_sql_count_tokens(DG_STR("a b c d e"), 2), 3);
    assert_int_equal(dg_sql_count_tokens(DG_STR("a"), 0), 1);
}

/* Each would take hours if some look-ahead were repeated for each token. */
static void a_megabyte_of_one_byte_is_lexed_in_one_pass(void **state)
{
    static const char bytes[] = "+-*/<@.'\"$:({[0a\\ \n_";
    size_t len = 1 << 20;
    char *text = test_malloc(len);

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(bytes); i++) {
        memset(text, bytes[i], len);
        assert_true(dg_sql_count_tokens((struct dg_str){text, len}, len) <= len);
    }
    memset(text, '+', len);
    assert_int_equal(dg_sql_count_tokens((struct dg_str){text, len}, len), len);
    test_free(text);
}

/* ---- what a person sees ------------------------------------------------------------------------------------------ */

static void check_redacted(const char *text, size_t max_bytes, const char *expected)
{
    struct dg_text out;

    dg_text_init(&out, 1 << 20);
    dg_sql_redact(dg_str_of(text), max_bytes, &out);
    assert_string_equal(dg_text_get(&out), expected);
    assert_true(out.len <= max_bytes);
    dg_text_fini(&out);
}

static void literals_and_comments_are_not_shown(void **state)
{
    (void)state;
    check_redacted("SELECT * FROM t WHERE a = 'secret' AND b IN (1, -2.5, $1)", 100,
                   "SELECT * FROM t WHERE a = $ AND b IN ($, -$, $1)");
    check_redacted("select /* secret */ e'\\'x', $$y$$ -- secret", 100, "select $, $");
    check_redacted("select  \"A b\".x\n\t,y::int", 100, "select \"A b\".x ,y::int");
    check_redacted("select'a'as b,b'0'c", 100, "select $ as b,$ c");
    check_redacted("select 'a", 100, "select $");
    check_redacted("", 100, "");
}

/* With standard_conforming_strings off the string would go on behind the quote. */
static void nothing_is_shown_behind_a_string_that_may_end_elsewhere(void **state)
{
    (void)state;
    check_redacted("select 'a\\' || password || 'b', c", 100, "select $...");
    check_redacted("select e'a\\'b', c", 100, "select $, c");
}

static void a_long_text_is_cut_between_tokens(void **state)
{
    (void)state;
    check_redacted("select aaaa, bbbb", 20, "select aaaa, bbbb");
    check_redacted("select aaaa, bbbb", 17, "select aaaa,...");
    check_redacted("select aaaa", 9, "select...");
    check_redacted("select aaaa", 3, "...");
    check_redacted("select aaaa", 2, "");
    check_redacted("\xc3\xa4\xc3\xa4\xc3\xa4", 6, "...");
}

/* Whatever is made of these pieces, none of the secrets in the literals and comments comes through. */
static void no_literal_survives(void **state)
{
    static const char *const pieces[] = {
        /* Behind a name a dollar sign or a digit would be part of it. */
        " $$QZ$$", " $t$QZ$t$", " 77",   " 7.7",   " 7e7",   " .77",   " 0x77", "'QZ'", "e'Q\\'Z'", "b'QZ'",
        "x'QZ'",   "u&'QZ'",    "n'QZ'", "'Q''Z'", "/*QZ*/", "--QZ\n", " ",     "\n",   "a",        "\"b\"",
        ",",       "+",         "-",     "(",      ")",      "::",     "=",     " $1",  "select",   "u&\"c\"",
    };
    const size_t n_pieces = sizeof(pieces) / sizeof(pieces[0]);
    uint64_t seed = 20261121;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct dg_text text;
        struct dg_text out;

        dg_text_init(&text, 4096);
        dg_text_init(&out, 4096);
        for (int i = 0; i < 8; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            dg_text_cstr(&text, pieces[(seed >> 33) % n_pieces]);
        }
        dg_sql_redact(dg_text_view(&text), 4000, &out);
        if (strpbrk(dg_text_get(&out), "QZ7") != NULL)
            fail_msg("%s\n   gave %s", dg_text_get(&text), dg_text_get(&out));
        dg_text_fini(&text);
        dg_text_fini(&out);
    }
}

/* ---- PostgreSQL's own scanner ------------------------------------------------------------------------------------ */

/* pg_query_scan answers in protobuf. The little that is needed of it is read here: message ScanResult has its tokens in
   field 2; ScanToken has start, end, token and keyword_kind in fields 1, 2, 4 and 5, all varints. */
struct scan_token {
    uint32_t start;
    uint32_t end;
    uint32_t token;
    uint32_t keyword_kind;
};

struct scan_reader {
    const uint8_t *at;
    const uint8_t *end;
};

enum { /* of pg_query.proto */
       SCAN_IDENT = 258,
       SCAN_UIDENT,
       SCAN_FCONST,
       SCAN_SCONST,
       SCAN_USCONST,
       SCAN_BCONST,
       SCAN_XCONST,
       SCAN_OP,
       SCAN_ICONST,
       SCAN_PARAM,
       SCAN_TYPECAST,
       SCAN_DOT_DOT,
       SCAN_COLON_EQUALS,
       SCAN_EQUALS_GREATER,
       SCAN_SQL_COMMENT = 275,
       SCAN_C_COMMENT = 276
};

static uint32_t read_varint(struct scan_reader *reader)
{
    uint64_t value = 0;

    for (unsigned shift = 0; reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return (uint32_t)value;
}

static struct scan_token read_scan_token(struct scan_reader token)
{
    uint32_t fields[8] = {0};

    while (token.at < token.end) {
        uint32_t tag = read_varint(&token);

        assert_int_equal(tag & 7, 0);
        fields[(tag >> 3) & 7] = read_varint(&token);
    }
    return (struct scan_token){fields[1], fields[2], fields[4], fields[5]};
}

/* The next token of theirs that is no comment; false at the end. */
static bool next_scan_token(struct scan_reader *reader, struct scan_token *token)
{
    while (reader->at < reader->end) {
        uint32_t tag = read_varint(reader);
        uint32_t value = read_varint(reader);
        struct scan_reader inner = {reader->at, reader->at + value};

        if (tag >> 3 != 2)
            continue; /* the version, a varint */
        reader->at += value;
        *token = read_scan_token(inner);
        if (token->token != SCAN_SQL_COMMENT && token->token != SCAN_C_COMMENT)
            return true;
    }
    return false;
}

static enum dg_token_kind kind_of_scan_token(struct scan_token token)
{
    switch (token.token) {
    case SCAN_IDENT:
    case SCAN_UIDENT:
        return DG_TOKEN_IDENTIFIER;
    case SCAN_SCONST:
    case SCAN_USCONST:
        return DG_TOKEN_STRING;
    case SCAN_BCONST:
    case SCAN_XCONST:
        return DG_TOKEN_BITS;
    case SCAN_ICONST:
        return DG_TOKEN_INTEGER;
    case SCAN_FCONST:
        return DG_TOKEN_NUMBER;
    case SCAN_PARAM:
        return DG_TOKEN_PARAMETER;
    case SCAN_TYPECAST:
    case SCAN_DOT_DOT:
    case SCAN_COLON_EQUALS:
    case SCAN_EQUALS_GREATER:
        return DG_TOKEN_PUNCTUATION;
    default:
        return token.keyword_kind == 0 ? DG_TOKEN_OPERATOR : DG_TOKEN_IDENTIFIER;
    }
}

static bool is_same_token(struct dg_str text, struct scan_token theirs, struct dg_token ours)
{
    enum dg_token_kind kind = kind_of_scan_token(theirs);

    bool has_end = theirs.token != SCAN_UIDENT && theirs.token != SCAN_USCONST; /* of those the library loses it */

    if (ours.start != theirs.start || (has_end && ours.start + ours.len != theirs.end))
        return false;
    /* There a byte that begins nothing is a token of its own. */
    if (ours.kind == DG_TOKEN_INVALID)
        return ours.len == 1 && theirs.token < 256;
    /* An integer too big for int4 is theirs as a numeric; single bytes have tokens of their own there. */
    if (ours.kind == DG_TOKEN_INTEGER && kind == DG_TOKEN_NUMBER)
        return strspn(text.data + ours.start, "0123456789") >= ours.len;
    if (ours.kind == DG_TOKEN_PUNCTUATION && kind == DG_TOKEN_OPERATOR)
        return ours.len == 1;
    return ours.kind == kind;
}

/* N'' is two tokens there: the keyword NCHAR, and a string. */
static bool is_national_prefix(struct dg_str text, struct scan_token token)
{
    return token.end - token.start == 1 && token.keyword_kind != 0 && token.end < text.len &&
           text.data[token.end] == '\'';
}

/* False when the scanner does not take the text. */
static bool compare_with_scanner(const char *name, struct dg_str text)
{
    PgQueryScanResult result = pg_query_scan(text.data);
    struct scan_reader reader;
    struct scan_token theirs;
    struct dg_token ours;
    struct dg_lexer lexer;

    if (result.error != NULL) {
        pg_query_free_scan_result(result);
        return false;
    }
    reader =
        (struct scan_reader){(const uint8_t *)result.pbuf.data, (const uint8_t *)result.pbuf.data + result.pbuf.len};
    dg_lexer_init(&lexer, text);
    while (next_scan_token(&reader, &theirs)) {
        uint32_t start = theirs.start;

        if (is_national_prefix(text, theirs) && next_scan_token(&reader, &theirs))
            theirs.start = start;
        ours = dg_lexer_next(&lexer);
        if (!is_same_token(text, theirs, ours))
            fail_msg("%s: %s:%.*s, not token %u from %u to %u", name, kind_word(ours.kind), (int)ours.len,
                     text.data + ours.start, theirs.token, theirs.start, theirs.end);
    }
    assert_int_equal(dg_lexer_next(&lexer).kind, DG_TOKEN_END);
    pg_query_free_scan_result(result);
    return true;
}

/* The file up to each line's end that closes a statement, so that an error in one does not hide the others. */
static size_t compare_file(const char *folder, const char *name)
{
    size_t n_compared = 0;
    struct dg_text file;
    char path[4096];
    char *line;
    char *start;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    dg_text_init(&file, 16 << 20);
    assert_int_equal(dg_file_read(path, &file, NULL), DG_OK);
    if (file.data == NULL)
        return 0;
    start = file.data;
    for (line = strstr(start, ";\n"); line != NULL; line = strstr(start, ";\n")) {
        line[1] = '\0';
        n_compared += compare_with_scanner(name, dg_str_of(start)) ? 1 : 0;
        start = line + 2;
    }
    dg_text_fini(&file);
    return n_compared;
}

static void the_regression_tests_lex_as_postgres_lexes_them(void **state)
{
    const char *folder = getenv("DG_PG_REGRESS");
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    size_t n_compared = 0;
    struct dirent *entry;

    (void)state;
    if (dir == NULL) {
        print_message("DG_PG_REGRESS names no folder of .sql files: not compared with PostgreSQL's scanner\n");
        skip();
    }
    while ((entry = readdir(dir)) != NULL)
        if (strstr(entry->d_name, ".sql") != NULL)
            n_compared += compare_file(folder, entry->d_name);
    closedir(dir);
    print_message("%zu texts lexed as by PostgreSQL's scanner\n", n_compared);
    assert_true(n_compared > 1000);
}

/* The table above, too, as far as the linked scanner takes it. It does not continue a string over a comment, which the
   server (15.20, asked) does. */
static void the_table_of_tokens_is_true(void **state)
{
    size_t n_compared = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(token_cases) / sizeof(token_cases[0]); i++)
        if (strstr(token_cases[i].text, "-- c\n") == NULL)
            n_compared += compare_with_scanner("case", dg_str_of(token_cases[i].text)) ? 1 : 0;
    assert_true(n_compared > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_those_of_postgres),
        cmocka_unit_test(the_table_of_tokens_is_true),
        cmocka_unit_test(a_nul_byte_is_a_token_that_begins_nothing),
        cmocka_unit_test(counting_stops_just_above_the_limit),
        cmocka_unit_test(a_megabyte_of_one_byte_is_lexed_in_one_pass),
        cmocka_unit_test(literals_and_comments_are_not_shown),
        cmocka_unit_test(nothing_is_shown_behind_a_string_that_may_end_elsewhere),
        cmocka_unit_test(a_long_text_is_cut_between_tokens),
        cmocka_unit_test(no_literal_survives),
        cmocka_unit_test(the_regression_tests_lex_as_postgres_lexes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
