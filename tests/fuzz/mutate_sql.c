/*
 * Changes that keep a statement a statement more often than those of bytes do: names for names, a bracket group in
 * another's place, clauses from a list. libFuzzer calls it; about every second time it leaves the change to libFuzzer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "rich.h"
#include "sql/lexer.h"

#define MAX_TOKENS 512

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned int seed);

struct tokens {
    struct dg_str text;
    struct dg_token tokens[MAX_TOKENS];
    size_t n;
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void lex(struct dg_str text, struct tokens *out)
{
    struct dg_lexer lexer;
    dg_lexer_init(&lexer, text);
    out->text = text;
    for (out->n = 0; out->n < MAX_TOKENS; out->n++) {
        out->tokens[out->n] = dg_lexer_next(&lexer);
        if (out->tokens[out->n].kind == DG_TOKEN_END)
            break;
    }
}

/* From the i-th token to the end of what it opens: itself, unless it is a bracket. */
static size_t end_of_group(const struct tokens *tokens, size_t i)
{
    int depth = 0;
    for (size_t k = i; k < tokens->n; k++) {
        char c = tokens->text.data[tokens->tokens[k].start];
        depth += c == '(' || c == '[';
        depth -= c == ')' || c == ']';
        if (depth <= 0)
            return k + 1;
    }
    return tokens->n;
}

static struct dg_str slice(const struct tokens *tokens, size_t from, size_t to)
{
    if (from >= to)
        return DG_STR("");
    size_t start = tokens->tokens[from].start;
    return (struct dg_str){tokens->text.data + start,
                           tokens->tokens[to - 1].start + tokens->tokens[to - 1].len - start};
}

/* The bytes [from, to) of the tokens' text give way to `with`. */
static size_t splice(const struct tokens *tokens, size_t from, size_t to, struct dg_str with, uint8_t *out,
                     size_t max_size)
{
    struct dg_text text;
    size_t size = 0;
    dg_text_init(&text, max_size + 1);
    dg_text_append(&text, slice(tokens, 0, from));
    dg_text_char(&text, ' ');
    dg_text_append(&text, with);
    dg_text_char(&text, ' ');
    dg_text_append(&text, slice(tokens, to, tokens->n));
    if (!text.failed && text.len <= max_size) {
        size = text.len;
        memcpy(out, text.data, size);
    }
    dg_text_fini(&text);
    return size;
}

static struct dg_str random_piece(uint64_t *random)
{
    static const char *const pieces[] = {"(SELECT 1)",
                                         "(SELECT id FROM leads)",
                                         "SELECT",
                                         "*",
                                         "o.*",
                                         "(l).price.amount",
                                         "WHERE id = 1",
                                         "FROM orders o",
                                         "FROM leads l JOIN orders o USING (id)",
                                         "NATURAL JOIN leads",
                                         "LEFT JOIN leads l ON true",
                                         "CROSS JOIN LATERAL (SELECT o.id) x",
                                         "ORDER BY id",
                                         "GROUP BY id",
                                         "HAVING true",
                                         "LIMIT 1",
                                         "DISTINCT",
                                         "UNION ALL SELECT 1",
                                         "WITH x AS (SELECT * FROM orders)",
                                         "WITH RECURSIVE x(id) AS (SELECT 1 UNION SELECT id FROM x)",
                                         "'happy'",
                                         "'nope'",
                                         "1",
                                         "2147483648",
                                         "1.5",
                                         "NULL",
                                         "DEFAULT",
                                         "$1",
                                         "true",
                                         "::mood",
                                         "::int4",
                                         "::nope",
                                         "IN (1, 2)",
                                         "BETWEEN 1 AND 2",
                                         "= 'x'",
                                         "IS NULL",
                                         "AND id = 1",
                                         "count(*) OVER (PARTITION BY id)",
                                         "INSERT INTO orders VALUES (1)",
                                         "INSERT INTO moods (id, m) VALUES (1, 'x')",
                                         "ON CONFLICT (id) DO NOTHING",
                                         "ON CONFLICT (id) DO UPDATE SET total = excluded.total",
                                         "RETURNING *",
                                         "UPDATE orders SET total = 1",
                                         "DELETE FROM leads USING orders",
                                         "SET (total, lead_id) = (SELECT 1, 2)",
                                         "FOR UPDATE OF o",
                                         "MERGE INTO leads l USING orders o ON true WHEN MATCHED THEN DELETE",
                                         "WHEN NOT MATCHED THEN INSERT VALUES (1)",
                                         "VALUES (1, 2), (3, 4)",
                                         "AS x(y)",
                                         "ROWS FROM (series(1), rows_of())",
                                         "WITH ORDINALITY",
                                         "CASE WHEN true THEN 1 END",
                                         "ARRAY[1, 2]",
                                         "ROW(1, 2)",
                                         "[1]",
                                         ".id",
                                         "public.",
                                         "OVERRIDING SYSTEM VALUE",
                                         "a => 1",
                                         "VARIADIC",
                                         "EXPLAIN",
                                         "PREPARE p AS",
                                         ";",
                                         ",",
                                         "(",
                                         ")"};
    return dg_str_of(pieces[next_random(random) % (sizeof(pieces) / sizeof(pieces[0]))]);
}

static size_t change(struct tokens *tokens, uint64_t *random, uint8_t *out, size_t max_size)
{
    size_t at = next_random(random) % tokens->n;
    size_t other = next_random(random) % tokens->n;
    switch (next_random(random) % 6) {
    case 0: /* a name for a name */
        for (size_t i = 0; i < tokens->n && tokens->tokens[at].kind != DG_TOKEN_IDENTIFIER; i++)
            at = (at + 1) % tokens->n;
        return splice(tokens, at, at + 1, dg_str_of(rich_names[next_random(random) % n_rich_names]), out, max_size);
    case 1: /* a group in another's place */
        return splice(tokens, at, end_of_group(tokens, at), slice(tokens, other, end_of_group(tokens, other)), out,
                      max_size);
    case 2: /* a group once more */
        return splice(tokens, at, at, slice(tokens, other, end_of_group(tokens, other)), out, max_size);
    case 3: /* a group less */
        return splice(tokens, at, end_of_group(tokens, at), DG_STR(""), out, max_size);
    case 4:
        return splice(tokens, at, end_of_group(tokens, at), random_piece(random), out, max_size);
    default:
        return splice(tokens, at, at, random_piece(random), out, max_size);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    static struct tokens tokens;
    uint64_t random = (uint64_t)seed * 2654435761U + 1;
    next_random(&random);
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return size;
    memcpy(copy, data, size);
    lex((struct dg_str){copy, size}, &tokens);
    size_t changed = 0;
    if (tokens.n > 0 && next_random(&random) % 4 != 0)
        changed = change(&tokens, &random, data, max_size);
    free(copy);
    return changed != 0 ? changed : LLVMFuzzerMutate(data, size, max_size);
}

/* A group of the one in the place of a group of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned int seed)
{
    static struct tokens first;
    static struct tokens second;
    uint64_t random = (uint64_t)seed * 2654435761U + 1;
    next_random(&random);
    lex((struct dg_str){(const char *)a, a_size}, &first);
    lex((struct dg_str){(const char *)b, b_size}, &second);
    if (first.n == 0 || second.n == 0)
        return 0;
    size_t at = next_random(&random) % first.n;
    size_t from = next_random(&random) % second.n;
    return splice(&first, at, end_of_group(&first, at), slice(&second, from, end_of_group(&second, from)), out,
                  max_size);
}
