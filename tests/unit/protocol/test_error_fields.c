/*
 * ErrorResponse: read into fields, and written back with DETAIL, HINT and object fields added.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "protocol/error_fields.h"

#define BODY(literal) ((struct dg_str){(literal), sizeof(literal)}) /* with the literal's NUL as terminator */

/* As PostgreSQL 15 sends it. */
static const char missing_column[] = "SERROR\0VERROR\0C42703\0Mcolumn \"x\" does not exist\0Hlook elsewhere\0P8\0"
                                     "Fparse_relation.c\0L3666\0RerrorMissingColumn\0";

/* The body of the one message in `out`, its header checked. */
static struct dg_str written_body(const struct dg_buffer *out)
{
    struct dg_str message = dg_buffer_view(out);
    assert_true(message.len >= 5);
    assert_int_equal(message.data[0], 'E');
    const unsigned char *b = (const unsigned char *)message.data;
    assert_int_equal((size_t)b[1] << 24 | (size_t)b[2] << 16 | (size_t)b[3] << 8 | (size_t)b[4], message.len - 1);
    return (struct dg_str){message.data + 5, message.len - 5};
}

static void rewritten(struct dg_str body, const struct dg_error_addition *addition, struct dg_str expected)
{
    struct dg_buffer out;
    dg_buffer_init(&out, 4096);
    assert_int_equal(dg_error_fields_rewrite(body, addition, &out), DG_OK);
    struct dg_str got = written_body(&out);
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, expected.len);
    dg_buffer_fini(&out);
}

static void fields_of_a_real_error_are_found(void **state)
{
    (void)state;
    struct dg_error_fields fields;
    struct dg_str body = {missing_column, sizeof missing_column};
    assert_int_equal(dg_error_fields_parse(body, &fields), DG_OK);
    assert_true(dg_str_is(fields.severity, "ERROR"));
    assert_true(dg_str_is(fields.severity_english, "ERROR"));
    assert_true(dg_str_is(fields.sqlstate, "42703"));
    assert_true(dg_str_is(fields.message, "column \"x\" does not exist"));
    assert_true(dg_str_is(fields.hint, "look elsewhere"));
    assert_true(dg_str_is(fields.position, "8"));
    assert_true(dg_str_is(fields.routine, "errorMissingColumn"));
    assert_null(fields.detail.data);
    assert_null(fields.where.data);
}

static void malformed_bodies_are_refused(void **state)
{
    (void)state;
    static const struct dg_str bodies[] = {
        {"", 0}, {"S", 1}, {"SERROR", 6}, {"SERROR\0", 7}, {"SERROR\0\0x", 9}, {"\0\0", 2},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct dg_error_fields fields;
        struct dg_buffer out;
        dg_buffer_init(&out, 64);
        assert_int_equal(dg_error_fields_parse(bodies[i], &fields), DG_PROTOCOL);
        assert_int_equal(dg_error_fields_rewrite(bodies[i], &(struct dg_error_addition){0}, &out), DG_PROTOCOL);
        assert_int_equal(dg_buffer_len(&out), 0);
        dg_buffer_fini(&out);
    }
}

static void an_error_without_fields_is_an_error(void **state)
{
    (void)state;
    struct dg_error_fields fields;
    assert_int_equal(dg_error_fields_parse((struct dg_str){"", 1}, &fields), DG_OK);
    assert_null(fields.sqlstate.data);
}

static void detail_and_hint_come_after_the_servers_own(void **state)
{
    (void)state;
    struct dg_error_addition addition = {.detail = "our detail", .hint = "our hint"};
    rewritten((struct dg_str){missing_column, sizeof missing_column}, &addition,
              BODY("SERROR\0VERROR\0C42703\0Mcolumn \"x\" does not exist\0Dour detail\0Hlook elsewhere\nour hint\0P8\0"
                   "Fparse_relation.c\0L3666\0RerrorMissingColumn\0"));
}

static void object_fields_are_set_only_where_absent(void **state)
{
    (void)state;
    struct dg_error_addition addition = {.schema = "public", .table = "t", .column = "c"};
    rewritten(BODY("SERROR\0C23502\0Mm\0Wwhere\0tfirst\0dtype\0nname\0"), &addition,
              BODY("SERROR\0C23502\0Mm\0Wwhere\0spublic\0tfirst\0cc\0dtype\0nname\0"));
}

static void an_empty_addition_changes_nothing(void **state)
{
    (void)state;
    struct dg_error_addition addition = {"", "", "", "", ""};
    struct dg_str body = {missing_column, sizeof missing_column};
    rewritten(body, &addition, body);
    rewritten(body, &(struct dg_error_addition){0}, body);
}

static void fields_are_put_in_the_protocols_order_and_unknown_ones_last(void **state)
{
    (void)state;
    rewritten(BODY("?new\0RroutineX\0Mm\0C00000\0!x\0SERROR\0"), &(struct dg_error_addition){0},
              BODY("SERROR\0C00000\0Mm\0RroutineX\0?new\0!x\0"));
}

static void of_a_field_given_twice_the_last_counts_once(void **state)
{
    (void)state;
    struct dg_error_addition addition = {.detail = "three"};
    rewritten(BODY("SERROR\0Done\0Dtwo\0"), &addition, BODY("SERROR\0Dtwo\nthree\0"));
}

static void no_room_leaves_what_was_there(void **state)
{
    (void)state;
    struct dg_buffer out;
    for (size_t room = 1; room < 60; room++) {
        dg_buffer_init(&out, room);
        assert_int_equal(dg_buffer_append(&out, "x", 1), DG_OK);
        assert_int_equal(dg_error_response_write(&out, "FATAL", "08006", "connection lost", "because of this", NULL),
                         DG_LIMIT);
        assert_int_equal(dg_buffer_len(&out), 1);
        dg_buffer_fini(&out);
    }
}

static void an_error_of_ours_has_the_fields_given(void **state)
{
    (void)state;
    struct dg_buffer out;
    dg_buffer_init(&out, 4096);
    assert_int_equal(dg_error_response_write(&out, "FATAL", "08006", "gone", NULL, "wait"), DG_OK);
    struct dg_str expected = BODY("SFATAL\0VFATAL\0C08006\0Mgone\0Hwait\0");
    struct dg_str got = written_body(&out);
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, expected.len);
    dg_buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_a_real_error_are_found),
        cmocka_unit_test(malformed_bodies_are_refused),
        cmocka_unit_test(an_error_without_fields_is_an_error),
        cmocka_unit_test(detail_and_hint_come_after_the_servers_own),
        cmocka_unit_test(object_fields_are_set_only_where_absent),
        cmocka_unit_test(an_empty_addition_changes_nothing),
        cmocka_unit_test(fields_are_put_in_the_protocols_order_and_unknown_ones_last),
        cmocka_unit_test(of_a_field_given_twice_the_last_counts_once),
        cmocka_unit_test(no_room_leaves_what_was_there),
        cmocka_unit_test(an_error_of_ours_has_the_fields_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
