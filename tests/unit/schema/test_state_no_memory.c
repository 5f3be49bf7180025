/* Saving and restoring while each allocation fails once: it works, or it says why and leaves the file as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the first four above. */
#include <cmocka.h>

#include <unistd.h>

#include "no_memory.h"
#include "sample.h"
#include "schema/state.h"
#include "schema/state_format.h"

static struct dg_snapshot *leads_of(const char *columns, int64_t read_at_us)
{
    struct dg_builder *builder = sample_builder();
    sample_table(builder, 100, "leads", columns);
    return sample_finish(builder, read_at_us);
}

static void opening_a_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/dg-test-state-XXXXXX";
    assert_non_null(mkdtemp(folder));
    unsigned n_failures = 0;
    for (unsigned n = 1;; n++) {
        struct dg_state *opened;
        struct dg_error error;
        no_memory_at(n);
        enum dg_status status = dg_state_open(folder, NULL, &opened, &error);
        bool happened = no_memory_happened();
        assert_int_equal(status == DG_OK, opened != NULL);
        dg_state_close(opened);
        if (!happened) {
            assert_int_equal(status, DG_OK);
            break;
        }
        n_failures += status != DG_OK;
    }
    assert_true(n_failures >= 2); /* the state, the path of its lock */
    char lock[64];
    snprintf(lock, sizeof lock, "%s/driftguard.lock", folder);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void printing_and_parsing(void **state)
{
    (void)state;
    struct dg_snapshot *older = leads_of("id user_email", 1000);
    struct dg_snapshot *newer = leads_of("id contact_email", 2000);
    struct dg_journal *journal = dg_journal_new(8);
    assert_int_equal(dg_journal_record(journal, older, newer), DG_OK);
    struct dg_text whole;
    dg_text_init(&whole, SAMPLE_MAX_BYTES);
    dg_state_print(journal, newer, true, &whole);
    unsigned n_failures = 0;
    for (unsigned n = 1;; n++) {
        struct dg_text text;
        dg_text_init(&text, SAMPLE_MAX_BYTES);
        no_memory_at(n);
        dg_state_print(journal, newer, true, &text);
        bool happened = no_memory_happened();
        assert_int_equal(text.failed, happened);
        if (!happened)
            assert_true(dg_str_equal(dg_text_view(&text), dg_text_view(&whole)));
        dg_text_fini(&text);
        if (!happened)
            break;
        n_failures++;
    }
    assert_true(n_failures >= 3); /* the text, the copy of the journal, the oids of types */
    n_failures = 0;
    for (unsigned n = 1;; n++) {
        struct dg_saved saved;
        struct dg_error error;
        no_memory_at(n);
        enum dg_status status = dg_state_parse(dg_text_view(&whole), SAMPLE_MAX_BYTES, &saved, &error);
        bool happened = no_memory_happened();
        if (status == DG_OK) {
            assert_int_equal(saved.changes.n, 1);
            assert_non_null(saved.model);
            dg_saved_fini(&saved);
        } else {
            assert_true(happened);
            assert_int_not_equal(status, DG_UNPARSED); /* the file is not to blame */
        }
        if (!happened)
            break;
        n_failures++;
    }
    assert_true(n_failures >= 5);
    dg_text_fini(&whole);
    dg_journal_free(journal);
    dg_snapshot_unref(older);
    dg_snapshot_unref(newer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(opening_a_folder), cmocka_unit_test(printing_and_parsing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
