/*
 * Two snapshots side by side: what the journal says of a change depends on identity, not on names, and a window is only
 * as narrow as the reads allow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants the first four above. */
#include <cmocka.h>

#include "base/text.h"
#include "sample.h"
#include "schema/diff.h"

#define OLDER_US 1000
#define NEWER_US 2000

/* Tables in a snapshot: oid, name, columns. */
struct table {
    dg_oid oid;
    const char *name;
    const char *columns;
};

static struct dg_snapshot *snapshot_of(const struct table *tables, size_t n, int64_t read_at_us)
{
    struct dg_builder *builder = sample_builder();
    for (size_t i = 0; i < n && tables[i].oid != 0; i++)
        sample_table(builder, tables[i].oid, tables[i].name, tables[i].columns);
    return sample_finish(builder, read_at_us);
}

/* "column_renamed leads.a b; " for each change. */
static void describe(const struct dg_journal *journal, struct dg_text *text)
{
    struct dg_change changes[32];
    size_t n = dg_journal_copy(journal, changes, 32);
    dg_text_reset(text);
    for (size_t i = 0; i < n; i++) {
        dg_text_printf(text, "%s%s %s", i == 0 ? "" : "; ", dg_change_kind_name(changes[i].kind), changes[i].relation);
        if (changes[i].column[0] != '\0')
            dg_text_printf(text, ".%s", changes[i].column);
        if (changes[i].new_name[0] != '\0')
            dg_text_printf(text, " %s", changes[i].new_name);
        if (changes[i].old_type[0] != '\0')
            dg_text_printf(text, " was %s", changes[i].old_type);
    }
}

static void each_difference_is_told_by_identity(void **state)
{
    (void)state;
    const struct {
        struct table older[3];
        struct table newer[3];
        const char *changes;
    } cases[] = {
        {{{100, "leads", "a b"}}, {{100, "leads", "a b"}}, ""},
        {{{100, "leads", "a b"}}, {{100, "leads", "a c"}}, "column_renamed leads.b c"},
        {{{100, "leads", "a b"}}, {{100, "leads", "a -"}}, "column_dropped leads.b"},
        {{{100, "leads", "a"}}, {{100, "leads", "a b"}}, "column_added leads.b"},
        {{{100, "leads", "a b"}}, {{100, "leads", "a - b"}}, "column_replaced leads.b"},
        {{{100, "leads", "a b"}}, {{100, "leads", "b a"}}, "column_renamed leads.a b; column_renamed leads.b a"},
        {{{100, "leads", "a"}}, {{100, "leads", "b a"}}, "column_renamed leads.a b; column_added leads.a"},
        {{{100, "leads", "a"}}, {{100, "leads", "a:25"}}, "column_retyped leads.a text was integer"},
        {{{100, "leads", "a"}}, {{100, "leads", "a!"}}, "column_nullability leads.a not null"},
        {{{100, "leads", "a!"}}, {{100, "leads", "a"}}, "column_nullability leads.a null"},
        {{{100, "leads", "a=1"}}, {{100, "leads", "a=2"}}, "column_default leads.a"},
        {{{100, "leads", "a=1"}}, {{100, "leads", "a"}}, "column_default leads.a"},
        {{{100, "leads", "a -"}}, {{100, "leads", "a -"}}, ""},
        {{{100, "leads", "a"}}, {{0}}, "relation_dropped leads"},
        {{{0}}, {{100, "leads", "a"}}, "relation_added leads"},
        {{{100, "leads", "a"}},
         {{100, "prospects", "b"}},
         "relation_renamed leads prospects; column_renamed leads.a b"},
        {{{100, "leads", "a b"}},
         {{200, "leads", "a c:25"}},
         "relation_replaced leads; column_dropped leads.b; column_added leads.c"},
        /* Written anew and swapped in: the new one kept its oid. */
        {{{100, "leads", "a"}, {200, "leads_new", "a b"}},
         {{200, "leads", "a b"}},
         "relation_dropped leads; relation_renamed leads_new leads"},
    };
    struct dg_text text;
    dg_text_init(&text, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dg_snapshot *older = snapshot_of(cases[i].older, 3, OLDER_US);
        struct dg_snapshot *newer = snapshot_of(cases[i].newer, 3, NEWER_US);
        struct dg_journal *journal = dg_journal_new(32);
        assert_int_equal(dg_journal_record(journal, older, newer), DG_OK);
        describe(journal, &text);
        assert_string_equal(dg_text_get(&text), cases[i].changes);
        assert_int_equal(dg_snapshot_is_same(older, newer), cases[i].changes[0] == '\0');
        dg_journal_free(journal);
        dg_snapshot_unref(older);
        dg_snapshot_unref(newer);
    }
    dg_text_fini(&text);
}

static void a_table_in_another_schema_has_moved(void **state)
{
    (void)state;
    struct dg_snapshot *snapshots[2];
    for (dg_oid i = 0; i < 2; i++) {
        struct dg_builder *builder = sample_builder();
        const struct dg_namespace archive = {.oid = 77, .name = "archive"};
        assert_int_equal(dg_builder_namespace(builder, &archive), DG_OK);
        sample_table_in(builder, i == 0 ? SAMPLE_PUBLIC : 77, 100, "leads", "a");
        snapshots[i] = sample_finish(builder, OLDER_US + i);
    }
    struct dg_journal *journal = dg_journal_new(8);
    assert_int_equal(dg_journal_record(journal, snapshots[0], snapshots[1]), DG_OK);
    struct dg_change change;
    assert_true(dg_journal_find_relation(journal, DG_STR("public"), DG_STR("leads"), &change));
    assert_int_equal(change.kind, DG_CHANGE_RELATION_MOVED);
    assert_string_equal(change.new_name, "archive");
    assert_true(dg_journal_find_relation(journal, DG_STR(""), DG_STR("leads"), &change));
    assert_false(dg_journal_find_relation(journal, DG_STR("archive"), DG_STR("leads"), &change));
    dg_journal_free(journal);
    dg_snapshot_unref(snapshots[0]);
    dg_snapshot_unref(snapshots[1]);
}

static void the_newest_loss_of_a_name_is_found_with_its_window(void **state)
{
    (void)state;
    static const char *const columns[] = {"a email", "a mail", "a email", "a -"};
    struct dg_journal *journal = dg_journal_new(8);
    struct dg_snapshot *older = NULL;
    for (int i = 0; i < 4; i++) {
        struct dg_snapshot *newer = snapshot_of(&(struct table){100, "leads", columns[i]}, 1, (i + 1) * 1000);
        if (older != NULL)
            assert_int_equal(dg_journal_record(journal, older, newer), DG_OK);
        dg_snapshot_unref(older);
        older = newer;
    }
    struct dg_change change;
    assert_true(dg_journal_find_column(journal, 100, DG_STR("email"), &change));
    assert_int_equal(change.kind, DG_CHANGE_COLUMN_DROPPED);
    assert_int_equal(change.after_us, 3000);
    assert_int_equal(change.before_us, 4000);
    assert_true(dg_journal_find_column(journal, 100, DG_STR("mail"), &change));
    assert_int_equal(change.kind, DG_CHANGE_COLUMN_RENAMED);
    assert_false(dg_journal_find_column(journal, 101, DG_STR("email"), &change));
    assert_false(dg_journal_find_column(journal, 100, DG_STR("a"), &change));
    dg_journal_free(journal);
    dg_snapshot_unref(older);
}

static void a_change_is_found_by_kind_and_by_the_column_that_is_there_now(void **state)
{
    (void)state;
    struct dg_snapshot *older = snapshot_of(&(struct table){100, "leads", "a b"}, 1, 1000);
    struct dg_snapshot *newer = snapshot_of(&(struct table){100, "leads", "a - b c"}, 1, 2000);
    struct dg_journal *journal = dg_journal_new(8);
    assert_int_equal(dg_journal_record(journal, older, newer), DG_OK);
    struct dg_change change;
    /* b is another column by now, of attnum 3. */
    assert_true(dg_journal_find_change(journal, 100, 3, DG_CHANGES(COLUMN_REPLACED), &change));
    assert_string_equal(change.column, "b");
    assert_false(dg_journal_find_change(journal, 100, 2, DG_CHANGES(COLUMN_REPLACED), &change));
    assert_true(
        dg_journal_find_change(journal, 100, 0, DG_CHANGES(COLUMN_ADDED) | DG_CHANGES(COLUMN_RETYPED), &change));
    assert_string_equal(change.column, "c");
    assert_false(dg_journal_find_change(journal, 100, 0, DG_CHANGES(COLUMN_RETYPED), &change));
    assert_false(dg_journal_find_change(journal, 101, 4, DG_CHANGES(COLUMN_ADDED), &change));
    dg_journal_free(journal);
    dg_snapshot_unref(older);
    dg_snapshot_unref(newer);
}

static void a_window_begins_when_the_table_itself_was_last_read(void **state)
{
    (void)state;
    const struct table tables[] = {{100, "leads", "a"}, {200, "orders", "a"}};
    struct dg_snapshot *first = snapshot_of(tables, 2, 1000);
    struct dg_builder *builder = dg_builder_new_from(first, SAMPLE_MAX_BYTES);
    assert_int_equal(dg_builder_forget_relations(builder, &(dg_oid){200}, 1), DG_OK);
    sample_table(builder, 200, "orders", "a");
    struct dg_snapshot *patched = sample_finish(builder, 2000);
    const struct table later[] = {{100, "leads", "b"}, {200, "orders", "b"}, {300, "fresh", "a"}};
    struct dg_snapshot *last = snapshot_of(later, 3, 3000);
    struct dg_journal *journal = dg_journal_new(8);
    assert_int_equal(dg_journal_record(journal, patched, last), DG_OK);
    struct dg_change changes[8];
    assert_int_equal(dg_journal_copy(journal, changes, 8), 3);
    assert_int_equal(changes[0].after_us, 1000);
    assert_int_equal(changes[1].after_us, 2000);
    assert_int_equal(changes[2].after_us, 1000);
    dg_journal_free(journal);
    dg_snapshot_unref(first);
    dg_snapshot_unref(patched);
    dg_snapshot_unref(last);
}

static void temporary_tables_and_indexes_are_not_told_of(void **state)
{
    (void)state;
    struct dg_snapshot *older = sample_finish(sample_builder(), OLDER_US);
    struct dg_builder *builder = sample_builder();
    const struct dg_relation index = {
        .oid = 1, .namespace_oid = SAMPLE_PUBLIC, .name = "i", .kind = 'i', .persistence = 'p'};
    const struct dg_relation scratch = {
        .oid = 2, .namespace_oid = SAMPLE_PUBLIC, .name = "t", .kind = 'r', .persistence = 't'};
    assert_int_equal(dg_builder_relation(builder, &index), DG_OK);
    assert_int_equal(dg_builder_relation(builder, &scratch), DG_OK);
    struct dg_snapshot *newer = sample_finish(builder, NEWER_US);
    struct dg_journal *journal = dg_journal_new(8);
    struct dg_change change;
    assert_int_equal(dg_journal_record(journal, older, newer), DG_OK);
    assert_int_equal(dg_journal_copy(journal, &change, 1), 0);
    dg_journal_free(journal);
    dg_snapshot_unref(older);
    dg_snapshot_unref(newer);
}

static void a_full_journal_forgets_the_oldest(void **state)
{
    (void)state;
    struct dg_journal *journal = dg_journal_new(3);
    struct dg_snapshot *older = sample_finish(sample_builder(), 0);
    for (int i = 1; i <= 10; i++) {
        struct dg_builder *builder = sample_builder();
        sample_table(builder, 100, i % 2 == 0 ? "even" : "odd", "a");
        struct dg_snapshot *newer = sample_finish(builder, i);
        assert_int_equal(dg_journal_record(journal, older, newer), DG_OK);
        dg_snapshot_unref(older);
        older = newer;
    }
    struct dg_change changes[8];
    assert_int_equal(dg_journal_copy(journal, changes, 8), 3);
    assert_int_equal(changes[0].before_us, 8);
    assert_int_equal(changes[2].before_us, 10);
    dg_journal_free(journal);
    dg_snapshot_unref(older);
}

static void a_restored_database_leaves_room_for_other_changes(void **state)
{
    (void)state;
    struct dg_snapshot *snapshots[2];
    for (dg_oid i = 0; i < 2; i++) {
        struct dg_builder *builder = sample_builder();
        for (dg_oid k = 0; k < 500; k++) {
            char name[16];
            snprintf(name, sizeof name, "t%03u", k);
            sample_table(builder, 1000 + i * 10000 + k * 3, name, i == 1 && k == 250 ? "a c" : "a b");
        }
        snapshots[i] = sample_finish(builder, i + 1);
    }
    struct dg_journal *journal = dg_journal_new(100);
    assert_int_equal(dg_journal_record(journal, snapshots[0], snapshots[1]), DG_OK);
    struct dg_change changes[100];
    size_t n = dg_journal_copy(journal, changes, 100);
    size_t n_replaced = 0;
    for (size_t i = 0; i < n; i++)
        n_replaced += changes[i].kind == DG_CHANGE_RELATION_REPLACED;
    assert_in_range(n_replaced, 1, 51);
    struct dg_change change;
    /* Found under the oid that the table has now. */
    assert_true(dg_journal_find_column(journal, 11000 + 750, DG_STR("b"), &change));
    assert_false(dg_journal_find_relation(journal, DG_STR("public"), DG_STR("t001"), &change));
    dg_journal_free(journal);
    dg_snapshot_unref(snapshots[0]);
    dg_snapshot_unref(snapshots[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_difference_is_told_by_identity),
        cmocka_unit_test(a_table_in_another_schema_has_moved),
        cmocka_unit_test(the_newest_loss_of_a_name_is_found_with_its_window),
        cmocka_unit_test(a_change_is_found_by_kind_and_by_the_column_that_is_there_now),
        cmocka_unit_test(a_window_begins_when_the_table_itself_was_last_read),
        cmocka_unit_test(temporary_tables_and_indexes_are_not_told_of),
        cmocka_unit_test(a_full_journal_forgets_the_oldest),
        cmocka_unit_test(a_restored_database_leaves_room_for_other_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
