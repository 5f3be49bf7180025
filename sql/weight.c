/*
 * Tokens as often as the parser's tree repeats them.
 *
 * The tree's size goes with the number of tokens, but for one form: in UPDATE ... SET (a, b, c) = source each of the
 * columns carries the whole source, and the JSON writes it out each time. With n columns and n values that is n times n
 * (10,000 tokens: a tree of hundreds of megabytes); with an UPDATE inside the source, in a WITH of a sub-select, the
 * factors multiply, and twenty levels of two columns, 450 tokens, come to gigabytes. So each token of a source counts as
 * often as there are columns, and a long one (a literal) for more than one.
 *
 * A byte that JSON escapes costs the parser as much as a short token where it writes \u0001 (control characters, and < and
 * > in this parser), and half of that where it writes \n. So many of them count for a token, too.
 *
 * What is counted too high costs a verdict, what is counted too low costs the process its memory: where a column list
 * ends is decided on the safe side. A source ends where its SET list goes on or ends: a comma or the closing bracket of
 * its own level, WHERE, RETURNING, FROM (not that of IS DISTINCT FROM), the next UPDATE SET of a MERGE.
 */
#include "sql/weight.h"

#include <strings.h>

#include "sql/lexer.h"

/* Bracket groups deeper than this may be column lists of any length. */
#define MAX_BRACKETS 64
/* Each at least doubles the weight: more are beyond every limit. */
#define MAX_SOURCES 24
/* A repeated token of so many bytes counts for one more. */
#define BYTES_PER_TOKEN 64
/* What is escaped, in fortieths of a microsecond; and how much of it counts for one more. */
#define SHORT_ESCAPE 1
#define LONG_ESCAPE 3
#define ESCAPES_PER_TOKEN 48

struct bracket {
    size_t n_commas; /* met before it in the whole text */
    bool may_be_targets;
};

struct source {
    size_t depth;
    size_t factor; /* that of the sources around it included */
};

struct weigher {
    struct dg_str text;
    struct bracket brackets[MAX_BRACKETS];
    struct source sources[MAX_SOURCES];
    size_t n_sources;
    size_t depth;
    size_t n_commas;
    size_t n_targets; /* of the group that the token before closed; 0: it closed none that may be a column list */
    struct dg_token before;
    size_t limit;
    size_t weight;
};

static bool is_sign(const struct weigher *weigher, const struct dg_token *token, char sign)
{
    return token->len == 1 && weigher->text.data[token->start] == sign &&
           (token->kind == DG_TOKEN_PUNCTUATION || token->kind == DG_TOKEN_OPERATOR);
}

static bool is_word(const struct weigher *weigher, const struct dg_token *token, const char *word)
{
    return token->kind == DG_TOKEN_IDENTIFIER && token->len == strlen(word) &&
           strncasecmp(weigher->text.data + token->start, word, token->len) == 0;
}

static void open_bracket(struct weigher *weigher, bool is_round)
{
    bool is_behind_set = is_word(weigher, &weigher->before, "set") || is_sign(weigher, &weigher->before, ',');
    if (weigher->depth < MAX_BRACKETS)
        weigher->brackets[weigher->depth] = (struct bracket){weigher->n_commas, is_round && is_behind_set};
    weigher->depth++;
}

static void end_sources(struct weigher *weigher, size_t depth)
{
    while (weigher->n_sources > 0 && weigher->sources[weigher->n_sources - 1].depth >= depth)
        weigher->n_sources--;
}

/* Sets n_targets for the token behind it. */
static void close_bracket(struct weigher *weigher)
{
    if (weigher->depth == 0)
        return; /* a syntax error */
    weigher->depth--;
    struct bracket bracket = {0, true};
    if (weigher->depth < MAX_BRACKETS)
        bracket = weigher->brackets[weigher->depth];
    weigher->n_targets = bracket.may_be_targets ? weigher->n_commas - bracket.n_commas + 1 : 0;
}

static size_t factor_of(const struct weigher *weigher)
{
    return weigher->n_sources == 0 ? 1 : weigher->sources[weigher->n_sources - 1].factor;
}

static void begin_source(struct weigher *weigher, size_t n_targets)
{
    size_t factor = factor_of(weigher);
    if (n_targets <= 1)
        return;
    if (weigher->n_sources == MAX_SOURCES || factor > weigher->limit / n_targets) {
        weigher->weight = weigher->limit + 1;
        return;
    }
    weigher->sources[weigher->n_sources++] = (struct source){weigher->depth, factor * n_targets};
}

static bool ends_source(const struct weigher *weigher, const struct dg_token *token)
{
    if (token->len == 1 && strchr(",;)]", weigher->text.data[token->start]) != NULL)
        return true;
    if (token->kind != DG_TOKEN_IDENTIFIER)
        return false;
    if (is_word(weigher, token, "where") || is_word(weigher, token, "returning"))
        return true;
    if (is_word(weigher, token, "from"))
        return !is_word(weigher, &weigher->before, "distinct");
    return is_word(weigher, token, "set") && is_word(weigher, &weigher->before, "update");
}

static size_t cost_of_escapes(struct dg_str text)
{
    size_t cost = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r')
            cost += SHORT_ESCAPE;
        else if (c < ' ' || c == '<' || c == '>')
            cost += LONG_ESCAPE;
    }
    return cost;
}

static void add_weight(struct weigher *weigher, const struct dg_token *token)
{
    size_t factor = factor_of(weigher);
    struct dg_str text = {weigher->text.data + token->start, token->len};
    size_t weight = 1 + (factor == 1 ? 0 : token->len / BYTES_PER_TOKEN);
    if (token->len * LONG_ESCAPE >= ESCAPES_PER_TOKEN)
        weight += cost_of_escapes(text) / ESCAPES_PER_TOKEN;
    weight *= factor;
    weigher->weight = weight > weigher->limit - weigher->weight ? weigher->limit + 1 : weigher->weight + weight;
}

static void take(struct weigher *weigher, const struct dg_token *token)
{
    size_t n_targets = weigher->n_targets;
    weigher->n_targets = 0;
    if (weigher->n_sources > 0 && ends_source(weigher, token))
        end_sources(weigher, weigher->depth);
    add_weight(weigher, token);
    if (weigher->weight > weigher->limit)
        return;
    if (is_sign(weigher, token, '(') || is_sign(weigher, token, '['))
        open_bracket(weigher, is_sign(weigher, token, '('));
    else if (is_sign(weigher, token, ')') || is_sign(weigher, token, ']'))
        close_bracket(weigher);
    else if (is_sign(weigher, token, ','))
        weigher->n_commas++;
    else if (is_sign(weigher, token, '='))
        begin_source(weigher, n_targets);
    weigher->before = *token;
}

size_t dg_sql_weigh_tokens(struct dg_str text, size_t limit)
{
    struct weigher weigher = {.text = text, .limit = limit};
    struct dg_lexer lexer;
    dg_lexer_init(&lexer, text);
    while (weigher.weight <= limit) {
        struct dg_token token = dg_lexer_next(&lexer);
        if (token.kind == DG_TOKEN_END)
            break;
        take(&weigher, &token);
    }
    return weigher.weight;
}
