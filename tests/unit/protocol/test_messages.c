/*
 * Bodies of single messages: each is read to its exact end, and a byte too many or too few is not inspectable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "protocol/backend.h"
#include "protocol/frontend.h"

#define BODY(literal) ((struct dg_str){(literal), sizeof(literal) - 1})

static void a_query_is_one_string(void **state)
{
    (void)state;
    struct dg_str text;
    assert_int_equal(dg_query_read(BODY("select 1\0"), &text), DG_OK);
    assert_true(dg_str_is(text, "select 1"));
    assert_int_equal(dg_query_read(BODY("\0"), &text), DG_OK);
    assert_int_equal(text.len, 0);
    assert_int_equal(dg_query_read(BODY("select 1"), &text), DG_PROTOCOL);
    assert_int_equal(dg_query_read(BODY("select 1\0; drop\0"), &text), DG_PROTOCOL);
    assert_int_equal(dg_query_read(BODY(""), &text), DG_PROTOCOL);
}

static void a_parse_has_name_text_and_types(void **state)
{
    (void)state;
    struct dg_parse_message message;
    assert_int_equal(dg_parse_read(BODY("s1\0select $1, $2\0\0\2\0\0\0\27\0\0\4\23"), &message), DG_OK);
    assert_true(dg_str_is(message.name, "s1"));
    assert_true(dg_str_is(message.text, "select $1, $2"));
    assert_int_equal(message.n_param_types, 2);
    uint32_t oids[2];
    dg_parse_copy_param_types(&message, oids);
    assert_int_equal(oids[0], 23);
    assert_int_equal(oids[1], 1043);
    assert_int_equal(dg_parse_read(BODY("\0\0\0\0"), &message), DG_OK);
    assert_int_equal(dg_parse_read(BODY("s1\0select\0\0\1\0\0\0"), &message), DG_PROTOCOL);
    assert_int_equal(dg_parse_read(BODY("s1\0select\0\0\0x"), &message), DG_PROTOCOL);
    assert_int_equal(dg_parse_read(BODY("s1\0select\0\0"), &message), DG_PROTOCOL);
    assert_int_equal(dg_parse_read(BODY("s1\0select"), &message), DG_PROTOCOL);
    assert_int_equal(dg_parse_read(BODY("\0\0\xff\xff"), &message), DG_PROTOCOL);
}

static void names_are_read_from_a_prefix(void **state)
{
    (void)state;
    struct dg_str portal, statement, name;
    assert_int_equal(dg_bind_read_names(BODY("p\0s\0\0\1"), &portal, &statement), DG_OK);
    assert_true(dg_str_is(portal, "p") && dg_str_is(statement, "s"));
    assert_int_equal(dg_bind_read_names(BODY("p\0s"), &portal, &statement), DG_AGAIN);
    assert_int_equal(dg_bind_read_names(BODY(""), &portal, &statement), DG_AGAIN);
    assert_int_equal(dg_parse_read_name(BODY("s\0sel"), &name), DG_OK);
    assert_true(dg_str_is(name, "s"));
    assert_int_equal(dg_parse_read_name(BODY("s"), &name), DG_AGAIN);
}

static void a_target_is_a_statement_or_a_portal(void **state)
{
    (void)state;
    char kind;
    struct dg_str name;
    assert_int_equal(dg_target_read(BODY("Ss1\0"), &kind, &name), DG_OK);
    assert_int_equal(kind, 'S');
    assert_true(dg_str_is(name, "s1"));
    assert_int_equal(dg_target_read(BODY("P\0"), &kind, &name), DG_OK);
    assert_int_equal(dg_target_read(BODY("X\0"), &kind, &name), DG_PROTOCOL);
    assert_int_equal(dg_target_read(BODY("S"), &kind, &name), DG_PROTOCOL);
    assert_int_equal(dg_target_read(BODY("Ss\0x"), &kind, &name), DG_PROTOCOL);
    assert_int_equal(dg_target_read(BODY(""), &kind, &name), DG_PROTOCOL);
}

static void an_execute_has_a_portal_and_a_row_limit(void **state)
{
    (void)state;
    struct dg_str portal;
    uint32_t max_rows;
    assert_int_equal(dg_execute_read(BODY("c\0\0\0\1\0"), &portal, &max_rows), DG_OK);
    assert_int_equal(max_rows, 256);
    assert_int_equal(dg_execute_read(BODY("c\0\0\0\1"), &portal, &max_rows), DG_PROTOCOL);
    assert_int_equal(dg_execute_read(BODY("c\0\0\0\1\0\0"), &portal, &max_rows), DG_PROTOCOL);
}

static void backend_messages_end_where_their_fields_end(void **state)
{
    (void)state;
    struct dg_str name, value, key, tag;
    uint32_t pid;
    char status;
    assert_int_equal(dg_parameter_status_read(BODY("TimeZone\0UTC\0"), &name, &value), DG_OK);
    assert_true(dg_str_is(name, "TimeZone") && dg_str_is(value, "UTC"));
    assert_int_equal(dg_parameter_status_read(BODY("TimeZone\0UTC"), &name, &value), DG_PROTOCOL);
    assert_int_equal(dg_backend_key_read(BODY("\0\0\1\0keyk"), &pid, &key), DG_OK);
    assert_int_equal(pid, 256);
    assert_true(dg_str_is(key, "keyk"));
    assert_int_equal(dg_backend_key_read(BODY("\0\0\1\0key"), &pid, &key), DG_PROTOCOL);
    assert_int_equal(dg_backend_key_read(BODY("\0\0\1"), &pid, &key), DG_PROTOCOL);
    assert_int_equal(dg_ready_for_query_read(BODY("T"), &status), DG_OK);
    assert_int_equal(status, 'T');
    assert_int_equal(dg_ready_for_query_read(BODY(""), &status), DG_PROTOCOL);
    assert_int_equal(dg_ready_for_query_read(BODY("II"), &status), DG_PROTOCOL);
    assert_int_equal(dg_command_complete_read(BODY("SELECT 1\0"), &tag), DG_OK);
    assert_true(dg_str_is(tag, "SELECT 1"));
    assert_int_equal(dg_command_complete_read(BODY("SELECT 1"), &tag), DG_PROTOCOL);
}

static void what_is_written_is_what_the_protocol_says(void **state)
{
    (void)state;
    struct dg_buffer out;
    dg_buffer_init(&out, 64);
    assert_int_equal(dg_ready_for_query_write(&out, 'I'), DG_OK);
    assert_int_equal(dg_close_unnamed_write(&out), DG_OK);
    assert_true(dg_str_equal(dg_buffer_view(&out), BODY("Z\0\0\0\5IC\0\0\0\6S\0")));
    dg_buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_one_string),
        cmocka_unit_test(a_parse_has_name_text_and_types),
        cmocka_unit_test(names_are_read_from_a_prefix),
        cmocka_unit_test(a_target_is_a_statement_or_a_portal),
        cmocka_unit_test(an_execute_has_a_portal_and_a_row_limit),
        cmocka_unit_test(backend_messages_end_where_their_fields_end),
        cmocka_unit_test(what_is_written_is_what_the_protocol_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
