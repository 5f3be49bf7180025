/* The arena: aligned memory, one limit, all given back at once. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static void takes_nothing_until_asked(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 1 << 20);
    assert_null(arena.blocks);
    assert_int_equal(arena.reserved_bytes, 0);
    dg_arena_fini(&arena);
}

static void memory_is_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 1 << 20);
    unsigned char *before = NULL;
    for (size_t size = 1; size < 3000; size += 97) {
        unsigned char *memory = dg_arena_zalloc(&arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, size); /* the next zalloc must not see it */
        assert_ptr_not_equal(memory, before);
        before = memory;
    }
    assert_true(arena.used_bytes <= arena.reserved_bytes);
    dg_arena_fini(&arena);
}

static void never_reserves_above_its_limit(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 10000);
    assert_null(dg_arena_alloc(&arena, 10001));
    size_t n = 0;
    while (dg_arena_alloc(&arena, 100) != NULL) {
        n++;
        assert_true(arena.reserved_bytes <= 10000);
    }
    assert_in_range(n, 80, 100);
    assert_null(dg_arena_alloc(&arena, 200));
    dg_arena_fini(&arena);
}

static void an_arena_without_room_gives_nothing(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 0);
    assert_null(dg_arena_alloc(&arena, 1));
    assert_null(dg_arena_strdup(&arena, "x"));
    assert_null(dg_arena_printf(&arena, "%d", 1));
    dg_arena_fini(&arena);
}

static void sizes_that_overflow_give_nothing(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, SIZE_MAX);
    assert_null(dg_arena_alloc(&arena, SIZE_MAX));
    assert_null(dg_arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(dg_arena_array(&arena, SIZE_MAX / 2, 4));
    dg_arena_fini(&arena);
}

static void reset_keeps_one_block_of_ordinary_size(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 1 << 24);
    for (int i = 0; i < 100; i++)
        assert_non_null(dg_arena_alloc(&arena, 4000));
    assert_non_null(dg_arena_alloc(&arena, 1 << 20));
    dg_arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_in_range(arena.reserved_bytes, 1, 65536);
    size_t reserved = arena.reserved_bytes;
    assert_non_null(dg_arena_alloc(&arena, 1000));
    assert_int_equal(arena.reserved_bytes, reserved);
    dg_arena_fini(&arena);
}

static void reset_does_not_keep_a_huge_block(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 1 << 24);
    assert_non_null(dg_arena_alloc(&arena, 1 << 20));
    dg_arena_reset(&arena);
    assert_int_equal(arena.reserved_bytes, 0);
    dg_arena_fini(&arena);
}

static void texts_are_copied_and_ended(void **state)
{
    (void)state;
    struct dg_arena arena;
    dg_arena_init(&arena, 1 << 20);
    assert_string_equal(dg_arena_strdup(&arena, "leads"), "leads");
    assert_string_equal(dg_arena_strndup(&arena, "user_email", 4), "user");
    assert_string_equal(dg_arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(dg_arena_printf(&arena, "%s.%d", "a", 42), "a.42");
    dg_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_nothing_until_asked),        cmocka_unit_test(memory_is_aligned_zeroed_and_apart),
        cmocka_unit_test(never_reserves_above_its_limit),   cmocka_unit_test(an_arena_without_room_gives_nothing),
        cmocka_unit_test(sizes_that_overflow_give_nothing), cmocka_unit_test(reset_keeps_one_block_of_ordinary_size),
        cmocka_unit_test(reset_does_not_keep_a_huge_block), cmocka_unit_test(texts_are_copied_and_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
