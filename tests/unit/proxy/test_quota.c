/*
 * Sessions by user and by database: exactly as many as the limits say, and nothing is remembered of who is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proxy/quota.h"

static const struct dg_quota_limits none = {0, 0};
static const struct dg_quota_limits two_and_three = {2, 3};

static enum dg_quota_answer enter(struct dg_quota *quota, const char *user, const char *database,
                                  const struct dg_quota_limits *limits, struct dg_quota_place *place)
{
    *place = (struct dg_quota_place){NULL, NULL};
    return dg_quota_enter(quota, NULL, dg_str_of(user), dg_str_of(database), limits, place);
}

static void a_limit_is_reached_and_free_again(void **state)
{
    (void)state;
    struct dg_quota *quota = dg_quota_new();
    struct dg_quota_place places[3], refused;
    assert_int_equal(enter(quota, "ann", "shop", &two_and_three, &places[0]), DG_QUOTA_ADMITTED);
    assert_int_equal(enter(quota, "ann", "shop", &two_and_three, &places[1]), DG_QUOTA_ADMITTED);
    assert_int_equal(enter(quota, "ann", "other", &two_and_three, &refused), DG_QUOTA_USER_IS_FULL);
    assert_int_equal(enter(quota, "bob", "shop", &two_and_three, &places[2]), DG_QUOTA_ADMITTED);
    assert_int_equal(enter(quota, "eve", "shop", &two_and_three, &refused), DG_QUOTA_DATABASE_IS_FULL);
    assert_null(refused.user);
    dg_quota_leave(quota, &refused);
    assert_int_equal(enter(quota, "ann", "shop", &two_and_three, &refused), DG_QUOTA_USER_IS_FULL);
    dg_quota_leave(quota, &places[0]);
    dg_quota_leave(quota, &places[0]);
    assert_int_equal(enter(quota, "ann", "shop", &two_and_three, &places[0]), DG_QUOTA_ADMITTED);
    for (size_t i = 0; i < 3; i++)
        dg_quota_leave(quota, &places[i]);
    dg_quota_free(quota);
}

/* The same name is another one as a database, and on another server. */
static void names_are_kept_apart(void **state)
{
    (void)state;
    static const struct dg_quota_limits one = {1, 1};
    static const char servers[2];
    struct dg_quota *quota = dg_quota_new();
    struct dg_quota_place places[3] = {{0}};
    assert_int_equal(enter(quota, "ann", "bob", &one, &places[0]), DG_QUOTA_ADMITTED);
    assert_int_equal(enter(quota, "bob", "ann", &one, &places[1]), DG_QUOTA_ADMITTED);
    assert_int_equal(dg_quota_enter(quota, &servers[1], dg_str_of("ann"), dg_str_of("bob"), &one, &places[2]),
                     DG_QUOTA_ADMITTED);
    for (size_t i = 0; i < 3; i++)
        dg_quota_leave(quota, &places[i]);
    dg_quota_free(quota);
}

/* PostgreSQL cuts names at 63 bytes: with another ending it is the same user. */
static void a_long_name_does_not_evade(void **state)
{
    (void)state;
    static const struct dg_quota_limits one = {1, 0};
    char name[80], same[80];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(same, name, sizeof name);
    same[63] = 'y';
    struct dg_quota *quota = dg_quota_new();
    struct dg_quota_place place, refused;
    assert_int_equal(enter(quota, name, "shop", &one, &place), DG_QUOTA_ADMITTED);
    assert_int_equal(enter(quota, same, "shop", &one, &refused), DG_QUOTA_USER_IS_FULL);
    same[62] = 'y';
    assert_int_equal(enter(quota, same, "shop", &one, &refused), DG_QUOTA_ADMITTED);
    dg_quota_leave(quota, &refused);
    dg_quota_leave(quota, &place);
    dg_quota_free(quota);
}

/* An empty database is none: physical replication has no database. */
static void nobody_is_not_counted(void **state)
{
    (void)state;
    static const struct dg_quota_limits one = {0, 1};
    struct dg_quota *quota = dg_quota_new();
    struct dg_quota_place a, b;
    assert_int_equal(enter(quota, "ann", "", &one, &a), DG_QUOTA_ADMITTED);
    assert_int_equal(enter(quota, "ann", "", &one, &b), DG_QUOTA_ADMITTED);
    assert_int_equal(dg_quota_names(quota), 1);
    dg_quota_leave(quota, &a);
    dg_quota_leave(quota, &b);
    dg_quota_free(quota);
}

/* Neither those who went nor those who were refused leave anything behind. */
static void names_die_with_their_sessions(void **state)
{
    (void)state;
    static const struct dg_quota_limits one = {1, 1};
    struct dg_quota *quota = dg_quota_new();
    struct dg_quota_place first, place;
    assert_int_equal(enter(quota, "ann", "shop", &one, &first), DG_QUOTA_ADMITTED);
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(enter(quota, name, "shop", &one, &place), DG_QUOTA_DATABASE_IS_FULL);
        assert_int_equal(enter(quota, "ann", name, &one, &place), DG_QUOTA_USER_IS_FULL);
        assert_int_equal(enter(quota, name, name, &one, &place), DG_QUOTA_ADMITTED);
        dg_quota_leave(quota, &place);
    }
    assert_int_equal(dg_quota_names(quota), 2);
    dg_quota_leave(quota, &first);
    assert_int_equal(dg_quota_names(quota), 0);
    dg_quota_free(quota);
}

#define N_THREADS 4
#define N_ROUNDS 20000

struct crowd {
    struct dg_quota *quota;
    atomic_int n_inside;
    atomic_int n_most;
};

static void *come_and_go(void *context)
{
    struct crowd *crowd = context;
    for (int i = 0; i < N_ROUNDS; i++) {
        struct dg_quota_place place;
        if (enter(crowd->quota, "ann", "shop", &two_and_three, &place) != DG_QUOTA_ADMITTED)
            continue;
        int n = atomic_fetch_add(&crowd->n_inside, 1) + 1;
        int most = atomic_load(&crowd->n_most);
        while (n > most && !atomic_compare_exchange_weak(&crowd->n_most, &most, n))
            ;
        atomic_fetch_sub(&crowd->n_inside, 1);
        dg_quota_leave(crowd->quota, &place);
    }
    return NULL;
}

static void a_limit_holds_across_threads(void **state)
{
    (void)state;
    struct crowd crowd = {.quota = dg_quota_new()};
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &crowd), 0);
    for (size_t i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(atomic_load(&crowd.n_most), 1, 2);
    assert_int_equal(dg_quota_names(crowd.quota), 0);
    struct dg_quota_place place;
    assert_int_equal(enter(crowd.quota, "ann", "shop", &none, &place), DG_QUOTA_ADMITTED);
    dg_quota_leave(crowd.quota, &place);
    dg_quota_free(crowd.quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_is_reached_and_free_again), cmocka_unit_test(names_are_kept_apart),
        cmocka_unit_test(a_long_name_does_not_evade),        cmocka_unit_test(nobody_is_not_counted),
        cmocka_unit_test(names_die_with_their_sessions),     cmocka_unit_test(a_limit_holds_across_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
