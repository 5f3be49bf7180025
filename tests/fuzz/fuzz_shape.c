/*
 * Shapes over any bytes: what has the shape of the text, once other literals and comments are put in, parses to the same
 * tree but for the values of literals. The first byte is the seed of those.
 */
#include "fuzz.h"
#include "sql/shape.h"
#include "tests/unit/sql/same_tree.h"
#include "tests/unit/sql/vary.h"

#define MAX_TOKENS 1000
#define MAX_SHAPE 8192
#define N_VARIATIONS 4

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_variation(struct dg_str text, struct dg_str shape, uint64_t seed)
{
    char other[MAX_SHAPE];
    struct dg_text varied;
    dg_text_init(&varied, (size_t)1 << 20);
    vary_literals(text, seed, &varied);
    size_t len = dg_sql_shape(dg_text_view(&varied), MAX_TOKENS, other, sizeof(other));
    /* Not the same where the literal is kept. */
    if (!varied.failed && dg_str_equal((struct dg_str){other, len}, shape))
        check(same_tree(text, dg_text_view(&varied)));
    dg_text_fini(&varied);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char shape[MAX_SHAPE];
    if (size < 2 || memchr(data, 0, size) != NULL)
        return 0;
    struct dg_str text = {(const char *)data + 1, size - 1};
    size_t len = dg_sql_shape(text, MAX_TOKENS, shape, sizeof(shape));
    check(len <= sizeof(shape));
    for (uint64_t i = 0; len > 0 && i < N_VARIATIONS; i++)
        check_variation(text, (struct dg_str){shape, len}, data[0] * (uint64_t)N_VARIATIONS + i);
    return 0;
}
