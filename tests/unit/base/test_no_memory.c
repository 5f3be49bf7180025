/* Every allocation of base fails once: what is held stays whole, nothing leaks, and the failure is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/map.h"
#include "base/metrics.h"
#include "base/text.h"
#include "no_memory.h"

/* Fills a table; true if all went in. Whatever failed, what is in is found and what is not is not. */
static bool fill_map(unsigned fail_at)
{
    int values[20];
    bool in[20];
    char key[2] = "a";
    struct dg_map map;
    dg_map_init(&map, 100);
    no_memory_at(fail_at);
    for (int i = 0; i < 20; i++, key[0]++) {
        enum dg_status status = dg_map_put(&map, dg_str_of(key), &values[i], NULL);
        assert_true(status == DG_OK || status == DG_NO_MEMORY);
        in[i] = status == DG_OK;
    }
    bool failed = no_memory_happened();
    key[0] = 'a';
    for (int i = 0; i < 20; i++, key[0]++)
        assert_ptr_equal(dg_map_find(&map, dg_str_of(key)), in[i] ? &values[i] : NULL);
    dg_map_fini(&map, NULL);
    return !failed;
}

static void a_map_stays_whole(void **state)
{
    (void)state;
    unsigned n = 1;
    while (!fill_map(n))
        n++;
    assert_true(n > 20); /* each key is an allocation */
}

static void a_buffer_keeps_its_bytes(void **state)
{
    (void)state;
    char bytes[5000] = {0};
    struct dg_buffer buffer;
    dg_buffer_init(&buffer, 65536);
    no_memory_at(1);
    assert_int_equal(dg_buffer_append(&buffer, "abc", 3), DG_NO_MEMORY);
    assert_true(no_memory_happened());
    assert_int_equal(dg_buffer_append(&buffer, "abc", 3), DG_OK);
    no_memory_at(1);
    assert_int_equal(dg_buffer_append(&buffer, bytes, sizeof bytes), DG_NO_MEMORY);
    assert_true(no_memory_happened());
    assert_true(dg_str_is(dg_buffer_view(&buffer), "abc"));
    dg_buffer_fini(&buffer);
}

static void a_text_keeps_what_it_has(void **state)
{
    (void)state;
    struct dg_text text;
    dg_text_init(&text, 65536);
    dg_text_cstr(&text, "abc");
    no_memory_at(1);
    dg_text_printf(&text, "%0500d", 1);
    assert_true(no_memory_happened());
    assert_true(text.failed);
    dg_text_cstr(&text, "d");
    assert_string_equal(dg_text_get(&text), "abc");
    dg_text_fini(&text);
}

static void an_arena_gives_null(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 65536);
    no_memory_at(1);
    assert_null(dg_arena_strdup(&arena, "abc"));
    assert_true(no_memory_happened());
    assert_int_equal(arena.reserved_bytes, 0);
    assert_string_equal(dg_arena_strdup(&arena, "abc"), "abc");
    dg_arena_fini(&arena);
}

static bool make_everything(unsigned fail_at)
{
    no_memory_at(fail_at);
    struct dg_mailbox *mailbox = dg_mailbox_new();
    struct dg_log *log = dg_log_new(2, DG_LOG_TEXT, DG_LOG_ERROR, 8192);
    struct dg_metrics *metrics = dg_metrics_new();
    struct dg_metrics_shard *shard = metrics == NULL ? NULL : dg_metrics_shard_new(metrics);
    bool failed = no_memory_happened();
    bool all = mailbox != NULL && log != NULL && metrics != NULL && shard != NULL;
    assert_int_equal(all, !failed);
    dg_mailbox_free(mailbox);
    dg_log_free(log);
    dg_metrics_free(metrics);
    return !failed;
}

static void what_cannot_be_made_is_null(void **state)
{
    (void)state;
    unsigned n = 1;
    while (!make_everything(n))
        n++;
    assert_true(n > 4);
}

static void a_series_without_memory_counts_as_overflow(void **state)
{
    (void)state;
    const char *const labels[] = {"shop", "main"};
    for (unsigned n = 1; n <= 2; n++) {
        struct dg_metrics *metrics = dg_metrics_new();
        no_memory_at(n);
        dg_metrics_add(metrics, DG_FAMILY_ANNOTATIONS, labels, 1);
        assert_true(no_memory_happened());
        assert_int_equal(dg_metrics_overflows(metrics, DG_FAMILY_ANNOTATIONS), 1);
        dg_metrics_add(metrics, DG_FAMILY_ANNOTATIONS, labels, 1);
        assert_true(dg_metrics_get(metrics, DG_FAMILY_ANNOTATIONS, labels) == 1);
        dg_metrics_free(metrics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_stays_whole),           cmocka_unit_test(a_buffer_keeps_its_bytes),
        cmocka_unit_test(a_text_keeps_what_it_has),    cmocka_unit_test(an_arena_gives_null),
        cmocka_unit_test(what_cannot_be_made_is_null), cmocka_unit_test(a_series_without_memory_counts_as_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
