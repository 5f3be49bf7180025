/*
 * A session's life in the guard: who is connected, what the server reports of it, the end.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "guard/shared.h"

static struct dg_guard_view *view_open(struct dg_guard *guard, struct dg_schema_database *handle,
                                       const struct dg_guard_place *place)
{
    struct dg_guard_view *view = dg_map_find(&guard->views, dg_place_key(place));
    if (view == NULL) {
        view = calloc(1, sizeof(*view));
        if (view == NULL)
            return NULL;
        if (dg_map_put(&guard->views, dg_place_key(place), view, NULL) != DG_OK) {
            free(view);
            return NULL;
        }
    }
    if (view->database == NULL)
        view->database = dg_shared_open_database(guard->shared, handle, place);
    view->n_sessions++;
    return view;
}

static void view_close(struct dg_guard *guard, struct dg_guard_view *view, const struct dg_guard_place *place)
{
    if (--view->n_sessions > 0)
        return;
    if (view->database != NULL)
        dg_shared_close_database(guard->shared, view->database);
    dg_map_take(&guard->views, dg_place_key(place));
    dg_reader_fini(&view->reader);
    free(view);
}

static void open_database(struct dg_guard_session *session, const struct dg_schema_server *server)
{
    struct dg_guard *guard = session->guard;
    if (session->is_replication)
        return;
    session->handle = dg_schema_database_open(guard->shared->store, server, session->place.database);
    if (session->handle == NULL)
        return;
    session->view = view_open(guard, session->handle, &session->place);
    if (session->view == NULL) {
        dg_schema_database_close(session->handle);
        session->handle = NULL;
    }
}

static bool copy_client(struct dg_guard_session *session, const struct dg_guard_client *client)
{
    const struct dg_guard_place place = {client->database, client->server.upstream, client->server.address};
    bool is_placed = dg_place_copy(&place, &session->place);
    session->user = strdup(client->user);
    const char *application = client->application_name == NULL ? "" : client->application_name;
    snprintf(session->application, sizeof(session->application), "%s", application);
    session->path_unknown = client->path_unknown;
    session->is_replication = client->is_replication;
    session->has_start_role = client->has_role;
    session->no_breaker = client->path_unknown || client->no_breaker;
    return is_placed && session->user != NULL;
}

static void start_path(struct dg_guard_session *session, const struct dg_guard_client *client)
{
    if (client->path_unknown)
        dg_path_lose(&session->path);
    if (client->search_path == NULL)
        return;
    session->default_is_final = true;
    dg_path_set_default(&session->path, dg_words_of_path(dg_str_of(client->search_path)));
}

struct dg_guard_session *dg_guard_session_new(struct dg_guard *guard, const struct dg_guard_client *client,
                                              const struct dg_guard_host *host)
{
    struct dg_guard_session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return NULL;
    session->guard = guard;
    session->host = *host;
    session->started_ms = dg_clock_monotonic_ms();
    session->strings_are_standard = true;
    dg_map_init(&session->statements, DG_GUARD_MAX_PREPARED);
    dg_map_init(&session->portals, DG_GUARD_MAX_PORTALS);
    if (!copy_client(session, client) ||
        dg_path_init(&session->path, client->user, dg_session_committed, session) != DG_OK) {
        dg_guard_session_free(session);
        return NULL;
    }
    start_path(session, client);
    open_database(session, &client->server);
    return session;
}

static void unref_chain(void *ticket)
{
    dg_ticket_unref(ticket);
}

void dg_guard_session_free(struct dg_guard_session *session)
{
    if (session == NULL)
        return;
    dg_read_detach(session);
    dg_read_end_doubt(session, false);
    dg_map_fini(&session->statements, unref_chain);
    dg_map_fini(&session->portals, unref_chain);
    dg_path_fini(&session->path);
    if (session->view != NULL)
        view_close(session->guard, session->view, &session->place);
    if (session->handle != NULL)
        dg_schema_database_close(session->handle);
    dg_place_fini(&session->place);
    free(session->user);
    free(session->explained);
    free(session);
}

void dg_guard_session_parameter(struct dg_guard_session *session, struct dg_str name, struct dg_str value)
{
    if (dg_str_is(name, "client_encoding")) {
        session->client_is_utf8 = dg_str_is(value, "UTF8");
    } else if (dg_str_is(name, "server_encoding")) {
        session->server_is_utf8 = dg_str_is(value, "UTF8");
    } else if (dg_str_is(name, "standard_conforming_strings")) {
        session->strings_are_standard = dg_str_is(value, "on");
    } else if (dg_str_is(name, "application_name")) {
        int len = value.len < sizeof(session->application) ? (int)value.len : (int)sizeof(session->application) - 1;
        snprintf(session->application, sizeof(session->application), "%.*s", len, value.data);
        session->mode_is_known = false;
    } else if (dg_str_is(name, "search_path")) {
        dg_path_report(&session->path, value);
    } else if (dg_str_is(name, "session_authorization")) {
        dg_path_set_user(&session->path, value);
    }
}

void dg_guard_hold_ended(struct dg_guard_session *session)
{
    /* Where both are held, the error goes first: the statement goes on waiting for its own read. */
    if (session->is_error_held)
        dg_read_detach_error(session);
    else
        dg_read_detach(session);
}

bool dg_guard_take_unnamed_dead(struct dg_guard_session *session)
{
    bool is_dead = session->unnamed_is_dead;
    session->unnamed_is_dead = false;
    return is_dead;
}
