/*
 * Writing statements by pattern; see hostile.h.
 */
#include "bench/micro/hostile.h"

#include "sql/weight.h"

struct writer {
    struct dg_text *out;
    size_t counts[2];
};

/* The brace that closes the one before `at`. */
static const char *closing(const char *at)
{
    int depth = 1;
    for (; *at != '\0'; at++) {
        depth += *at == '{';
        depth -= *at == '}';
        if (depth == 0)
            break;
    }
    return at;
}

static void write_part(struct writer *writer, const char *at, const char *end, size_t i);

static const char *write_repeated(struct writer *writer, const char *at)
{
    const char *end = closing(at);
    size_t n = writer->counts[*at == '2'];
    at++;
    if (*at == ' ')
        at++;
    for (size_t i = 1; i <= n && !writer->out->failed; i++)
        write_part(writer, at, end, i);
    return *end == '\0' ? end : end + 1;
}

static void write_part(struct writer *writer, const char *at, const char *end, size_t i)
{
    while (at < end && !writer->out->failed) {
        char c = *at++;
        if (c == '{')
            at = write_repeated(writer, at);
        else if (c == '#')
            dg_text_printf(writer->out, "%zu", i);
        else if (c == '@')
            dg_text_printf(writer->out, "%zu", 1 + (i - 1) % 1600);
        else if (c == '&')
            dg_text_printf(writer->out, "%zu", 1 + (i - 1) % 20);
        else
            dg_text_char(writer->out, c);
    }
}

void hostile_write(struct dg_text *out, const char *pattern, size_t n, size_t m)
{
    struct writer writer = {out, {n, m}};
    dg_text_reset(out);
    write_part(&writer, pattern, pattern + strlen(pattern), 1);
}

static bool fits(struct dg_text *out, const char *pattern, size_t n, double ratio, size_t max_tokens, size_t max_bytes)
{
    double m = (double)n * ratio;
    hostile_write(out, pattern, n, m < 1 ? 1 : (size_t)m);
    return !out->failed && out->len <= max_bytes && dg_sql_weigh_tokens(dg_text_view(out), max_tokens) <= max_tokens;
}

size_t hostile_largest(struct dg_text *out, const char *pattern, double ratio, size_t max_tokens, size_t max_bytes)
{
    size_t low = 0;
    size_t high = max_bytes + 1;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        /* From below: most forms end at a few thousand. */
        if (low * 2 + 1 < middle)
            middle = low * 2 + 1;
        if (fits(out, pattern, middle, ratio, max_tokens, max_bytes))
            low = middle;
        else
            high = middle;
    }
    double m = (double)low * ratio;
    hostile_write(out, pattern, low, m < 1 ? 1 : (size_t)m);
    return low;
}
