/*
 * The functions of schema/store.h that the guard calls.
 */
#include "fake_store.h"

#include "unit.h"

static struct dg_schema_store *the_store(struct dg_schema_database *database)
{
    return (struct dg_schema_store *)(void *)((char *)database - offsetof(struct dg_schema_store, database));
}

void fake_store_init(struct dg_schema_store *store)
{
    *store = (struct dg_schema_store){0};
    dg_published_init(&store->database.published);
    store->database.journal = dg_journal_new(100);
    assert_non_null(store->database.journal);
}

void fake_store_fini(struct dg_schema_store *store)
{
    assert_int_equal(store->database.n_open, 0);
    assert_int_equal(store->n_reads, 0);
    dg_published_fini(&store->database.published);
    dg_journal_free(store->database.journal);
    dg_snapshot_unref(store->database.current);
}

void fake_store_publish(struct dg_schema_store *store, const struct shop *shop)
{
    struct dg_schema_database *database = &store->database;
    struct dg_snapshot *snapshot = shop_snapshot(shop);
    if (database->current != NULL)
        assert_int_equal(dg_journal_record(database->journal, database->current, snapshot), DG_OK);
    dg_snapshot_unref(database->current);
    database->current = dg_snapshot_ref(snapshot);
    dg_published_set(&database->published, (struct dg_shared *)(void *)snapshot);
}

void fake_store_answer(struct dg_schema_store *store, enum dg_status status)
{
    size_t n = store->n_reads;
    store->n_reads = 0;
    for (size_t i = 0; i < n; i++) {
        struct fake_read *read = &store->reads[i];
        read->request->status = status;
        read->request->snapshot = status == DG_OK ? dg_snapshot_ref(store->database.current) : NULL;
        dg_mailbox_post(read->reply_to, &read->request->mail);
    }
}

static void remember(struct dg_schema_store *store, struct dg_schema_request *request, struct dg_mailbox *reply_to)
{
    assert_true(store->n_reads < FAKE_MAX_READS);
    struct fake_read *read = &store->reads[store->n_reads++];
    *read = (struct fake_read){.request = request, .reply_to = reply_to, .n_names = request->n_names};
    if (request->n_names > 0)
        snprintf(read->first_name, sizeof(read->first_name), "%s", request->names[0].name);
    store->n_asked++;
}

struct dg_schema_database *dg_schema_database_open(struct dg_schema_store *store, const struct dg_schema_server *server,
                                                   const char *name)
{
    (void)server;
    if (strcmp(name, "shop") != 0)
        return NULL;
    store->database.n_open++;
    return &store->database;
}

struct dg_schema_database *dg_schema_database_open_again(struct dg_schema_database *database)
{
    database->n_open++;
    return database;
}

void dg_schema_database_close(struct dg_schema_database *database)
{
    assert_true(database->n_open > 0);
    database->n_open--;
}

bool dg_schema_database_refresh(struct dg_schema_database *database, struct dg_reader *reader)
{
    return dg_published_refresh(&database->published, reader);
}

uint64_t dg_schema_database_changes(const struct dg_schema_database *database)
{
    return database->changes;
}

void dg_schema_database_changed(struct dg_schema_database *database, const struct dg_schema_name *names, size_t n_names)
{
    database->changes++;
    for (size_t i = 0; i < n_names || i == 0; i++) {
        size_t len = strlen(database->changed);
        snprintf(database->changed + len, sizeof(database->changed) - len, "%s ", n_names == 0 ? "*" : names[i].name);
    }
}

void dg_schema_database_read(struct dg_schema_database *database, struct dg_schema_request *request,
                             struct dg_mailbox *reply_to)
{
    remember(the_store(database), request, reply_to);
}

void dg_schema_store_release_database(struct dg_schema_store *store, const char *name,
                                      struct dg_schema_request *request, struct dg_mailbox *reply_to)
{
    snprintf(store->released, sizeof(store->released), "%s", name);
    remember(store, request, reply_to);
}

const struct dg_journal *dg_schema_database_journal(const struct dg_schema_database *database)
{
    return database->journal;
}
