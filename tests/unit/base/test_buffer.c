/* The byte queue: bytes come out as they went in, memory is bounded and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"

static void an_empty_queue_holds_no_memory(void **state)
{
    (void)state;
    struct dg_buffer buffer;
    dg_buffer_init(&buffer, 65536);
    assert_null(buffer.data);
    assert_int_equal(dg_buffer_view(&buffer).len, 0);
    assert_int_equal(dg_buffer_append(&buffer, "abc", 3), DG_OK);
    assert_int_equal(buffer.cap, 4096);
    dg_buffer_consume(&buffer, 3);
    assert_null(buffer.data);
    assert_int_equal(buffer.cap, 0);
    assert_int_equal(dg_buffer_append(&buffer, NULL, 0), DG_OK);
    assert_null(buffer.data);
    dg_buffer_fini(&buffer);
}

static void beyond_the_limit_nothing_changes(void **state)
{
    (void)state;
    char bytes[5000] = {0};
    struct dg_buffer buffer;
    dg_buffer_init(&buffer, 5000);
    assert_int_equal(dg_buffer_append(&buffer, bytes, sizeof bytes), DG_OK);
    assert_int_equal(dg_buffer_append(&buffer, "x", 1), DG_LIMIT);
    assert_null(dg_buffer_reserve(&buffer, 1));
    assert_int_equal(dg_buffer_append(&buffer, "x", SIZE_MAX), DG_LIMIT);
    assert_int_equal(dg_buffer_len(&buffer), 5000);
    assert_int_equal(buffer.cap, 5000);
    dg_buffer_consume(&buffer, 1);
    assert_int_equal(dg_buffer_append(&buffer, "x", 1), DG_OK);
    assert_int_equal(dg_buffer_len(&buffer), 5000);
    dg_buffer_fini(&buffer);
}

static void a_small_limit_is_kept_too(void **state)
{
    (void)state;
    struct dg_buffer buffer;
    dg_buffer_init(&buffer, 10);
    assert_int_equal(dg_buffer_append(&buffer, "0123456789", 10), DG_OK);
    assert_int_equal(buffer.cap, 10);
    assert_int_equal(dg_buffer_append(&buffer, "x", 1), DG_LIMIT);
    dg_buffer_fini(&buffer);
}

static void reserve_then_added_is_an_append(void **state)
{
    (void)state;
    struct dg_buffer buffer;
    dg_buffer_init(&buffer, 65536);
    uint8_t *room = dg_buffer_reserve(&buffer, 100);
    assert_non_null(room);
    assert_true(dg_buffer_room(&buffer) >= 100);
    memcpy(room, "hello", 5);
    assert_int_equal(dg_buffer_len(&buffer), 0);
    dg_buffer_added(&buffer, 5);
    assert_true(dg_str_is(dg_buffer_view(&buffer), "hello"));
    dg_buffer_fini(&buffer);
}

static void released_room_is_used_before_more_is_taken(void **state)
{
    (void)state;
    char bytes[4096] = {0};
    struct dg_buffer buffer;
    dg_buffer_init(&buffer, 1 << 20);
    assert_int_equal(dg_buffer_append(&buffer, bytes, sizeof bytes), DG_OK);
    dg_buffer_consume(&buffer, 4000);
    assert_int_equal(dg_buffer_append(&buffer, bytes, 4000), DG_OK);
    assert_int_equal(buffer.cap, 4096);
    assert_int_equal(dg_buffer_len(&buffer), 4096);
    dg_buffer_fini(&buffer);
}

/* Pieces of changing length in and out, against a counter that says what each byte must be. */
static void bytes_keep_their_order(void **state)
{
    (void)state;
    struct dg_buffer buffer;
    dg_buffer_init(&buffer, 20000);
    unsigned written = 0, read = 0;
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t piece[997];
        size_t n_in = (round * 7919u) % sizeof piece;
        for (size_t i = 0; i < n_in; i++)
            piece[i] = (uint8_t)((written + i) % 251);
        if (dg_buffer_append(&buffer, piece, n_in) == DG_OK)
            written += (unsigned)n_in;
        struct dg_str view = dg_buffer_view(&buffer);
        size_t n_out = (round * 104729u) % 1000;
        if (n_out > view.len)
            n_out = view.len;
        for (size_t i = 0; i < n_out; i++)
            assert_int_equal((uint8_t)view.data[i], (read + i) % 251);
        dg_buffer_consume(&buffer, n_out);
        read += (unsigned)n_out;
        assert_true(buffer.cap <= 20000);
    }
    assert_int_equal(dg_buffer_len(&buffer), written - read);
    dg_buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_queue_holds_no_memory),
        cmocka_unit_test(beyond_the_limit_nothing_changes),
        cmocka_unit_test(a_small_limit_is_kept_too),
        cmocka_unit_test(reserve_then_added_is_an_append),
        cmocka_unit_test(released_room_is_used_before_more_is_taken),
        cmocka_unit_test(bytes_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
