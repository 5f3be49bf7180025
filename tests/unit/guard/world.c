/*
 * The fixture of test_guard*.c.
 */
#include "world.h"

#include "unit.h"

const struct server_error no_user_email = {.sqlstate = "42703",
                                           .message = "column \"user_email\" does not exist",
                                           .position = "8",
                                           .routine = "errorMissingColumn"};

void world_configure(struct world *world, const char *settings)
{
    char bytes[256];
    const char *items[8];
    size_t n = 0;
    snprintf(bytes, sizeof(bytes), "%s", settings);
    for (char *at = bytes; *at != '\0';) {
        items[n++] = at;
        at += strcspn(at, " ");
        if (*at == ' ')
            *at++ = '\0';
    }
    struct dg_config_sources sources = {.settings = items, .n_settings = n};
    struct dg_config *config = NULL;
    struct dg_error error = {0};
    if (dg_config_load(&sources, &config, &error) != DG_OK)
        fail_msg("%s", error.text);
    dg_published_set(&world->config, &config->shared);
}

void world_init(struct world *world, const char *settings)
{
    *world = (struct world){0};
    fake_store_init(&world->store);
    world->metrics = dg_metrics_new();
    world->shard = dg_metrics_shard_new(world->metrics);
    world->mailbox = dg_mailbox_new();
    dg_published_init(&world->config);
    world_configure(world, settings);
    world->shared = dg_guard_shared_new(&world->config, &world->store, world->metrics, NULL);
    world->guard = dg_guard_new(world->shared, world->shard, world->mailbox);
    assert_non_null(world->guard);
    struct shop shop = shop_before();
    fake_store_publish(&world->store, &shop);
}

void world_fini(struct world *world)
{
    dg_guard_free(world->guard);
    /* As a store that is freed: what is still asked for comes back. */
    fake_store_answer(&world->store, DG_TIMEOUT);
    dg_mailbox_deliver(world->mailbox, NULL);
    dg_guard_shared_free(world->shared);
    dg_mailbox_free(world->mailbox);
    dg_metrics_free(world->metrics);
    dg_published_fini(&world->config);
    fake_store_fini(&world->store);
}

static void on_resume(void *context)
{
    ((struct world *)context)->n_resumes++;
}

static bool is_silent(void *context)
{
    return !((struct world *)context)->has_server_spoken;
}

struct dg_guard_session *world_session(struct world *world)
{
    struct dg_guard_client client = {
        .database = "shop", .user = "app", .application_name = "web", .server = WORLD_SERVER("127.0.0.1:5432")};
    const struct dg_guard_host host = {.resume = on_resume, .is_silent = is_silent, .context = world};
    struct dg_guard_session *session = dg_guard_session_new(world->guard, &client, &host);
    assert_non_null(session);
    dg_guard_session_parameter(session, DG_STR("client_encoding"), DG_STR("UTF8"));
    dg_guard_session_parameter(session, DG_STR("server_encoding"), DG_STR("UTF8"));
    dg_guard_session_parameter(session, DG_STR("standard_conforming_strings"), DG_STR("on"));
    return session;
}

void world_answer(struct world *world, enum dg_status status)
{
    fake_store_answer(&world->store, status);
    dg_mailbox_deliver(world->mailbox, NULL);
}

struct dg_ticket *query(struct dg_guard_session *session, const char *text)
{
    struct dg_decision decision;
    dg_guard_query(session, dg_str_of(text), true, &decision);
    assert_int_equal(decision.action, DG_ACTION_FORWARD);
    return decision.ticket;
}

void run_query(struct dg_guard_session *session, const char *text, const char *tag, char status)
{
    struct dg_ticket *ticket = query(session, text);
    dg_guard_completed(session, ticket, DG_STAGE_QUERY, dg_str_of(tag));
    dg_guard_ready(session, status);
    dg_ticket_unref(ticket);
}

struct dg_ticket *parse(struct dg_guard_session *session, const char *name, const char *text)
{
    struct dg_decision decision;
    dg_guard_parse(session, dg_str_of(name), dg_str_of(text), NULL, 0, false, &decision);
    assert_int_equal(decision.action, DG_ACTION_FORWARD);
    return decision.ticket;
}

static size_t add_field(char *out, size_t at, char type, const char *value)
{
    if (value == NULL)
        return at;
    size_t len = strlen(value) + 1;
    out[at] = type;
    memcpy(out + at + 1, value, len);
    return at + 1 + len;
}

struct dg_str error_body(const struct server_error *error)
{
    static char body[512];
    size_t len = add_field(body, 0, 'S', "ERROR");
    len = add_field(body, len, 'V', "ERROR");
    len = add_field(body, len, 'C', error->sqlstate);
    len = add_field(body, len, 'M', error->message);
    len = add_field(body, len, 'W', error->where);
    len = add_field(body, len, 'c', error->column);
    len = add_field(body, len, 'P', error->position);
    len = add_field(body, len, 'R', error->routine);
    body[len++] = '\0';
    return (struct dg_str){body, len};
}

void raise_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                 const struct server_error *error, struct dg_reaction *reaction)
{
    struct dg_reaction mine;
    dg_guard_error(session, ticket, stage, error_body(error), reaction == NULL ? &mine : reaction);
    if (reaction == NULL)
        dg_guard_ready(session, 'I');
}

void rename_column(struct world *world)
{
    struct shop shop = shop_before();
    shop.lead_email = "contact_email";
    shop.read_at_us = SHOP_AFTER_US;
    fake_store_publish(&world->store, &shop);
}

bool is_filed_as_renamed(const struct world *world)
{
    const char *labels[] = {"shop", "main", "127.0.0.1:5432", "public.leads", "user_email", "column_renamed"};
    return dg_metrics_get(world->metrics, DG_FAMILY_DRIFT, labels) == 1;
}

uint64_t cell(const struct world *world, enum dg_metric_cell which)
{
    return dg_metrics_cell(world->metrics, which);
}

double predictions(const struct world *world, const char *outcome, const char *reason)
{
    static const char *const sqlstates[] = {"",      "42703", "42P01", "42702", "42883", "42704",
                                            "3F000", "22P02", "428C9", "42P10", "23502"};
    double n = 0;
    for (size_t i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++) {
        const char *labels[] = {"shop", "main", outcome, reason, sqlstates[i]};
        n += dg_metrics_get(world->metrics, DG_FAMILY_PREDICTIONS, labels);
    }
    return n;
}

bool foresees(struct world *world, struct dg_guard_session *session, const char *text)
{
    uint64_t before = cell(world, DG_CELL_STATEMENTS_FINDING);
    struct dg_ticket *ticket = query(session, text);
    bool is_foreseen = cell(world, DG_CELL_STATEMENTS_FINDING) > before;
    /* Cancelled: no outcome for the prediction. */
    raise_error(session, ticket, DG_STAGE_QUERY, &(struct server_error){.sqlstate = "57014"}, NULL);
    dg_ticket_unref(ticket);
    return is_foreseen;
}
