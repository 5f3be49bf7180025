/*
 * SQL-level PREPARE and EXECUTE. They share their names with the statements of Parse messages, both ways: the server keeps
 * one list, which no transaction takes back.
 *
 * PREPARE puts what stands behind its AS under its name, as a text in which blanks take the place of all before it: so it
 * is judged like any other text, and the server's positions, which count in the PREPARE's message, fit it.
 *
 * EXECUTE has no names of its own to judge: when it is sent, the ticket gets a reference to the one that its name stands
 * for (`executed`), judged under the snapshot of that moment, and what the server answers counts for that. Should the name
 * stand for another when the answer comes, nothing is said of either.
 */
#include <stdlib.h>
#include <strings.h>

#include "guard/state.h"
#include "sql/lexer.h"

/* ---- PREPARE ----------------------------------------------------------------------------------------------------- */

/* Where the statement behind AS begins: the first word as, which names and types can only hold in quotes. */
static size_t find_inner(struct dg_str text, size_t location)
{
    struct dg_lexer lexer;
    dg_lexer_init(&lexer, text);
    lexer.position = location;
    for (;;) {
        struct dg_token token = dg_lexer_next(&lexer);
        if (token.kind == DG_TOKEN_END || token.kind == DG_TOKEN_INVALID)
            return text.len;
        if (token.kind == DG_TOKEN_IDENTIFIER && token.len == 2 && strncasecmp(text.data + token.start, "as", 2) == 0)
            return (size_t)token.start + token.len;
    }
}

/* Of UTF-8 or ASCII, which all texts are that have a verdict. */
static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xC0U) != 0x80U;
}

/* A blank for each character. `out` has room for the text. */
static size_t blank_before(struct dg_str text, size_t begin, size_t end, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < begin; i++) {
        if (begins_character(text.data[i]))
            out[len++] = ' ';
    }
    memcpy(out + len, text.data + begin, end - begin);
    return len + (end - begin);
}

static struct dg_ticket *judge_inner(struct dg_guard_session *session, struct dg_str text,
                                     const struct dg_sql_statement *statement)
{
    size_t end = statement->len == 0 ? text.len : (size_t)statement->location + statement->len;
    size_t begin = find_inner(text, statement->location);
    char *inner = begin >= end || end > text.len ? NULL : malloc(text.len);
    if (inner == NULL)
        return NULL;
    size_t len = blank_before(text, begin, end, inner);
    struct dg_ticket *ticket = dg_judge_text(session, (struct dg_str){inner, len}, NULL, 0);
    free(inner);
    return ticket;
}

void dg_execute_prepare(struct dg_guard_session *session, const struct dg_ticket *ticket,
                        const struct dg_sql_statement *statement, struct dg_str name)
{
    struct dg_ticket *prepared = judge_inner(session, dg_ticket_text(ticket), statement);
    if (prepared == NULL) {
        dg_prepared_drop(session, name);
        return;
    }
    prepared->is_prepared = true;
    dg_prepared_put(session, name, prepared);
    dg_prepared_complete(session, prepared);
    dg_ticket_unref(prepared);
}

/* ---- EXECUTE ----------------------------------------------------------------------------------------------------- */

static const struct dg_sql_effect *find_execute(const struct dg_sql_statement *statement)
{
    for (size_t i = 0; i < statement->n_effects; i++) {
        if (statement->effects[i].kind == DG_EFFECT_EXECUTE && statement->effects[i].name != NULL)
            return &statement->effects[i];
    }
    return NULL;
}

/* It changes neither what relations mean nor what statements are prepared. */
static bool leaves_names(const struct dg_sql_statement *statement)
{
    for (size_t i = 0; i < statement->n_effects; i++) {
        enum dg_effect_kind kind = statement->effects[i].kind;
        if (kind != DG_EFFECT_BEGIN && kind != DG_EFFECT_SAVEPOINT && kind != DG_EFFECT_RELEASE)
            return false;
    }
    return true;
}

/* Behind a pooler the name may stand for another client's statement. An EXECUTE of an EXECUTE is not looked through. */
void dg_execute_attach(struct dg_guard_session *session, struct dg_ticket *ticket)
{
    if (ticket == NULL || ticket->verdict == NULL || !ticket->verdict->has_execute)
        return;
    dg_ticket_unref(ticket->executed);
    ticket->executed = NULL;
    const struct dg_sql_analysis *analysis = &ticket->verdict->analysis;
    size_t i = 0;
    while (i < analysis->n_statements && leaves_names(&analysis->statements[i]))
        i++;
    const struct dg_sql_effect *execute = i < analysis->n_statements ? find_execute(&analysis->statements[i]) : NULL;
    if (execute == NULL || !dg_session_is_direct(session))
        return;
    struct dg_ticket *meant = dg_prepared_find(session, dg_str_of(execute->name));
    if (dg_ticket_statement(meant, DG_STAGE_EXECUTE) == NULL || meant->verdict->has_execute)
        return;
    ticket->executed = dg_ticket_ref(meant);
    ticket->executed_at = (uint32_t)i;
}

/* True if the error's position is that of a name between the EXECUTE's own parentheses: an argument may be any value, but
   a column it never can be. */
static bool is_of_arguments(const struct dg_ticket *ticket, const struct dg_sql_statement *statement,
                            const struct dg_error_fields *fields)
{
    struct dg_str text = dg_ticket_text(ticket);
    uint32_t position = dg_outcome_position(fields);
    uint32_t n_characters = 1;
    size_t at = 0;
    bool is_inside = false;
    struct dg_lexer lexer;
    dg_lexer_init(&lexer, text);
    lexer.position = statement->location;
    for (;;) {
        struct dg_token token = dg_lexer_next(&lexer);
        if (token.kind == DG_TOKEN_END || token.kind == DG_TOKEN_INVALID)
            return false;
        for (; at < token.start; at++)
            n_characters += begins_character(text.data[at]);
        if (is_inside && token.kind == DG_TOKEN_IDENTIFIER && n_characters == position)
            return true;
        is_inside |= token.kind == DG_TOKEN_PUNCTUATION && text.data[token.start] == '(';
    }
}

struct dg_meaning dg_execute_meaning(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                                     const struct dg_error_fields *fields)
{
    const struct dg_sql_statement *sent = dg_ticket_statement(ticket, stage);
    struct dg_meaning own = {ticket, sent};
    if (sent == NULL || ticket->executed == NULL || stage == DG_STAGE_PARSE || stage == DG_STAGE_BIND ||
        sent != &ticket->verdict->analysis.statements[ticket->executed_at])
        return own;
    if (dg_map_find(&session->statements, dg_str_of(find_execute(sent)->name)) != ticket->executed)
        return own;
    struct dg_meaning inner = {ticket->executed, dg_ticket_statement(ticket->executed, DG_STAGE_EXECUTE)};
    if (fields != NULL && dg_outcome_match(inner.statement, fields) == NULL && is_of_arguments(ticket, sent, fields))
        return own;
    return inner;
}
