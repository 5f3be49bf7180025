/*
 * The journal on disk: it comes back to the byte, a damaged file never gets further than the log, and one of another
 * database explains nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the first four above. */
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "sample.h"
#include "schema/diff.h"
#include "schema/state.h"
#include "schema/state_format.h"

#define MAX_BYTES ((size_t)16 << 20)
#define OLDER_US INT64_C(1700000000000000)
#define NEWER_US INT64_C(1700000100000000)
/* LATIN1, as a server in that encoding sends it. */
#define LATIN1_NAME                                                                                                    \
    "gr\xf6\xdf"                                                                                                       \
    "e"
#define ODD_NAME "a \"quoted\"\nname\\ \xe2\x80\xa8 \x7f"

/* ---- Samples ----------------------------------------------------------------------------------------------------- */

static struct dg_builder *builder_of(const char *system_identifier, dg_oid database_oid)
{
    struct dg_builder *builder = sample_builder();
    const struct dg_server_facts facts = {.database = "shop",
                                          .database_oid = database_oid,
                                          .server_encoding = "UTF8",
                                          .system_identifier = system_identifier};
    assert_int_equal(dg_builder_facts(builder, &facts), DG_OK);
    return builder;
}

static struct dg_snapshot *leads_of(const char *columns, int64_t read_at_us)
{
    struct dg_builder *builder = builder_of("7001", 5);
    sample_table(builder, 100, "leads", columns);
    return sample_finish(builder, read_at_us);
}

/* A journal that knows of one rename, and the snapshot after it. */
static struct dg_snapshot *with_a_rename(struct dg_journal **journal)
{
    struct dg_snapshot *older = leads_of("id user_email!", OLDER_US);
    struct dg_snapshot *newer = leads_of("id contact_email!", NEWER_US);
    *journal = dg_journal_new(8);
    assert_int_equal(dg_journal_record(*journal, older, newer), DG_OK);
    dg_snapshot_unref(older);
    return newer;
}

static void print(const struct dg_journal *journal, const struct dg_snapshot *snapshot, struct dg_text *text)
{
    dg_text_init(text, MAX_BYTES);
    dg_state_print(journal, snapshot, true, text);
    assert_false(text->failed);
}

static enum dg_status parse(struct dg_str text, struct dg_saved *saved)
{
    struct dg_error error;
    return dg_state_parse(text, MAX_BYTES, saved, &error);
}

/* A text of these lines with the right hash. */
static void seal(const char *lines, struct dg_text *text)
{
    dg_text_init(text, MAX_BYTES);
    dg_text_printf(text, "{\"format\":1,\"hash\":\"%016llx\"}\n%s", (unsigned long long)dg_hash64(lines, strlen(lines)),
                   lines);
}

/* ---- The text ---------------------------------------------------------------------------------------------------- */

static void the_journal_comes_back(void **state)
{
    (void)state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_text text;
    struct dg_saved saved;
    print(journal, snapshot, &text);
    assert_int_equal(parse(dg_text_view(&text), &saved), DG_OK);
    assert_string_equal(saved.system_identifier, "7001");
    assert_int_equal(saved.database_oid, 5);
    assert_int_equal(saved.changes.n, 1);
    const struct dg_change *change = saved.changes.items;
    assert_int_equal(change->kind, DG_CHANGE_COLUMN_RENAMED);
    assert_int_equal(change->relation_oid, 100);
    assert_int_equal(change->attnum, 2);
    assert_string_equal(change->schema, "public");
    assert_string_equal(change->relation, "leads");
    assert_string_equal(change->column, "user_email");
    assert_string_equal(change->new_name, "contact_email");
    assert_int_equal(change->after_us, OLDER_US);
    assert_int_equal(change->before_us, NEWER_US);
    dg_saved_fini(&saved);
    dg_text_fini(&text);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static bool count_change(const struct dg_change *change, void *context)
{
    (void)change;
    ++*(size_t *)context;
    return true;
}

/* What a diff sees is the same on both sides, to the byte. */
static void assert_model_comes_back(struct dg_builder *builder)
{
    struct dg_snapshot *snapshot = sample_finish(builder, OLDER_US);
    struct dg_journal *journal = dg_journal_new(8);
    struct dg_text text;
    struct dg_saved saved;
    size_t n_changes = 0;
    print(journal, snapshot, &text);
    assert_true(dg_str_is_utf8(dg_text_view(&text)));
    assert_int_equal(parse(dg_text_view(&text), &saved), DG_OK);
    assert_non_null(saved.model);
    dg_snapshot_diff(saved.model, snapshot, count_change, &n_changes);
    dg_snapshot_diff(snapshot, saved.model, count_change, &n_changes);
    assert_int_equal(n_changes, 0);
    dg_saved_fini(&saved);
    dg_text_fini(&text);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void the_model_comes_back_whatever_its_names(void **state)
{
    (void)state;
    static const char *const names[] = {"leads", LATIN1_NAME, ODD_NAME, "\xff", "\xe2\x80\xa8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct dg_builder *builder = builder_of("7001", 5);
        const struct dg_namespace schema = {.oid = 77, .name = names[i]};
        const struct dg_column columns[] = {{.name = names[i], .type_oid = 23, .typmod = -1},
                                            {.name = "........pg.dropped.2........", .flags = DG_COLUMN_DROPPED},
                                            {.name = "n",
                                             .type_oid = 1043,
                                             .typmod = 24,
                                             .default_hash = UINT32_MAX,
                                             .flags = DG_COLUMN_NOT_NULL | DG_COLUMN_HAS_DEFAULT}};
        const struct dg_relation table = {.oid = UINT32_MAX,
                                          .namespace_oid = 77,
                                          .name = names[i],
                                          .columns = columns,
                                          .n_columns = 3,
                                          .kind = 'r',
                                          .persistence = 'u'};
        const struct dg_relation empty = {
            .oid = 101, .namespace_oid = 77, .name = "no columns", .kind = 'v', .persistence = 'p'};
        assert_int_equal(dg_builder_namespace(builder, &schema), DG_OK);
        assert_int_equal(dg_builder_relation(builder, &table), DG_OK);
        assert_int_equal(dg_builder_relation(builder, &empty), DG_OK);
        assert_model_comes_back(builder);
    }
}

static void types_are_known_by_name_afterwards(void **state)
{
    (void)state;
    struct dg_builder *builder = builder_of("7001", 5);
    const struct dg_type mood = {.oid = 900, .namespace_oid = SAMPLE_PUBLIC, .name = "mood", .kind = 'e'};
    const struct dg_type moods = {.oid = 901,
                                  .namespace_oid = SAMPLE_PUBLIC,
                                  .name = "_mood",
                                  .element_oid = 900,
                                  .kind = 'b',
                                  .category = 'A',
                                  .is_array = true};
    assert_int_equal(dg_builder_type(builder, &mood), DG_OK);
    assert_int_equal(dg_builder_type(builder, &moods), DG_OK);
    sample_table(builder, 100, "leads", "a:901");
    struct dg_snapshot *older = sample_finish(builder, OLDER_US);
    struct dg_journal *journal = dg_journal_new(8);
    struct dg_text text;
    struct dg_saved saved;
    print(journal, older, &text);
    assert_int_equal(parse(dg_text_view(&text), &saved), DG_OK);
    struct dg_snapshot *newer = leads_of("a:25", NEWER_US);
    struct dg_change change;
    assert_int_equal(dg_journal_record(journal, saved.model, newer), DG_OK);
    assert_int_equal(dg_journal_copy(journal, &change, 1), 1);
    assert_string_equal(change.old_type, "mood[]");
    assert_string_equal(change.new_name, "text");
    dg_saved_fini(&saved);
    dg_text_fini(&text);
    dg_journal_free(journal);
    dg_snapshot_unref(older);
    dg_snapshot_unref(newer);
}

static void the_system_s_own_relations_are_not_in_it(void **state)
{
    (void)state;
    struct dg_builder *builder = builder_of("7001", 5);
    sample_table_in(builder, 11, 1259, "pg_class", "relname");
    sample_table(builder, 100, "leads", "a");
    struct dg_snapshot *snapshot = sample_finish(builder, OLDER_US);
    struct dg_journal *journal = dg_journal_new(8);
    struct dg_text text;
    print(journal, snapshot, &text);
    assert_non_null(strstr(dg_text_get(&text), "leads"));
    assert_null(strstr(dg_text_get(&text), "pg_class"));
    dg_text_fini(&text);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void truncated_anywhere_it_is_refused(void **state)
{
    (void)state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_text text;
    struct dg_saved saved;
    print(journal, snapshot, &text);
    for (size_t len = 0; len < text.len; len++) {
        /* A copy, so that a sanitizer sees a read behind the end. */
        char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, text.data, len);
        assert_int_equal(parse((struct dg_str){copy, len}, &saved), DG_UNPARSED);
        free(copy);
    }
    for (size_t at = 0; at < text.len; at++) {
        text.data[at] ^= 1;
        assert_int_equal(parse(dg_text_view(&text), &saved), DG_UNPARSED);
        text.data[at] ^= 1;
    }
    assert_int_equal(parse(dg_text_view(&text), &saved), DG_OK);
    dg_saved_fini(&saved);
    dg_text_fini(&text);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void each_line_has_to_be_what_the_format_says(void **state)
{
    (void)state;
    const struct {
        const char *lines;
        enum dg_status status;
    } cases[] = {
        {"", DG_OK},
        {"[\"database\",\"shop\",\"7001\",5]\n", DG_OK},
        {"[\"database\",\"shop\",\"7001\",5,\"of a later version\"]\n", DG_OK},
        {"[\"of a later version\",{}]\n", DG_OK},
        {"[\"change\",\"of a later version\"]\n", DG_OK},
        {"[\"change\",\"column_dropped\",1,2,\"s\",\"r\",\"c\",\"\",\"\",3,4]\n", DG_OK},
        {"[\"model\",1,2]\n[\"schema\",7,\"s\"]\n[\"relation\",1,7,\"r\",\"r\",\"p\",3,[[23,\"c\",-1,0,0],0]]\n",
         DG_OK},
        {"[\"model\",1,2]\n[\"schema\",7,{\"hex\":\"ff00\"}]\n", DG_OK},
        {"[\"database\",\"shop\",\"7001\",5]", DG_UNPARSED},
        {"[\"database\",\"shop\",\"7001\"]\n", DG_UNPARSED},
        {"[\"database\",\"shop\",7001,5]\n", DG_UNPARSED},
        {"[\"database\",\"shop\",\"7001\",-1]\n", DG_UNPARSED},
        {"[\"database\",\"shop\",\"7001\",4294967296]\n", DG_UNPARSED},
        {"[\"database\",\"shop\",\"7001\",0.5]\n", DG_UNPARSED},
        {"[\"database\",\"shop\",\"1234567890123456789012345678901234567890123456789012345678901234\",5]\n",
         DG_UNPARSED},
        {"[\"change\",\"column_dropped\",1,40000,\"s\",\"r\",\"c\",\"\",\"\",3,4]\n", DG_UNPARSED},
        {"[\"change\",\"column_dropped\",1,2,\"s\",\"r\",\"c\",\"\",\"\",3]\n", DG_UNPARSED},
        {"[\"change\",\"column_dropped\",1,2,\"s\","
         "\"1234567890123456789012345678901234567890123456789012345678901234\","
         "\"c\",\"\",\"\",3,4]\n",
         DG_UNPARSED},
        {"[\"change\",\"column_dropped\",1,2,\"s\",\"r\",\"c\",\"\",\"\",3,1e300]\n", DG_UNPARSED},
        {"{}\n", DG_UNPARSED},
        {"[]\n", DG_UNPARSED},
        {"[1]\n", DG_UNPARSED},
        {"\n", DG_UNPARSED},
        {"[\"schema\",7,\"s\"]\n", DG_UNPARSED}, /* before its model */
        {"[\"model\",1,2]\n[\"model\",1,2]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"schema\",7,{\"hex\":\"fg\"}]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"schema\",7,{\"hex\":\"fff\"}]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"schema\",7,{}]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"type\",1,7,\"t\",0,2]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"relation\",1,7,\"r\",\"rr\",\"p\",3,[]]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"relation\",1,7,\"r\",\"r\",\"p\",3,{}]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"relation\",1,7,\"r\",\"r\",\"p\",3,[\"c\"]]\n", DG_UNPARSED},
        {"[\"model\",1,2]\n[\"relation\",1,7,\"r\",\"r\",\"p\",3,[[23,\"c\",-1,0]]]\n", DG_UNPARSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dg_text text;
        struct dg_saved saved;
        seal(cases[i].lines, &text);
        enum dg_status status = parse(dg_text_view(&text), &saved);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].lines, dg_status_text(status));
        if (status == DG_OK)
            dg_saved_fini(&saved);
        dg_text_fini(&text);
    }
}

static void more_changes_than_a_journal_holds_are_refused(void **state)
{
    (void)state;
    struct dg_text lines;
    struct dg_text text;
    struct dg_saved saved;
    dg_text_init(&lines, MAX_BYTES);
    for (int i = 0; i < 10001; i++)
        dg_text_cstr(&lines, "[\"change\",\"column_dropped\",1,2,\"s\",\"r\",\"c\",\"\",\"\",3,4]\n");
    seal(dg_text_get(&lines), &text);
    assert_int_equal(parse(dg_text_view(&text), &saved), DG_UNPARSED);
    dg_text_fini(&lines);
    dg_text_fini(&text);
}

static void a_model_beyond_its_limit_is_not_built(void **state)
{
    (void)state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_text text;
    struct dg_saved saved;
    print(journal, snapshot, &text);
    assert_int_equal(dg_state_parse(dg_text_view(&text), 64, &saved, NULL), DG_LIMIT);
    dg_text_fini(&text);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

/* ---- The folder -------------------------------------------------------------------------------------------------- */

/* What dg_state_group("", "db", "5432", "shop") was, and is: it stands in names of files. */
#define SHOP_GROUP UINT64_C(0x8d14e930f8a5c810)
static const struct dg_state_key shop_key = {SHOP_GROUP, "10.0.0.1:5432"};

struct folder {
    char path[64];
    struct dg_state *state;
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    assert_non_null(folder);
    snprintf(folder->path, sizeof folder->path, "/tmp/dg-test-state-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

/* The path of the first entry whose name ends like this, or "". */
static const char *path_like(const struct folder *folder, const char *ending)
{
    static char path[512];
    path[0] = '\0';
    DIR *directory = opendir(folder->path);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t len = strlen(entry->d_name);
        size_t ending_len = strlen(ending);
        if (len > ending_len && strcmp(entry->d_name + len - ending_len, ending) == 0 && entry->d_name[0] != '.')
            snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
    }
    closedir(directory);
    return path;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    dg_state_close(folder->state);
    for (const char *path; *(path = path_like(folder, "")) != '\0';)
        if (unlink(path) != 0)
            assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static struct dg_state *open_folder(struct folder *folder)
{
    struct dg_error error;
    struct dg_state *state;
    if (dg_state_open(folder->path, NULL, &state, &error) != DG_OK)
        fail_msg("%s", error.text);
    return state;
}

static void save(struct dg_state *state, const struct dg_snapshot *snapshot, const struct dg_journal *journal)
{
    struct dg_error error;
    if (dg_state_save(state, &shop_key, snapshot, journal, DG_STATE_MAX_BYTES, &error) != DG_OK)
        fail_msg("%s", error.text);
}

/* How many changes are known after a start that finds `first`. */
static size_t restored(struct dg_state *state, const struct dg_snapshot *first, struct dg_change *last)
{
    struct dg_change changes[8];
    struct dg_journal *journal = dg_journal_new(8);
    dg_state_restore(state, &shop_key, first, journal);
    size_t n = dg_journal_copy(journal, changes, 8);
    if (n > 0 && last != NULL)
        *last = changes[n - 1];
    dg_journal_free(journal);
    return n;
}

static void a_rename_is_known_at_the_next_start(void **state)
{
    struct folder *folder = *state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_change change;
    folder->state = open_folder(folder);
    assert_int_equal(restored(folder->state, snapshot, NULL), 0);
    save(folder->state, snapshot, journal);
    struct stat file;
    assert_int_equal(stat(path_like(folder, ".json"), &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(restored(folder->state, snapshot, &change), 1);
    assert_string_equal(change.new_name, "contact_email");
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void a_rename_while_no_guard_ran_has_the_window_between_the_two(void **state)
{
    struct folder *folder = *state;
    struct dg_snapshot *before = leads_of("id user_email", OLDER_US);
    struct dg_snapshot *after = leads_of("id contact_email", NEWER_US);
    struct dg_journal *empty = dg_journal_new(8);
    struct dg_change change;
    folder->state = open_folder(folder);
    save(folder->state, before, empty);
    assert_int_equal(restored(folder->state, after, &change), 1);
    assert_int_equal(change.kind, DG_CHANGE_COLUMN_RENAMED);
    assert_string_equal(change.column, "user_email");
    assert_int_equal(change.after_us, OLDER_US);
    assert_int_equal(change.before_us, NEWER_US);
    dg_journal_free(empty);
    dg_snapshot_unref(before);
    dg_snapshot_unref(after);
}

static void a_journal_of_another_database_is_set_aside(void **state)
{
    struct folder *folder = *state;
    const struct {
        const char *system_identifier;
        dg_oid database_oid;
    } others[] = {{"7002", 5}, {"7001", 6}, {"", 5}};
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    folder->state = open_folder(folder);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct dg_snapshot *other =
            sample_finish(builder_of(others[i].system_identifier, others[i].database_oid), NEWER_US);
        save(folder->state, snapshot, journal);
        assert_int_equal(restored(folder->state, other, NULL), 0);
        assert_string_equal(path_like(folder, ".json"), "");
        assert_string_not_equal(path_like(folder, ".json.other"), "");
        dg_snapshot_unref(other);
    }
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void what_cannot_be_read_is_set_aside(void **state)
{
    struct folder *folder = *state;
    const struct {
        const char *content;
        const char *ending;
    } cases[] = {
        {"", ".json.corrupt"},
        {"no journal\n", ".json.corrupt"},
        {"{\"format\":1,\"hash\":\"0123456789abcdef\"}\n[\"database\"]\n", ".json.corrupt"},
        {"{\"format\":\"1\"}\n", ".json.corrupt"},
        {"{\"format\":2}\nof a later version\n", ".json.other"},
    };
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    folder->state = open_folder(folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        save(folder->state, snapshot, journal);
        char path[512];
        snprintf(path, sizeof path, "%s", path_like(folder, ".json"));
        assert_int_equal(dg_file_replace(path, dg_str_of(cases[i].content), NULL), DG_OK);
        assert_int_equal(restored(folder->state, snapshot, NULL), 0);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_string_not_equal(path_like(folder, cases[i].ending), "");
        assert_int_equal(unlink(path_like(folder, cases[i].ending)), 0);
    }
    /* Nobody waits for the other end of a pipe. */
    save(folder->state, snapshot, journal);
    char path[512];
    snprintf(path, sizeof path, "%s", path_like(folder, ".json"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(restored(folder->state, snapshot, NULL), 0);
    assert_string_not_equal(path_like(folder, ".json.corrupt"), "");
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static size_t restored_by(struct dg_state *state, const struct dg_state_key *key, const struct dg_snapshot *first)
{
    struct dg_journal *journal = dg_journal_new(8);
    dg_state_restore(state, key, first, journal);
    size_t n = dg_journal_copy(journal, NULL, 8);
    dg_journal_free(journal);
    return n;
}

static void databases_and_upstreams_have_files_of_their_own(void **state)
{
    struct folder *folder = *state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    const struct dg_state_key others[] = {
        {dg_state_group("", "db", "5432", "shop2"), shop_key.address},
        {dg_state_group("", "db", "5433", "shop"), shop_key.address},
        {dg_state_group("", "db2", "5432", "shop"), shop_key.address},
        {dg_state_group("replica", "db", "5432", "shop"), shop_key.address},
    };
    folder->state = open_folder(folder);
    save(folder->state, snapshot, journal);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(restored_by(folder->state, &others[i], snapshot), 0);
    assert_int_equal(restored_by(folder->state, &shop_key, snapshot), 1);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

/* The name says which host, port and database; what it said in versions with one address, it must say for ever. */
static void the_file_of_an_earlier_version_is_found(void **state)
{
    struct folder *folder = *state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    char earlier[128];
    char path[512];
    assert_int_equal(dg_state_group("", "db", "5432", "shop"), SHOP_GROUP);
    folder->state = open_folder(folder);
    save(folder->state, snapshot, journal);
    snprintf(path, sizeof path, "%s", path_like(folder, ".json"));
    snprintf(earlier, sizeof earlier, "%s/journal-%016llx.json", folder->path, (unsigned long long)SHOP_GROUP);
    assert_int_equal(rename(path, earlier), 0);
    assert_int_equal(restored(folder->state, snapshot, NULL), 1);
    assert_int_equal(access(earlier, F_OK), 0);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void the_history_goes_on_at_another_address_of_the_same_database(void **state)
{
    struct folder *folder = *state;
    const struct dg_state_key moved = {SHOP_GROUP, "10.0.0.2:5432"};
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_snapshot *other = sample_finish(builder_of("7002", 5), NEWER_US);
    folder->state = open_folder(folder);
    save(folder->state, snapshot, journal);
    assert_int_equal(restored_by(folder->state, &moved, snapshot), 1);
    /* Another server behind the same name has nothing to do with it, and leaves it alone. */
    assert_int_equal(restored_by(folder->state, &moved, other), 0);
    assert_int_equal(restored_by(folder->state, &shop_key, snapshot), 1);
    dg_journal_free(journal);
    dg_snapshot_unref(other);
    dg_snapshot_unref(snapshot);
}

static size_t count_files(const struct folder *folder)
{
    size_t n = 0;
    DIR *directory = opendir(folder->path);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        n += strstr(entry->d_name, ".json") != NULL;
    closedir(directory);
    return n;
}

static void addresses_that_come_and_go_do_not_fill_the_folder(void **state)
{
    struct folder *folder = *state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_error error;
    folder->state = open_folder(folder);
    for (int i = 0; i < 100; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.1.%d:5432", i);
        const struct dg_state_key key = {SHOP_GROUP, address};
        assert_int_equal(restored_by(folder->state, &key, snapshot), i > 0);
        assert_int_equal(dg_state_save(folder->state, &key, snapshot, journal, DG_STATE_MAX_BYTES, &error), DG_OK);
    }
    assert_in_range(count_files(folder), 2, 33);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void beyond_the_limit_the_journal_is_saved_alone(void **state)
{
    struct folder *folder = *state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_snapshot *later = leads_of("id", NEWER_US + 1);
    struct dg_error error;
    folder->state = open_folder(folder);
    assert_int_equal(dg_state_save(folder->state, &shop_key, snapshot, journal, 300, &error), DG_LIMIT);
    assert_int_equal(restored(folder->state, later, NULL), 1); /* the rename, not the drop since then */
    save(folder->state, snapshot, journal);
    assert_int_equal(restored(folder->state, later, NULL), 2);
    assert_int_equal(dg_state_save(folder->state, &shop_key, snapshot, journal, 100, &error), DG_NO_MEMORY);
    assert_int_equal(restored(folder->state, later, NULL), 2);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
    dg_snapshot_unref(later);
}

static void only_one_guard_writes(void **state)
{
    struct folder *folder = *state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_state *first = open_folder(folder);
    folder->state = open_folder(folder);
    assert_true(dg_state_may_write(first));
    assert_false(dg_state_may_write(folder->state));
    save(first, snapshot, journal);
    /* The second one reads, and leaves alone what is not its own. */
    assert_int_equal(restored(folder->state, snapshot, NULL), 1);
    struct dg_snapshot *other = sample_finish(builder_of("7002", 5), NEWER_US);
    assert_int_equal(restored(folder->state, other, NULL), 0);
    assert_string_not_equal(path_like(folder, ".json"), "");
    dg_state_close(first);
    assert_true(dg_state_may_write(folder->state));
    dg_snapshot_unref(other);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

static void what_a_crash_left_half_written_is_swept(void **state)
{
    struct folder *folder = *state;
    static const char *const names[] = {"journal-0123456789abcdef.json.4711.tmp", "journal-0123456789abcdef.json.other",
                                        "journal-of-my-garden-x.json.4711.tmp"};
    char paths[3][256];
    for (size_t i = 0; i < 3; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder->path, names[i]);
        assert_int_equal(dg_file_replace(paths[i], DG_STR("half"), NULL), DG_OK);
    }
    folder->state = open_folder(folder);
    assert_int_not_equal(access(paths[0], F_OK), 0);
    assert_int_equal(access(paths[1], F_OK), 0);
    assert_int_equal(access(paths[2], F_OK), 0);
}

static void a_folder_that_cannot_be_used_is_an_error_at_the_start(void **state)
{
    struct folder *folder = *state;
    char missing[128];
    char file[128];
    struct dg_error error;
    snprintf(missing, sizeof missing, "%s/missing", folder->path);
    snprintf(file, sizeof file, "%s/file", folder->path);
    assert_int_equal(dg_file_replace(file, DG_STR(""), NULL), DG_OK);
    const char *const paths[] = {missing, file, "/proc/self"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(dg_state_open(paths[i], NULL, &folder->state, &error), DG_IO);
        assert_null(folder->state);
        assert_non_null(strstr(error.text, paths[i]));
        assert_non_null(strstr(error.text, "state_dir"));
    }
}

static void a_folder_that_went_away_is_a_failed_save(void **state)
{
    struct folder *folder = *state;
    struct dg_journal *journal;
    struct dg_snapshot *snapshot = with_a_rename(&journal);
    struct dg_error error;
    folder->state = open_folder(folder);
    assert_int_equal(unlink(path_like(folder, ".lock")), 0);
    assert_int_equal(rmdir(folder->path), 0);
    assert_int_equal(dg_state_save(folder->state, &shop_key, snapshot, journal, DG_STATE_MAX_BYTES, &error), DG_IO);
    assert_non_null(strstr(error.text, folder->path));
    assert_int_equal(mkdir(folder->path, 0700), 0);
    save(folder->state, snapshot, journal);
    dg_journal_free(journal);
    dg_snapshot_unref(snapshot);
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_comes_back),
        cmocka_unit_test(the_model_comes_back_whatever_its_names),
        cmocka_unit_test(types_are_known_by_name_afterwards),
        cmocka_unit_test(the_system_s_own_relations_are_not_in_it),
        cmocka_unit_test(truncated_anywhere_it_is_refused),
        cmocka_unit_test(each_line_has_to_be_what_the_format_says),
        cmocka_unit_test(more_changes_than_a_journal_holds_are_refused),
        cmocka_unit_test(a_model_beyond_its_limit_is_not_built),
        FOLDER_TEST(a_rename_is_known_at_the_next_start),
        FOLDER_TEST(a_rename_while_no_guard_ran_has_the_window_between_the_two),
        FOLDER_TEST(a_journal_of_another_database_is_set_aside),
        FOLDER_TEST(what_cannot_be_read_is_set_aside),
        FOLDER_TEST(databases_and_upstreams_have_files_of_their_own),
        FOLDER_TEST(the_file_of_an_earlier_version_is_found),
        FOLDER_TEST(the_history_goes_on_at_another_address_of_the_same_database),
        FOLDER_TEST(addresses_that_come_and_go_do_not_fill_the_folder),
        FOLDER_TEST(beyond_the_limit_the_journal_is_saved_alone),
        FOLDER_TEST(only_one_guard_writes),
        FOLDER_TEST(what_a_crash_left_half_written_is_swept),
        FOLDER_TEST(a_folder_that_cannot_be_used_is_an_error_at_the_start),
        FOLDER_TEST(a_folder_that_went_away_is_a_failed_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
