/* Published objects: readers see whole objects, the newest at last, and each is freed once, with its last reference. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/published.h"

#define N_READERS 4
#define N_VERSIONS 3000

static atomic_uint n_alive;

struct object {
    struct dg_shared shared; /* first member */
    unsigned number;
    unsigned same_number; /* a reader that sees half an object sees them differ */
};

static void free_object(struct dg_shared *shared)
{
    struct object *object = (struct object *)shared;
    object->number = 0; /* a write that a reader still reading would race with: the thread sanitizer looks */
    atomic_fetch_sub(&n_alive, 1);
    free(object);
}

static struct dg_shared *object_new(unsigned number)
{
    struct object *object = calloc(1, sizeof *object);
    assert_non_null(object);
    dg_shared_init(&object->shared, free_object);
    object->number = number;
    object->same_number = number;
    atomic_fetch_add(&n_alive, 1);
    return &object->shared;
}

static unsigned number_of(const struct dg_shared *shared)
{
    return ((const struct object *)shared)->number;
}

static void a_reader_is_told_of_each_change_once(void **state)
{
    (void)state;
    struct dg_published slot;
    struct dg_reader reader = {0, NULL};
    dg_published_init(&slot);
    assert_false(dg_published_refresh(&slot, &reader));
    assert_null(reader.object);

    dg_published_set(&slot, object_new(1));
    assert_true(dg_published_refresh(&slot, &reader));
    assert_int_equal(number_of(reader.object), 1);
    assert_false(dg_published_refresh(&slot, &reader));

    dg_published_set(&slot, NULL);
    assert_int_equal(number_of(reader.object), 1); /* the reader's own reference */
    assert_true(dg_published_refresh(&slot, &reader));
    assert_null(reader.object);
    assert_int_equal(atomic_load(&n_alive), 0);
    dg_reader_fini(&reader);
    dg_published_fini(&slot);
}

static void an_object_lives_until_its_last_reference(void **state)
{
    (void)state;
    struct dg_published slot;
    dg_published_init(&slot);
    assert_null(dg_published_get(&slot));
    dg_published_set(&slot, object_new(1));
    struct dg_shared *held = dg_published_get(&slot);
    struct dg_shared *again = dg_shared_ref(held);
    dg_published_set(&slot, object_new(2));
    assert_int_equal(atomic_load(&n_alive), 2);
    dg_shared_unref(held);
    assert_int_equal(atomic_load(&n_alive), 2);
    dg_shared_unref(again);
    assert_int_equal(atomic_load(&n_alive), 1);
    dg_published_fini(&slot);
    assert_int_equal(atomic_load(&n_alive), 0);
    assert_null(dg_shared_ref(NULL));
    dg_shared_unref(NULL);
}

struct race {
    struct dg_published slot;
    atomic_bool failed; /* cmocka's assertions belong to the main thread */
};

/* Reads until the last version is there; numbers only grow. */
static void *read_versions(void *argument)
{
    struct race *race = argument;
    struct dg_reader reader = {0, NULL};
    unsigned seen = 0;
    while (seen < N_VERSIONS) {
        (void)dg_published_refresh(&race->slot, &reader);
        const struct object *object = (const struct object *)reader.object;
        if (object == NULL)
            continue;
        if (object->number != object->same_number || object->number < seen)
            atomic_store(&race->failed, true);
        seen = object->number;
    }
    dg_reader_fini(&reader);
    return NULL;
}

static void *get_versions(void *argument)
{
    struct race *race = argument;
    unsigned seen = 0;
    while (seen < N_VERSIONS) {
        struct dg_shared *object = dg_published_get(&race->slot);
        if (object != NULL && number_of(object) < seen)
            atomic_store(&race->failed, true);
        seen = object == NULL ? seen : number_of(object);
        dg_shared_unref(object);
    }
    return NULL;
}

static void readers_and_a_writer_run_together(void **state)
{
    (void)state;
    struct race race;
    dg_published_init(&race.slot);
    atomic_init(&race.failed, false);
    pthread_t threads[N_READERS];
    for (int i = 0; i < N_READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i % 2 == 0 ? read_versions : get_versions, &race), 0);
    for (unsigned number = 1; number <= N_VERSIONS; number++)
        dg_published_set(&race.slot, object_new(number));
    for (int i = 0; i < N_READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(atomic_load(&race.failed));
    assert_int_equal(atomic_load(&n_alive), 1);
    dg_published_fini(&race.slot);
    assert_int_equal(atomic_load(&n_alive), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_is_told_of_each_change_once),
        cmocka_unit_test(an_object_lives_until_its_last_reference),
        cmocka_unit_test(readers_and_a_writer_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
