/* The hash table, against a plain array as the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/map.h"

#define N_KEYS 500

static struct dg_str key_of(unsigned n, char out[16])
{
    int len = snprintf(out, 16, "key%u", n);
    return (struct dg_str){out, (size_t)len};
}

static void finds_what_was_put(void **state)
{
    (void)state;
    int one = 1, two = 2;
    void *old = &one;
    struct dg_map map;
    dg_map_init(&map, 10);
    assert_null(dg_map_find(&map, DG_STR("a")));
    assert_null(dg_map_take(&map, DG_STR("a")));
    assert_int_equal(dg_map_put(&map, DG_STR("a"), &one, &old), DG_OK);
    assert_null(old);
    assert_int_equal(dg_map_put(&map, DG_STR("a"), &two, &old), DG_OK);
    assert_ptr_equal(old, &one);
    assert_ptr_equal(dg_map_find(&map, DG_STR("a")), &two);
    assert_int_equal(map.n_entries, 1);
    assert_ptr_equal(dg_map_take(&map, DG_STR("a")), &two);
    assert_null(dg_map_find(&map, DG_STR("a")));
    dg_map_fini(&map, NULL);
}

/* Prepared statements' names: the unnamed one is "", a name may hold any byte but NUL, and the table
   does not even mind that. */
static void any_bytes_are_a_key(void **state)
{
    (void)state;
    int empty = 0, nul = 0, two_nuls = 0;
    struct dg_map map;
    dg_map_init(&map, 10);
    assert_int_equal(dg_map_put(&map, DG_STR(""), &empty, NULL), DG_OK);
    assert_int_equal(dg_map_put(&map, DG_STR("\0"), &nul, NULL), DG_OK);
    assert_int_equal(dg_map_put(&map, DG_STR("\0\0"), &two_nuls, NULL), DG_OK);
    assert_ptr_equal(dg_map_find(&map, (struct dg_str){NULL, 0}), &empty);
    assert_ptr_equal(dg_map_find(&map, DG_STR("\0")), &nul);
    assert_ptr_equal(dg_map_find(&map, DG_STR("\0\0")), &two_nuls);
    dg_map_fini(&map, NULL);
}

static void keys_are_copied(void **state)
{
    (void)state;
    int value = 0;
    char key[] = "leads";
    struct dg_map map;
    dg_map_init(&map, 10);
    assert_int_equal(dg_map_put(&map, dg_str_of(key), &value, NULL), DG_OK);
    key[0] = 'x';
    assert_ptr_equal(dg_map_find(&map, DG_STR("leads")), &value);
    dg_map_fini(&map, NULL);
}

static void a_full_table_refuses_new_keys_only(void **state)
{
    (void)state;
    int value = 0, other = 0;
    char name[16];
    struct dg_map map;
    dg_map_init(&map, 7);
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(dg_map_put(&map, key_of(i, name), &value, NULL), DG_OK);
    assert_int_equal(dg_map_put(&map, DG_STR("more"), &value, NULL), DG_LIMIT);
    assert_int_equal(dg_map_put(&map, key_of(3, name), &other, NULL), DG_OK);
    assert_ptr_equal(dg_map_take(&map, key_of(3, name)), &other);
    assert_int_equal(dg_map_put(&map, DG_STR("more"), &value, NULL), DG_OK);
    dg_map_fini(&map, NULL);
}

/* Many puts and takes in a fixed mixed order; after each the table and the model agree on that key, at times on all. */
static void agrees_with_a_plain_array(void **state)
{
    (void)state;
    static int values[N_KEYS];
    int *model[N_KEYS] = {NULL};
    size_t n_model = 0;
    unsigned random = 12345;
    char name[16];
    struct dg_map map;
    dg_map_init(&map, N_KEYS);
    for (unsigned step = 0; step < 20000; step++) {
        random = random * 1103515245u + 12345u;
        unsigned n = (random >> 8) % N_KEYS;
        /* Waves of growing and shrinking. */
        bool puts = (random >> 24) % 10 < (step / 2000 % 2 == 0 ? 8u : 2u);
        void *before = model[n];
        if (puts) {
            void *old = NULL;
            assert_int_equal(dg_map_put(&map, key_of(n, name), &values[n], &old), DG_OK);
            assert_ptr_equal(old, before);
            n_model += before == NULL;
            model[n] = &values[n];
        } else {
            assert_ptr_equal(dg_map_take(&map, key_of(n, name)), before);
            n_model -= before != NULL;
            model[n] = NULL;
        }
        assert_int_equal(map.n_entries, n_model);
        for (unsigned i = 0; step % 1000 == 0 && i < N_KEYS; i++)
            assert_ptr_equal(dg_map_find(&map, key_of(i, name)), model[i]);
    }
    dg_map_fini(&map, NULL);
}

/* What deletion leaves behind must not fill the table: with tombstones, this would. */
static void many_keys_that_come_and_go_need_no_more_memory(void **state)
{
    (void)state;
    int value = 0;
    char name[16];
    struct dg_map map;
    dg_map_init(&map, 100);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(dg_map_put(&map, key_of(i, name), &value, NULL), DG_OK);
        assert_ptr_equal(dg_map_take(&map, key_of(i, name)), &value);
    }
    assert_int_equal(map.n_slots, 8);
    dg_map_fini(&map, NULL);
}

static void a_walk_meets_each_entry_once(void **state)
{
    (void)state;
    static int values[N_KEYS];
    char name[16];
    struct dg_map map;
    dg_map_init(&map, N_KEYS);
    size_t position = 0;
    assert_null(dg_map_next(&map, &position, NULL));
    for (unsigned i = 0; i < N_KEYS; i++)
        assert_int_equal(dg_map_put(&map, key_of(i, name), &values[i], NULL), DG_OK);
    bool met[N_KEYS] = {false};
    position = 0;
    struct dg_str key;
    for (int *value; (value = dg_map_next(&map, &position, &key)) != NULL;) {
        size_t n = (size_t)(value - values);
        assert_false(met[n]);
        met[n] = true;
        assert_true(dg_str_equal(key, key_of((unsigned)n, name)));
    }
    for (unsigned i = 0; i < N_KEYS; i++)
        assert_true(met[i]);
    assert_null(dg_map_next(&map, &position, NULL)); /* the end stays the end */
    dg_map_fini(&map, NULL);
}

static void a_walk_may_take_what_it_was_given(void **state)
{
    (void)state;
    static int values[N_KEYS];
    char name[16];
    /* Takes every entry, every second, every third ... */
    for (unsigned every = 1; every < 12; every++) {
        struct dg_map map;
        dg_map_init(&map, N_KEYS);
        for (unsigned i = 0; i < N_KEYS; i++)
            assert_int_equal(dg_map_put(&map, key_of(i, name), &values[i], NULL), DG_OK);
        unsigned n_met[N_KEYS] = {0};
        unsigned n_taken = 0, step = 0;
        size_t position = 0;
        struct dg_str key;
        for (int *value; (value = dg_map_next(&map, &position, &key)) != NULL;) {
            n_met[value - values]++;
            if (step++ % every != 0)
                continue;
            assert_ptr_equal(dg_map_take(&map, key), value);
            n_taken++;
        }
        for (unsigned i = 0; i < N_KEYS; i++)
            assert_int_equal(n_met[i], 1);
        assert_int_equal(map.n_entries, N_KEYS - n_taken);
        dg_map_fini(&map, NULL);
    }
}

static void fini_frees_each_value(void **state)
{
    (void)state;
    char name[16];
    struct dg_map map;
    dg_map_init(&map, 100);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(dg_map_put(&map, key_of(i, name), malloc(8), NULL), DG_OK);
    dg_map_fini(&map, free); /* the leak sanitizer looks */
    assert_int_equal(map.n_entries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(any_bytes_are_a_key),
        cmocka_unit_test(keys_are_copied),
        cmocka_unit_test(a_full_table_refuses_new_keys_only),
        cmocka_unit_test(agrees_with_a_plain_array),
        cmocka_unit_test(many_keys_that_come_and_go_need_no_more_memory),
        cmocka_unit_test(a_walk_meets_each_entry_once),
        cmocka_unit_test(a_walk_may_take_what_it_was_given),
        cmocka_unit_test(fini_frees_each_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
