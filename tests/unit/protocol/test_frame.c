/*
 * Frame headers: what is read, what is waited for, what is refused; and the table of message types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "protocol/frame.h"

static void headers_are_read_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        char bytes[5];
        enum dg_status status;
        uint32_t body_bytes;
    } cases[] = {
        {"an empty body", {'S', 0, 0, 0, 4}, DG_OK, 0},
        {"a body of one byte", {'Z', 0, 0, 0, 5}, DG_OK, 1},
        {"all four bytes count", {'d', 1, 2, 3, 4}, DG_OK, 0x01020300},
        {"2 GB - 1 that may be true", {'d', 0x7f, '\xff', '\xff', '\xff'}, DG_OK, 0x7ffffffb},
        {"an unknown type passes", {'~', 0, 0, 0, 4}, DG_OK, 0},
        {"length 3 does not even count itself", {'Q', 0, 0, 0, 3}, DG_PROTOCOL, 0},
        {"length 0", {'Q', 0, 0, 0, 0}, DG_PROTOCOL, 0},
        {"2 GB", {'Q', '\x80', 0, 0, 0}, DG_PROTOCOL, 0},
        {"minus one", {'Q', '\xff', '\xff', '\xff', '\xff'}, DG_PROTOCOL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dg_frame frame = {0, 0};
        enum dg_status status = dg_frame_read((struct dg_str){cases[i].bytes, 5}, &frame);
        if (status != cases[i].status || (status == DG_OK && frame.body_bytes != cases[i].body_bytes))
            fail_msg("%s: %s, body of %u", cases[i].what, dg_status_name(status), (unsigned)frame.body_bytes);
        if (status == DG_OK)
            assert_int_equal(frame.type, cases[i].bytes[0]);
    }
}

static void a_header_may_be_split_anywhere(void **state)
{
    (void)state;
    struct dg_frame frame;
    for (size_t len = 0; len < 5; len++)
        assert_int_equal(dg_frame_read((struct dg_str){"Q\0\0\0\5", len}, &frame), DG_AGAIN);
    /* Even where the length is already seen to be wrong, nothing is decided before the header is whole. */
    assert_int_equal(dg_frame_read((struct dg_str){"Q\xff\xff\xff", 4}, &frame), DG_AGAIN);
}

static void the_two_sides_have_types_of_their_own(void **state)
{
    (void)state;
    assert_string_equal(dg_message_type_find(DG_SIDE_FRONTEND, 'D')->name, "DESCRIBE");
    assert_string_equal(dg_message_type_find(DG_SIDE_BACKEND, 'D')->name, "DATA_ROW");
    assert_string_equal(dg_message_type_find(DG_SIDE_FRONTEND, 'Q')->name, "QUERY");
    assert_null(dg_message_type_find(DG_SIDE_BACKEND, 'Q'));
    assert_null(dg_message_type_find(DG_SIDE_FRONTEND, 'Z'));
    assert_null(dg_message_type_find(DG_SIDE_FRONTEND, '\0'));
    assert_null(dg_message_type_find(DG_SIDE_FRONTEND, '\xff'));
    for (int code = 0; code < 256; code++) {
        const struct dg_message_type *type = dg_message_type_find(DG_SIDE_BACKEND, (char)code);
        if (type != NULL)
            assert_true(type->min_body_bytes <= type->max_body_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read_or_refused),
        cmocka_unit_test(a_header_may_be_split_anywhere),
        cmocka_unit_test(the_two_sides_have_types_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
