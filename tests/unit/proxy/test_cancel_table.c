/*
 * The table of cancel keys: each CancelRequest finds the server and the worker of its session, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "proxy/cancel_table.h"

/* The table only compares these. */
static char memory[4];
#define SESSION_A ((struct dg_session *)&memory[0])
#define SESSION_B ((struct dg_session *)&memory[1])
#define WORKER_A ((struct dg_worker *)&memory[2])
#define WORKER_B ((struct dg_worker *)&memory[3])

static struct dg_route route_to(unsigned short port)
{
    struct dg_route route = {.address.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&route.address.storage, &v4, sizeof v4);
    return route;
}

static void assert_goes_to(struct dg_cancel_table *table, uint32_t pid, struct dg_str key, unsigned short port)
{
    struct dg_cancel_target target;
    dg_cancel_table_find(table, pid, key, &target);
    if (port == 0) {
        assert_false(target.is_known);
        return;
    }
    char text[DG_ADDRESS_TEXT_BYTES], expected[DG_ADDRESS_TEXT_BYTES];
    assert_true(target.is_known);
    dg_address_print(&target.route.address, text);
    snprintf(expected, sizeof expected, "0.0.0.0:%u", (unsigned)port);
    assert_string_equal(text, expected);
}

static void a_key_finds_its_server_until_the_session_ends(void **state)
{
    (void)state;
    struct dg_cancel_table *table = dg_cancel_table_new(10);
    struct dg_route one = route_to(1), two = route_to(2);
    struct dg_cancel_entry *a = dg_cancel_table_add(table, 7, DG_STR("aaaa"), &one, WORKER_A, SESSION_A);
    struct dg_cancel_entry *b = dg_cancel_table_add(table, 7, DG_STR("bbbb"), &two, WORKER_B, SESSION_B);
    assert_non_null(a);
    assert_non_null(b);
    assert_goes_to(table, 7, DG_STR("aaaa"), 1);
    assert_goes_to(table, 7, DG_STR("bbbb"), 2);
    assert_goes_to(table, 8, DG_STR("aaaa"), 0);
    assert_goes_to(table, 7, DG_STR("aaa"), 0);
    assert_goes_to(table, 7, DG_STR("aaaaa"), 0);
    dg_cancel_table_remove(table, a);
    assert_goes_to(table, 7, DG_STR("aaaa"), 0);
    assert_goes_to(table, 7, DG_STR("bbbb"), 2);
    dg_cancel_table_remove(table, b);
    dg_cancel_table_remove(table, NULL);
    dg_cancel_table_free(table);
}

static void only_its_own_worker_gets_the_session(void **state)
{
    (void)state;
    struct dg_cancel_table *table = dg_cancel_table_new(10);
    struct dg_route one = route_to(1);
    struct dg_cancel_entry *a = dg_cancel_table_add(table, 7, DG_STR("aaaa"), &one, WORKER_A, SESSION_A);
    struct dg_cancel_target target;
    assert_ptr_equal(dg_cancel_table_session(table, 7, DG_STR("aaaa"), WORKER_A), SESSION_A);
    assert_null(dg_cancel_table_session(table, 7, DG_STR("aaaa"), WORKER_B));
    dg_cancel_table_find(table, 7, DG_STR("aaaa"), &target);
    assert_null(target.holding);
    dg_cancel_table_set_holding(table, a, true);
    dg_cancel_table_find(table, 7, DG_STR("aaaa"), &target);
    assert_ptr_equal(target.holding, WORKER_A);
    dg_cancel_table_set_holding(table, a, false);
    dg_cancel_table_find(table, 7, DG_STR("aaaa"), &target);
    assert_null(target.holding);
    dg_cancel_table_remove(table, a);
    dg_cancel_table_free(table);
}

static void of_two_equal_keys_the_later_counts_and_the_earlier_removes_only_itself(void **state)
{
    (void)state;
    struct dg_cancel_table *table = dg_cancel_table_new(10);
    struct dg_route one = route_to(1), two = route_to(2);
    struct dg_cancel_entry *a = dg_cancel_table_add(table, 7, DG_STR("aaaa"), &one, WORKER_A, SESSION_A);
    struct dg_cancel_entry *b = dg_cancel_table_add(table, 7, DG_STR("aaaa"), &two, WORKER_B, SESSION_B);
    assert_goes_to(table, 7, DG_STR("aaaa"), 2);
    dg_cancel_table_remove(table, a);
    assert_goes_to(table, 7, DG_STR("aaaa"), 2);
    dg_cancel_table_remove(table, b);
    assert_goes_to(table, 7, DG_STR("aaaa"), 0);
    dg_cancel_table_free(table);
}

static void keys_and_the_table_are_bounded(void **state)
{
    (void)state;
    struct dg_cancel_table *table = dg_cancel_table_new(2);
    struct dg_route one = route_to(1);
    char key[300] = {0};
    assert_null(dg_cancel_table_add(table, 1, (struct dg_str){key, 257}, &one, WORKER_A, SESSION_A));
    struct dg_cancel_entry *longest =
        dg_cancel_table_add(table, 1, (struct dg_str){key, 256}, &one, WORKER_A, SESSION_A);
    struct dg_cancel_entry *second = dg_cancel_table_add(table, 2, DG_STR("aaaa"), &one, WORKER_A, SESSION_A);
    assert_non_null(longest);
    assert_non_null(second);
    assert_null(dg_cancel_table_add(table, 3, DG_STR("aaaa"), &one, WORKER_A, SESSION_A));
    assert_goes_to(table, 1, (struct dg_str){key, 256}, 1);
    assert_goes_to(table, 1, (struct dg_str){key, 257}, 0);
    dg_cancel_table_remove(table, longest);
    dg_cancel_table_remove(table, second);
    dg_cancel_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_finds_its_server_until_the_session_ends),
        cmocka_unit_test(only_its_own_worker_gets_the_session),
        cmocka_unit_test(of_two_equal_keys_the_later_counts_and_the_earlier_removes_only_itself),
        cmocka_unit_test(keys_and_the_table_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
