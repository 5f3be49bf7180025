/*
 * A proxy with a puppet for a guard: what the guard decides is written into the statement as a comment, so a test can
 * have any decision at any moment. The rest is the real proxy/.
 *
 *   refuse        the guard answers a Query or Parse itself, if the session is idle
 *   hold MS       the statement is held for so long
 *   resume MS     it is held for a minute, and resumed after so long
 *   busy MS       the worker sleeps, with all its sessions
 *   explain       an error of the statement gets DETAIL and HINT
 *   late MS       an error of the statement is held for so long, then gets them
 *   linger MS     it is held for so long, and goes as it is
 *
 * Orders for all statements may stand in the variable DG_PUPPET_ORDERS.
 *
 * What the proxy tells the guard is written to standard output, a line each: "completed parse [select 1]".
 *
 *   puppet OPTION=VALUE...
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/proxy.h"
#include "proxy/tls_settings.h"

#define TEXT_BYTES 200

struct dg_guard {
    struct dg_mailbox *mailbox;
    atomic_uint n_alarms; /* threads that have not posted yet */
};

struct dg_ticket {
    unsigned n_refs;
    char text[TEXT_BYTES];
};

struct dg_guard_session {
    struct dg_guard *guard;
    struct dg_guard_host host;
    bool has_held; /* the next answer for the same message is no hold */
    bool unnamed_dead;
    unsigned n_waiting; /* of threads that are going to resume */
    bool is_free;
    struct dg_ticket *unnamed; /* the puppet knows one statement and one portal */
    struct dg_buffer error;
};

/* ---- tickets ----------------------------------------------------------------------------------------------------- */

struct dg_ticket *dg_ticket_ref(struct dg_ticket *ticket)
{
    if (ticket != NULL)
        ticket->n_refs++;
    return ticket;
}

void dg_ticket_unref(struct dg_ticket *ticket)
{
    if (ticket != NULL && --ticket->n_refs == 0)
        free(ticket);
}

static struct dg_ticket *ticket_of(struct dg_str text)
{
    struct dg_ticket *ticket = calloc(1, sizeof *ticket);
    if (ticket == NULL)
        abort();
    ticket->n_refs = 1;
    snprintf(ticket->text, sizeof ticket->text, "%.*s", (int)(text.len < 100 ? text.len : 100), text.data);
    return ticket;
}

/* The number behind a word in a statement, or in the orders for all; -1 if the word is not there. */
static int order_of(const char *text, const char *word)
{
    const char *orders = getenv("DG_PUPPET_ORDERS");
    const char *at = strstr(text, word);
    if (at == NULL && orders != NULL)
        at = strstr(orders, word);
    return at == NULL ? -1 : (int)strtol(at + strlen(word), NULL, 10);
}

static const char *text_of(const struct dg_ticket *ticket)
{
    return ticket == NULL ? "" : ticket->text;
}

/* ---- the guard --------------------------------------------------------------------------------------------------- */

struct dg_guard *dg_guard_new(struct dg_guard_shared *shared, struct dg_metrics_shard *shard,
                              struct dg_mailbox *mailbox)
{
    struct dg_guard *guard = calloc(1, sizeof *guard);
    (void)shared;
    (void)shard;
    if (guard != NULL)
        guard->mailbox = mailbox;
    return guard;
}

void dg_guard_free(struct dg_guard *guard)
{
    while (atomic_load(&guard->n_alarms) > 0)
        usleep(1000);
    free(guard);
}

struct dg_guard_session *dg_guard_session_new(struct dg_guard *guard, const struct dg_guard_client *client,
                                              const struct dg_guard_host *host)
{
    struct dg_guard_session *session = calloc(1, sizeof *session);
    printf("client %s %s [%s] [%s]\n", client->user, client->database, client->application_name,
           client->path_unknown          ? "?"
           : client->search_path == NULL ? ""
                                         : client->search_path);
    if (session == NULL)
        abort();
    session->guard = guard;
    session->host = *host;
    dg_buffer_init(&session->error, 1000);
    return session;
}

static void free_if_unused(struct dg_guard_session *session)
{
    if (session->is_free && session->n_waiting == 0)
        free(session);
}

void dg_guard_session_free(struct dg_guard_session *session)
{
    if (session == NULL)
        return;
    dg_ticket_unref(session->unnamed);
    dg_buffer_fini(&session->error);
    session->is_free = true;
    free_if_unused(session);
}

void dg_guard_session_parameter(struct dg_guard_session *session, struct dg_str name, struct dg_str value)
{
    (void)session;
    if (dg_str_is(name, "application_name"))
        printf("parameter application_name [%.*s]\n", (int)value.len, value.data);
}

/* ---- holds ------------------------------------------------------------------------------------------------------- */

struct alarm {
    struct dg_mail mail; /* first: a mail is its alarm */
    struct dg_guard_session *session;
    unsigned delay_ms;
};

static void ring(struct dg_mail *mail, void *reader)
{
    struct alarm *alarm = (struct alarm *)mail;
    (void)reader;
    alarm->session->n_waiting--;
    if (!alarm->session->is_free)
        alarm->session->host.resume(alarm->session->host.context);
    free_if_unused(alarm->session);
    free(alarm);
}

static void silence(struct dg_mail *mail)
{
    struct alarm *alarm = (struct alarm *)mail;
    alarm->session->n_waiting--;
    free_if_unused(alarm->session);
    free(alarm);
}

static void *sleep_and_ring(void *context)
{
    struct alarm *alarm = context;
    struct dg_guard *guard = alarm->session->guard;
    usleep(alarm->delay_ms * 1000);
    dg_mailbox_post(guard->mailbox, &alarm->mail); /* not ours any more */
    atomic_fetch_sub(&guard->n_alarms, 1);
    return NULL;
}

static void resume_after(struct dg_guard_session *session, unsigned delay_ms)
{
    pthread_t thread;
    struct alarm *alarm = calloc(1, sizeof *alarm);
    if (alarm == NULL)
        abort();
    *alarm = (struct alarm){.mail = {.deliver = ring, .discard = silence}, .session = session, .delay_ms = delay_ms};
    session->n_waiting++;
    atomic_fetch_add(&session->guard->n_alarms, 1);
    if (pthread_create(&thread, NULL, sleep_and_ring, alarm) != 0)
        abort();
    pthread_detach(thread);
}

void dg_guard_hold_ended(struct dg_guard_session *session)
{
    session->has_held = true;
}

/* True if the statement's orders say that it is to wait now. */
static bool holds(struct dg_guard_session *session, const char *text, uint32_t *hold_ms)
{
    bool has_held = session->has_held;
    session->has_held = false;
    if (has_held)
        return false;
    int delay_ms = order_of(text, "resume ");
    if (delay_ms >= 0) {
        resume_after(session, (unsigned)delay_ms);
        *hold_ms = 60000;
        return true;
    }
    delay_ms = order_of(text, "hold ");
    *hold_ms = (uint32_t)delay_ms;
    return delay_ms >= 0;
}

/* ---- statements -------------------------------------------------------------------------------------------------- */

static void decide(struct dg_guard_session *session, const char *what, struct dg_str text, bool is_unnamed,
                   bool is_idle, struct dg_decision *decision)
{
    struct dg_ticket *ticket = ticket_of(text);
    int busy_ms = order_of(ticket->text, "busy ");
    if (busy_ms > 0)
        usleep((useconds_t)busy_ms * 1000);
    *decision = (struct dg_decision){.action = DG_ACTION_FORWARD, .ticket = ticket};
    if (holds(session, ticket->text, &decision->hold_ms)) {
        decision->action = DG_ACTION_HOLD;
    } else if (is_idle && order_of(ticket->text, "refuse") >= 0 && session->host.is_silent(session->host.context)) {
        dg_buffer_consume(&session->error, dg_buffer_len(&session->error));
        if (dg_error_response_write(&session->error, "ERROR", "42703", "refused", NULL, NULL) != DG_OK)
            abort();
        decision->action = DG_ACTION_REFUSE;
        decision->error = dg_buffer_view(&session->error);
        session->unnamed_dead = session->unnamed_dead || is_unnamed;
    }
    static const char *const words[] = {"forward", "hold", "refuse"};
    printf("%s %s%s [%s]\n", words[decision->action], what, is_idle ? " idle" : "", ticket->text);
    if (decision->action != DG_ACTION_FORWARD) {
        dg_ticket_unref(ticket);
        decision->ticket = NULL;
    } else if (is_unnamed) {
        session->unnamed_dead = false;
    }
}

void dg_guard_query(struct dg_guard_session *session, struct dg_str text, bool is_idle, struct dg_decision *decision)
{
    decide(session, "query", text, true, is_idle, decision);
}

void dg_guard_parse(struct dg_guard_session *session, struct dg_str name, struct dg_str text, const dg_oid *param_types,
                    size_t n_param_types, bool is_idle, struct dg_decision *decision)
{
    (void)param_types;
    (void)n_param_types;
    decide(session, "parse", text, name.len == 0, is_idle, decision);
    if (decision->action == DG_ACTION_FORWARD) {
        dg_ticket_unref(session->unnamed);
        session->unnamed = dg_ticket_ref(decision->ticket);
    }
}

struct dg_ticket *dg_guard_uninspected(struct dg_guard_session *session, bool is_parse, struct dg_str name,
                                       enum dg_reason reason)
{
    (void)session;
    printf("uninspected %s %.*s %d\n", is_parse ? "parse" : "query", (int)name.len, name.data, (int)reason);
    return NULL;
}

struct dg_ticket *dg_guard_bind(struct dg_guard_session *session, struct dg_str portal, struct dg_str statement)
{
    (void)portal;
    (void)statement;
    return dg_ticket_ref(session->unnamed);
}

struct dg_ticket *dg_guard_describe(struct dg_guard_session *session, char kind, struct dg_str name)
{
    (void)kind;
    (void)name;
    return dg_ticket_ref(session->unnamed);
}

struct dg_ticket *dg_guard_execute(struct dg_guard_session *session, struct dg_str portal)
{
    (void)portal;
    return dg_ticket_ref(session->unnamed);
}

void dg_guard_close(struct dg_guard_session *session, char kind, struct dg_str name)
{
    (void)session;
    printf("close %c [%.*s]\n", kind, (int)name.len, name.data);
}

bool dg_guard_take_unnamed_dead(struct dg_guard_session *session)
{
    bool is_dead = session->unnamed_dead;
    session->unnamed_dead = false;
    return is_dead;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static const char *name_of(enum dg_stage stage)
{
    static const char *const names[] = {"query", "parse", "bind", "describe", "execute", "other"};
    return names[stage];
}

void dg_guard_completed(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage,
                        struct dg_str tag)
{
    (void)session;
    printf("completed %s [%s] %.*s\n", name_of(stage), text_of(ticket), (int)tag.len, tag.data);
}

void dg_guard_error(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage, struct dg_str body,
                    struct dg_reaction *reaction)
{
    (void)body;
    const char *text = text_of(ticket);
    int late_ms = order_of(text, "late ");
    int linger_ms = order_of(text, "linger ");
    bool has_held = session->has_held;
    session->has_held = false;
    printf("error %s [%s]\n", name_of(stage), text);
    if ((late_ms >= 0 || linger_ms >= 0) && !has_held) {
        reaction->action = DG_REACTION_HOLD;
        reaction->hold_ms = (uint32_t)(late_ms >= 0 ? late_ms : linger_ms);
    } else if (late_ms >= 0 || order_of(text, "explain") >= 0) {
        reaction->action = DG_REACTION_REWRITE;
        reaction->addition = (struct dg_error_addition){.detail = "our detail", .hint = "our hint"};
    }
}

void dg_guard_notice(struct dg_guard_session *session)
{
    (void)session;
}

void dg_guard_skipped(struct dg_guard_session *session, struct dg_ticket *ticket, enum dg_stage stage)
{
    (void)session;
    printf("skipped %s [%s]\n", name_of(stage), text_of(ticket));
}

void dg_guard_ready(struct dg_guard_session *session, char status)
{
    (void)session;
    printf("ready %c\n", status);
}

/* ---- the process ------------------------------------------------------------------------------------------------- */

static int wait_for_signal(void)
{
    sigset_t wanted;
    int number = 0;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    (void)sigwait(&wanted, &number);
    return number;
}

/* SIGUSR1 drains; SIGTERM ends. */
static int serve(struct dg_proxy *proxy)
{
    struct dg_error error;
    if (dg_proxy_start(proxy, &error) != DG_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    printf("listening on %s\n", dg_proxy_address(proxy));
    while (wait_for_signal() == SIGUSR1)
        dg_proxy_drain(proxy);
    return 0;
}

static enum dg_status publish_tls(const struct dg_config *config, struct dg_published *published,
                                  struct dg_error *error)
{
    struct dg_tls_settings *settings = NULL;
    struct dg_url upstream;
    enum dg_status status = dg_url_parse(config->upstream, &upstream, error);
    if (status == DG_OK)
        status = dg_tls_settings_new(config, &upstream, 1, &settings, error);
    if (status == DG_OK)
        dg_published_set(published, &settings->shared);
    return status;
}

int main(int argc, char **argv)
{
    struct dg_config_sources sources = {.settings = (const char *const *)(argv + 1), .n_settings = (size_t)argc - 1};
    struct dg_config *config = NULL;
    struct dg_error error = {DG_OK, ""};
    struct dg_published published, tls;
    struct dg_proxy *proxy = NULL;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (dg_config_load(&sources, &config, &error) != DG_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    dg_published_init(&published);
    dg_published_init(&tls);
    dg_published_set(&published, &config->shared);
    struct dg_metrics *metrics = dg_metrics_new();
    struct dg_log *log = dg_log_new(STDERR_FILENO, DG_LOG_TEXT, DG_LOG_INFO, 1 << 20);
    struct dg_proxy_parts parts = {.config = &published, .tls = &tls, .metrics = metrics, .log = log};
    int result = 1;
    if (publish_tls(config, &tls, &error) == DG_OK && dg_proxy_new(&parts, &proxy, &error) == DG_OK)
        result = serve(proxy);
    else
        fprintf(stderr, "%s\n", error.text);
    dg_proxy_free(proxy);
    dg_log_free(log);
    dg_metrics_free(metrics);
    dg_published_fini(&published);
    dg_published_fini(&tls);
    return result;
}
