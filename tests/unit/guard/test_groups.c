/*
 * Drift groups: opened by errors, closed by a snapshot that satisfies them or by silence, shown as JSON and gauge.
 */
#include "guard/groups.h"

#include "shop.h"
#include "unit.h"

struct fixture {
    struct dg_metrics *metrics;
    struct dg_groups *groups;
};

static struct fixture make(size_t max_groups)
{
    struct dg_metrics *metrics = dg_metrics_new();
    return (struct fixture){metrics, dg_groups_new(max_groups, metrics)};
}

static void free_fixture(struct fixture *fixture)
{
    dg_groups_free(fixture->groups);
    dg_metrics_free(fixture->metrics);
}

static const struct dg_guard_place shop_place = {"shop", "main", "127.0.0.1:5432"};

static struct dg_group_event event_of(const char *relation, const char *column, const char *kind)
{
    return (struct dg_group_event){.place = &shop_place,
                                   .schema = "public",
                                   .relation = relation,
                                   .column = column,
                                   .kind = kind,
                                   .sqlstate = column[0] == '\0' ? "42P01" : "42703",
                                   .application = "web",
                                   .text = DG_STR("SELECT user_email FROM leads WHERE id = 4711"),
                                   .now_us = SHOP_AFTER_US,
                                   .now_ms = 5000};
}

static double gauge(const struct fixture *fixture, const char *relation, const char *column, const char *kind)
{
    const char *labels[] = {"shop", "main", "127.0.0.1:5432", relation, column, kind};
    return dg_metrics_get(fixture->metrics, DG_FAMILY_DRIFT, labels);
}

static bool json_has(const struct fixture *fixture, const char *piece)
{
    struct dg_text text;
    dg_text_init(&text, 1 << 20);
    dg_groups_print(fixture->groups, &text);
    bool has = strstr(dg_text_get(&text), piece) != NULL;
    dg_text_fini(&text);
    return has;
}

static void test_errors_open_one_group_and_count(void **state)
{
    (void)state;
    struct fixture fixture = make(10);
    struct dg_group_event event = event_of("leads", "user_email", "column_renamed");
    assert_true(dg_groups_record(fixture.groups, &event));
    event.application = "worker";
    event.now_us += 2000000;
    assert_false(dg_groups_record(fixture.groups, &event));
    assert_int_equal(dg_groups_open_count(fixture.groups), 1);
    assert_true(gauge(&fixture, "public.leads", "user_email", "column_renamed") == 1);
    assert_true(json_has(&fixture, "\"relation\":\"public.leads\",\"column\":\"user_email\""));
    assert_true(json_has(&fixture, "\"state\":\"open\",\"count\":2"));
    assert_true(json_has(&fixture, "\"first_seen\":\"2026-11-21T02:13:07.000Z\""));
    assert_true(json_has(&fixture, "\"last_seen\":\"2026-11-21T02:13:09.000Z\""));
    assert_true(json_has(&fixture, "\"applications\":[\"web\",\"worker\"]"));
    free_fixture(&fixture);
}

static void test_literals_are_replaced(void **state)
{
    (void)state;
    struct fixture fixture = make(10);
    struct dg_group_event event = event_of("leads", "user_email", "column_renamed");
    dg_groups_record(fixture.groups, &event);
    assert_true(json_has(&fixture, "SELECT user_email FROM leads WHERE id = $"));
    assert_false(json_has(&fixture, "4711"));
    free_fixture(&fixture);
}

static void test_each_part_of_the_key_makes_a_group(void **state)
{
    (void)state;
    struct fixture fixture = make(10);
    struct dg_group_event events[] = {
        event_of("leads", "user_email", "column_renamed"), event_of("leads", "user_email", "column_dropped"),
        event_of("leads", "name", "column_renamed"),       event_of("orders", "user_email", "column_renamed"),
        event_of("leads", "user_email", "column_renamed"), event_of("leads", "user_email", "column_renamed"),
        event_of("leads", "user_email", "column_renamed"), event_of("leads", "user_email", "column_renamed"),
    };
    const struct dg_guard_place others[] = {
        {"other", "main", "127.0.0.1:5432"}, {"shop", "main", "127.0.0.1:5433"}, {"shop", "replica", "127.0.0.1:5432"}};
    for (size_t i = 0; i < 3; i++)
        events[4 + i].place = &others[i];
    events[7].schema = "tenant";
    for (size_t i = 0; i < 8; i++)
        assert_true(dg_groups_record(fixture.groups, &events[i]));
    assert_int_equal(dg_groups_open_count(fixture.groups), 8);
    free_fixture(&fixture);
}

static void test_a_snapshot_that_satisfies_closes(void **state)
{
    (void)state;
    struct fixture fixture = make(10);
    struct dg_group_event events[] = {
        event_of("leads", "user_email", "column_renamed"), event_of("orders", "confirmed_at", "column_absent"),
        event_of("customers", "", "relation_absent"),      event_of("orders", "", "relation_absent"),
        event_of("", "nothing", "column_absent"),          event_of("tickets", "", "relation_elsewhere"),
    };
    events[5].schema = "";
    for (size_t i = 0; i < 6; i++)
        dg_groups_record(fixture.groups, &events[i]);
    const struct dg_guard_place elsewhere = {"shop", "main", "127.0.0.1:5433"};
    struct shop shop = shop_before();
    struct dg_snapshot *snapshot = shop_snapshot(&shop);
    dg_groups_satisfy(fixture.groups, &elsewhere, snapshot);
    assert_int_equal(dg_groups_open_count(fixture.groups), 6);
    /* leads.user_email and the relation orders are there. */
    dg_groups_satisfy(fixture.groups, &shop_place, snapshot);
    assert_int_equal(dg_groups_open_count(fixture.groups), 4);
    assert_true(gauge(&fixture, "public.leads", "user_email", "column_renamed") == 0);
    assert_true(gauge(&fixture, "public.orders", "confirmed_at", "column_absent") == 1);
    assert_true(json_has(&fixture, "\"state\":\"closed\""));
    dg_snapshot_unref(snapshot);

    shop.has_confirmed_at = true;
    snapshot = shop_snapshot(&shop);
    dg_groups_satisfy(fixture.groups, &shop_place, snapshot);
    assert_int_equal(dg_groups_open_count(fixture.groups), 3);
    dg_snapshot_unref(snapshot);

    assert_true(dg_groups_record(fixture.groups, &events[0])); /* drifted again */
    assert_true(gauge(&fixture, "public.leads", "user_email", "column_renamed") == 1);
    free_fixture(&fixture);
}

static void test_silence_closes(void **state)
{
    (void)state;
    struct fixture fixture = make(10);
    struct dg_group_event event = event_of("leads", "user_email", "column_renamed");
    dg_groups_record(fixture.groups, &event);
    dg_groups_expire(fixture.groups, 5999, 1000);
    assert_int_equal(dg_groups_open_count(fixture.groups), 1);
    dg_groups_expire(fixture.groups, 6000, 1000);
    assert_int_equal(dg_groups_open_count(fixture.groups), 0);
    free_fixture(&fixture);
}

static void test_a_full_table_forgets_closed_groups_first(void **state)
{
    (void)state;
    struct fixture fixture = make(2);
    struct dg_group_event old = event_of("leads", "user_email", "column_renamed");
    struct dg_group_event event = event_of("leads", "b", "column_absent");
    dg_groups_record(fixture.groups, &old);
    event.now_ms += 10;
    dg_groups_record(fixture.groups, &event);
    event.column = "c";
    assert_false(dg_groups_record(fixture.groups, &event)); /* both are open */
    assert_true(json_has(&fixture, "\"dropped\":1"));
    dg_groups_expire(fixture.groups, old.now_ms + 5, 5); /* the old one only */
    assert_true(dg_groups_record(fixture.groups, &event));
    assert_int_equal(dg_groups_open_count(fixture.groups), 2);
    assert_false(json_has(&fixture, "user_email\",\"kind"));
    free_fixture(&fixture);
}

static void test_lists_in_a_group_are_bounded(void **state)
{
    (void)state;
    struct fixture fixture = make(2);
    struct dg_group_event event = event_of("leads", "user_email", "column_renamed");
    for (int i = 0; i < 40; i++) {
        char application[16];
        char text[64];
        snprintf(application, sizeof(application), "app%02d", i);
        snprintf(text, sizeof(text), "SELECT user_email AS a%02d FROM leads", i);
        event.application = application;
        event.text = dg_str_of(text);
        dg_groups_record(fixture.groups, &event);
    }
    assert_true(json_has(&fixture, "app15"));
    assert_false(json_has(&fixture, "app16"));
    assert_true(json_has(&fixture, "a04"));
    assert_false(json_has(&fixture, "a05"));
    assert_true(json_has(&fixture, "\"count\":40"));
    free_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_open_one_group_and_count),
        cmocka_unit_test(test_literals_are_replaced),
        cmocka_unit_test(test_each_part_of_the_key_makes_a_group),
        cmocka_unit_test(test_a_snapshot_that_satisfies_closes),
        cmocka_unit_test(test_silence_closes),
        cmocka_unit_test(test_a_full_table_forgets_closed_groups_first),
        cmocka_unit_test(test_lists_in_a_group_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
