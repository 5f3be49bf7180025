#include "vary.h"

#include <inttypes.h>

#include "sql/lexer.h"

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t mixed = (*state ^ (*state >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

/* int4, int8 or what is too large for both: as many digits as the ranges have in common with the literal. */
static void vary_integer(struct dg_str token, uint64_t random, struct dg_text *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] < '0' || token.data[i] > '9' || value > UINT64_MAX / 10 - 10) {
            dg_text_append(out, token); /* not plain, or larger than anything */
            return;
        }
        value = value * 10 + (uint64_t)(token.data[i] - '0');
    }
    if (value <= INT32_MAX)
        dg_text_printf(out, "%" PRIu64, random % 3 == 0 ? random % 3 : random % INT32_MAX);
    else if (value > (uint64_t)INT32_MAX + 1 && value <= INT64_MAX)
        dg_text_printf(out, "%" PRIu64, (uint64_t)INT32_MAX + 2 + random % ((uint64_t)INT32_MAX * 1000));
    else
        dg_text_append(out, token);
}

static void vary_number(uint64_t random, struct dg_text *out)
{
    static const char *const numbers[] = {"1.",  ".5", "1e9", "1.25E-3", "0.0", "314.15926535897932384626433832795",
                                          "7e+2"};
    dg_text_cstr(out, numbers[random % (sizeof(numbers) / sizeof(numbers[0]))]);
}

static void vary_string(struct dg_str token, uint64_t random, struct dg_text *out)
{
    static const char *const strings[] = {"''",          "'x'",         "'it''s'",         "'a' \n 'c'",
                                          "$$d'e$$",     "$q$ $$ $q$",  "E'f''g'",         "'\\'",
                                          "'SELECT 1;'", "'{\"a\":1}'", "'/* no comment'", "'2020-01-01'"};
    char first = token.data[0];
    if (first != '\'' && first != '$' && first != 'e' && first != 'E')
        dg_text_append(out, token); /* U&, N */
    else
        dg_text_cstr(out, strings[random % (sizeof(strings) / sizeof(strings[0]))]);
}

static void vary_bits(struct dg_str token, uint64_t random, struct dg_text *out)
{
    static const char *const bits[] = {"''", "'1'", "'0101'", "'11111111'"};
    dg_text_char(out, token.data[0]);
    dg_text_cstr(out, bits[random % (sizeof(bits) / sizeof(bits[0]))]);
}

static void vary_token(struct dg_token token, struct dg_str bytes, uint64_t random, struct dg_text *out)
{
    bool is_number = token.kind == DG_TOKEN_INTEGER || token.kind == DG_TOKEN_NUMBER;
    if (!is_number && token.kind != DG_TOKEN_STRING && token.kind != DG_TOKEN_BITS) {
        dg_text_append(out, bytes);
        return;
    }
    /* A blank on both sides: nothing is glued to what stands there. */
    dg_text_char(out, ' ');
    if (token.kind == DG_TOKEN_INTEGER)
        vary_integer(bytes, random, out);
    else if (token.kind == DG_TOKEN_NUMBER)
        vary_number(random, out);
    else if (token.kind == DG_TOKEN_STRING)
        vary_string(bytes, random, out);
    else
        vary_bits(bytes, random, out);
    dg_text_char(out, ' ');
}

void vary_literals(struct dg_str text, uint64_t seed, struct dg_text *out)
{
    struct dg_lexer lexer;
    size_t end = 0;
    dg_lexer_init(&lexer, text);
    for (;;) {
        struct dg_token token = dg_lexer_next(&lexer);
        uint64_t random = next_random(&seed);
        dg_text_append(out, (struct dg_str){text.data + end, token.start - end});
        if (token.start > end && random % 5 == 0)
            dg_text_cstr(out, "/* k='v' */");
        if (token.kind == DG_TOKEN_END)
            return;
        vary_token(token, (struct dg_str){text.data + token.start, token.len}, random >> 8, out);
        end = (size_t)token.start + token.len;
    }
}
