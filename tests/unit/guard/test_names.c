/*
 * Which names are near, which is nearest, and what is written at an error's position.
 */
#include "guard/names.h"

#include "unit.h"

static void test_near_and_far(void **state)
{
    static const struct {
        const char *written;
        const char *candidate;
        bool is_near;
    } rows[] = {
        {"user_email", "user_emial", true},
        {"user_email", "contact_email", true},
        {"userEmail", "user_email", true},
        {"useremail", "user_email", true},
        {"confirmed_at", "created_at", true},
        {"status", "status_code", true},
        {"id", "is", true},
        {"id", "total", false},
        {"name", "subject", false},
        {"emailOfContact", "email", true},
        {"x_y", "y_x", false},
        {"order", "orders", true},
        {"ORDER", "order", true},
        {"confirmed_at", "total", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned distance = dg_names_distance(dg_str_of(rows[i].written), dg_str_of(rows[i].candidate));
        if ((distance < DG_NAMES_FAR) != rows[i].is_near)
            fail_msg("%s and %s: %u", rows[i].written, rows[i].candidate, distance);
    }
}

static void test_the_nearest_come_first_and_are_few(void **state)
{
    (void)state;
    struct dg_nearest nearest = {.written = DG_STR("user_email")};
    const char *const names[] = {"email_of_another_one", "contact_email", "total",
                                 "user_emial",           "user_id",       "user_emails"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        dg_nearest_add(&nearest, names[i], NULL);
    assert_int_equal(nearest.n, DG_NEAREST_MAX);
    assert_string_equal(nearest.items[0].name, "user_emial"); /* one edit each; the one that was met first */
    assert_string_equal(nearest.items[1].name, "user_emails");
    assert_string_equal(nearest.items[2].name, "contact_email");
}

static void test_the_name_at_a_position(void **state)
{
    static const struct {
        const char *text;
        const char *position;
        size_t n;
        const char *last; /* NULL: none */
    } rows[] = {
        {"SELECT Nope FROM t", "8", 1, "nope"},
        {"SELECT a.Nope FROM t", "8", 2, "nope"},
        {"SELECT p . t /* c */ . \"No\"\"pe\" FROM t", "8", 3, "No\"pe"},
        {"SELECT '\xC3\xA9', nope", "13", 1, "nope"},
        {"SELECT nope", "12", 0, NULL},
        {"SELECT nope", "99", 0, NULL},
        {"SELECT nope", "0", 0, NULL},
        {"SELECT nope", "", 0, NULL},
        {"SELECT nope", "x", 0, NULL},
        {"SELECT nope", "99999999999999999999", 0, NULL},
        {"SELECT 1", "8", 0, NULL},
        {"SELECT U&\"n\\006fpe\"", "8", 0, NULL},
        {"SELECT a.b.c.d.e", "8", 0, NULL},
        {"SELECT t.*", "8", 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dg_written_name name;
        bool is_found = dg_name_at_position(dg_str_of(rows[i].text), dg_str_of(rows[i].position), &name);
        if (is_found != (rows[i].last != NULL))
            fail_msg("%s at %s", rows[i].text, rows[i].position);
        if (is_found) {
            assert_int_equal(name.n, rows[i].n);
            assert_string_equal(name.parts[name.n - 1], rows[i].last);
        }
    }
}

static void test_a_name_longer_than_its_room_is_none(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'a', sizeof(text));
    struct dg_written_name name;
    assert_false(dg_name_at_position((struct dg_str){text, sizeof(text)}, DG_STR("1"), &name));
    assert_true(dg_name_at_position((struct dg_str){text, 255}, DG_STR("1"), &name));
    assert_false(dg_name_at_position((struct dg_str){text, 256}, DG_STR("1"), &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near_and_far),
        cmocka_unit_test(test_the_nearest_come_first_and_are_few),
        cmocka_unit_test(test_the_name_at_a_position),
        cmocka_unit_test(test_a_name_longer_than_its_room_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
