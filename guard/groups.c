/*
 * The table of drift groups. A group that is full of applications or statements takes no more of them, the table no
 * more groups once it is full of open ones: each list has a maximum, and what was left out is counted.
 */
#include "guard/groups.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "sql/lexer.h"

#define MAX_APPLICATIONS 16
#define MAX_STATEMENTS 5
#define STATEMENT_BYTES 512
#define NAME_BYTES 64

struct dg_group {
    struct dg_guard_place place; /* a copy */
    char schema[NAME_BYTES];
    char relation[NAME_BYTES];
    char column[NAME_BYTES];
    char kind[32];
    char sqlstate[6];
    bool is_open;
    uint64_t count;
    int64_t first_seen_us;
    int64_t last_seen_us;
    uint64_t last_seen_ms; /* by the monotonic clock: wall clocks are set */
    int64_t closed_us;
    char *applications[MAX_APPLICATIONS];
    size_t n_applications;
    char *statements[MAX_STATEMENTS];
    size_t n_statements;
};

struct dg_groups {
    pthread_mutex_t lock;
    struct dg_map map;
    size_t max_groups;
    uint64_t n_dropped;
    struct dg_metrics *metrics;
};

static void group_free(void *value)
{
    struct dg_group *group = value;
    for (size_t i = 0; i < group->n_applications; i++)
        free(group->applications[i]);
    for (size_t i = 0; i < group->n_statements; i++)
        free(group->statements[i]);
    dg_place_fini(&group->place);
    free(group);
}

struct dg_groups *dg_groups_new(size_t max_groups, struct dg_metrics *metrics)
{
    struct dg_groups *groups = calloc(1, sizeof(*groups));
    if (groups == NULL)
        return NULL;
    pthread_mutex_init(&groups->lock, NULL);
    dg_map_init(&groups->map, max_groups);
    groups->max_groups = max_groups;
    groups->metrics = metrics;
    return groups;
}

void dg_groups_free(struct dg_groups *groups)
{
    if (groups == NULL)
        return;
    dg_map_fini(&groups->map, group_free);
    pthread_mutex_destroy(&groups->lock);
    free(groups);
}

/* "public.leads", or "leads" when the schema is not known. */
static void relation_label(const struct dg_group *group, char *out, size_t size)
{
    if (group->schema[0] == '\0')
        snprintf(out, size, "%s", group->relation);
    else
        snprintf(out, size, "%s.%s", group->schema, group->relation);
}

static void show(struct dg_groups *groups, const struct dg_group *group)
{
    char relation[2 * NAME_BYTES + 2];
    relation_label(group, relation, sizeof(relation));
    const char *labels[] = {
        group->place.database, group->place.upstream, group->place.server, relation, group->column, group->kind};
    if (groups->metrics == NULL)
        return;
    if (group->is_open)
        dg_metrics_set(groups->metrics, DG_FAMILY_DRIFT, labels, 1);
    else
        dg_metrics_remove(groups->metrics, DG_FAMILY_DRIFT, labels);
}

static void group_close(struct dg_groups *groups, struct dg_group *group, int64_t now_us)
{
    group->is_open = false;
    group->closed_us = now_us;
    show(groups, group);
}

/* The key: its parts with their ends, since names may hold any byte but NUL. */
static struct dg_str event_key(const struct dg_group_event *event, struct dg_text *text)
{
    const struct dg_guard_place *place = event->place;
    const char *parts[] = {place->database, place->upstream, place->server, event->schema,
                           event->relation, event->column,   event->kind};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        dg_text_append(text, (struct dg_str){parts[i], strlen(parts[i]) + 1});
    return dg_text_view(text);
}

/* Makes room by forgetting the closed group that was quiet longest; open ones stay. */
static bool make_room(struct dg_groups *groups)
{
    if (groups->map.n_entries < groups->max_groups)
        return true;
    struct dg_str oldest_key = {NULL, 0};
    uint64_t oldest_ms = UINT64_MAX;
    struct dg_str key;
    size_t position = 0;
    for (struct dg_group *group; (group = dg_map_next(&groups->map, &position, &key)) != NULL;) {
        if (group->is_open || group->last_seen_ms >= oldest_ms)
            continue;
        oldest_ms = group->last_seen_ms;
        oldest_key = key;
    }
    if (oldest_key.data == NULL)
        return false;
    struct dg_group *group = dg_map_take(&groups->map, oldest_key);
    if (group != NULL)
        group_free(group);
    return true;
}

static struct dg_group *group_add(struct dg_groups *groups, struct dg_str key, const struct dg_group_event *event)
{
    struct dg_group *group = make_room(groups) ? calloc(1, sizeof(*group)) : NULL;
    if (group == NULL)
        return NULL;
    snprintf(group->schema, sizeof(group->schema), "%s", event->schema);
    snprintf(group->relation, sizeof(group->relation), "%s", event->relation);
    snprintf(group->column, sizeof(group->column), "%s", event->column);
    snprintf(group->kind, sizeof(group->kind), "%s", event->kind);
    group->first_seen_us = event->now_us;
    if (!dg_place_copy(event->place, &group->place) || dg_map_put(&groups->map, key, group, NULL) != DG_OK) {
        group_free(group);
        return NULL;
    }
    return group;
}

static bool list_has(char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], text) == 0)
            return true;
    }
    return false;
}

static void list_add(char **list, size_t *n, size_t max, const char *text)
{
    if (*n >= max || list_has(list, *n, text))
        return;
    char *copy = strdup(text);
    if (copy != NULL)
        list[(*n)++] = copy;
}

static void add_statement(struct dg_group *group, struct dg_str text)
{
    if (group->n_statements >= MAX_STATEMENTS || text.len == 0)
        return;
    struct dg_text redacted;
    dg_text_init(&redacted, STATEMENT_BYTES + 1);
    dg_sql_redact(text, STATEMENT_BYTES, &redacted);
    if (redacted.len > 0)
        list_add(group->statements, &group->n_statements, MAX_STATEMENTS, dg_text_get(&redacted));
    dg_text_fini(&redacted);
}

bool dg_groups_record(struct dg_groups *groups, const struct dg_group_event *event)
{
    struct dg_text key_text;
    dg_text_init(&key_text, 4096);
    struct dg_str key = event_key(event, &key_text);
    bool is_opened = false;
    pthread_mutex_lock(&groups->lock);
    struct dg_group *group = key_text.failed ? NULL : dg_map_find(&groups->map, key);
    if (group == NULL && !key_text.failed)
        group = group_add(groups, key, event);
    if (group == NULL) {
        groups->n_dropped++;
    } else {
        is_opened = !group->is_open;
        group->is_open = true;
        group->count++;
        group->last_seen_us = event->now_us;
        group->last_seen_ms = event->now_ms;
        snprintf(group->sqlstate, sizeof(group->sqlstate), "%s", event->sqlstate);
        list_add(group->applications, &group->n_applications, MAX_APPLICATIONS, event->application);
        add_statement(group, event->text);
        if (is_opened)
            show(groups, group);
    }
    pthread_mutex_unlock(&groups->lock);
    dg_text_fini(&key_text);
    return is_opened;
}

static bool relation_satisfies(const struct dg_group *group, const struct dg_relation *relation)
{
    return group->column[0] == '\0' || dg_relation_column(relation, dg_str_of(group->column)) != NULL;
}

/* What ends a group: that the name is there. Of the other kinds no snapshot tells (it exists where the session does not
   look, takes other arguments, is of another type): they end when they are quiet. */
static bool is_of_absence(const struct dg_group *group)
{
    static const char *const kinds[] = {"column_renamed",       "column_dropped",   "column_absent",
                                        "system_column_absent", "relation_renamed", "relation_moved",
                                        "relation_dropped",     "relation_absent",  "system_relation_absent"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(group->kind, kinds[i]) == 0)
            return true;
    }
    return false;
}

static bool is_satisfied(const struct dg_group *group, const struct dg_snapshot *snapshot)
{
    struct dg_str name = dg_str_of(group->relation);
    if (!is_of_absence(group))
        return false;
    if (group->schema[0] != '\0') {
        const struct dg_namespace *schema = dg_snapshot_namespace(snapshot, dg_str_of(group->schema));
        const struct dg_relation *relation = schema == NULL ? NULL : dg_snapshot_relation(snapshot, schema->oid, name);
        return relation != NULL && relation_satisfies(group, relation);
    }
    if (name.len == 0)
        return false; /* any of several relations: ends when it is quiet */
    size_t cursor = 0;
    for (const struct dg_relation *relation;
         (relation = dg_snapshot_relations_named(snapshot, name, &cursor)) != NULL;) {
        if (relation_satisfies(group, relation))
            return true;
    }
    return false;
}

void dg_groups_satisfy(struct dg_groups *groups, const struct dg_guard_place *place, const struct dg_snapshot *snapshot)
{
    int64_t now_us = dg_clock_wall_us();
    pthread_mutex_lock(&groups->lock);
    size_t position = 0;
    for (struct dg_group *group; (group = dg_map_next(&groups->map, &position, NULL)) != NULL;) {
        if (group->is_open && dg_place_is_same(&group->place, place) && is_satisfied(group, snapshot))
            group_close(groups, group, now_us);
    }
    pthread_mutex_unlock(&groups->lock);
}

void dg_groups_expire(struct dg_groups *groups, uint64_t now_ms, uint64_t quiet_ms)
{
    int64_t now_us = dg_clock_wall_us();
    pthread_mutex_lock(&groups->lock);
    size_t position = 0;
    for (struct dg_group *group; (group = dg_map_next(&groups->map, &position, NULL)) != NULL;) {
        if (group->is_open && now_ms >= group->last_seen_ms + quiet_ms)
            group_close(groups, group, now_us);
    }
    pthread_mutex_unlock(&groups->lock);
}

static void print_string(struct dg_text *out, const char *name, const char *value)
{
    dg_text_printf(out, "\"%s\":", name);
    dg_text_json_string(out, dg_str_of(value));
    dg_text_char(out, ',');
}

static void print_time(struct dg_text *out, const char *name, int64_t wall_us)
{
    char iso[DG_CLOCK_ISO_BYTES];
    dg_clock_format_iso(wall_us, iso);
    print_string(out, name, iso);
}

static void print_list(struct dg_text *out, const char *name, char *const *list, size_t n)
{
    dg_text_printf(out, "\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            dg_text_char(out, ',');
        dg_text_json_string(out, dg_str_of(list[i]));
    }
    dg_text_char(out, ']');
}

static void print_group(struct dg_text *out, const struct dg_group *group)
{
    char relation[2 * NAME_BYTES + 2];
    relation_label(group, relation, sizeof(relation));
    dg_text_char(out, '{');
    print_string(out, "database", group->place.database);
    print_string(out, "upstream", group->place.upstream);
    print_string(out, "server", group->place.server);
    print_string(out, "relation", relation);
    print_string(out, "column", group->column);
    print_string(out, "kind", group->kind);
    print_string(out, "sqlstate", group->sqlstate);
    print_string(out, "state", group->is_open ? "open" : "closed");
    dg_text_printf(out, "\"count\":%llu,", (unsigned long long)group->count);
    print_time(out, "first_seen", group->first_seen_us);
    print_time(out, "last_seen", group->last_seen_us);
    if (!group->is_open)
        print_time(out, "closed", group->closed_us);
    print_list(out, "applications", group->applications, group->n_applications);
    dg_text_char(out, ',');
    print_list(out, "statements", group->statements, group->n_statements);
    dg_text_char(out, '}');
}

void dg_groups_print(struct dg_groups *groups, struct dg_text *out)
{
    pthread_mutex_lock(&groups->lock);
    dg_text_cstr(out, "{\"groups\":[");
    size_t position = 0;
    bool is_first = true;
    for (const struct dg_group *group; (group = dg_map_next(&groups->map, &position, NULL)) != NULL;) {
        if (!is_first)
            dg_text_char(out, ',');
        is_first = false;
        print_group(out, group);
    }
    dg_text_printf(out, "],\"dropped\":%llu}", (unsigned long long)groups->n_dropped);
    pthread_mutex_unlock(&groups->lock);
}

size_t dg_groups_open_count(struct dg_groups *groups)
{
    size_t n = 0;
    size_t position = 0;
    pthread_mutex_lock(&groups->lock);
    for (const struct dg_group *group; (group = dg_map_next(&groups->map, &position, NULL)) != NULL;)
        n += group->is_open;
    pthread_mutex_unlock(&groups->lock);
    return n;
}
