/*
 * The lexer over any bytes: tokens lie one behind the other inside the text, none is empty, the count agrees, and what is
 * shown to people stays within its limit.
 */
#include "fuzz.h"
#include "sql/lexer.h"

#define REDACTED_MAX 200

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dg_str text = {(const char *)data, size};
    struct dg_lexer lexer;
    struct dg_token token;
    struct dg_text out;
    size_t end = 0;
    size_t n = 0;

    dg_lexer_init(&lexer, text);
    for (token = dg_lexer_next(&lexer); token.kind != DG_TOKEN_END; token = dg_lexer_next(&lexer)) {
        check(token.start >= end && token.len > 0);
        end = (size_t)token.start + token.len;
        check(end <= size);
        n++;
    }
    check(dg_sql_count_tokens(text, size) == n);
    if (n > 0)
        check(dg_sql_count_tokens(text, n - 1) == n);
    dg_text_init(&out, 2 * REDACTED_MAX);
    dg_sql_redact(text, REDACTED_MAX, &out);
    check(!out.failed && out.len <= REDACTED_MAX);
    dg_text_fini(&out);
    return 0;
}
