/* Status codes: the table is whole, and an error says what it was told to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"

static void every_status_has_a_name_and_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < DG_STATUS_COUNT; i++) {
        assert_non_null(dg_status_name((enum dg_status)i));
        assert_true(dg_status_text((enum dg_status)i)[0] != '\0');
    }
    assert_string_equal(dg_status_name(DG_NO_MEMORY), "NO_MEMORY");
    assert_int_equal(dg_status_kind(DG_PROTOCOL), DG_KIND_PEER);
    assert_int_equal(dg_status_kind(DG_AGAIN), DG_KIND_AGAIN);
}

static void a_number_that_is_no_status_reads_as_internal(void **state)
{
    (void)state;
    assert_string_equal(dg_status_name((enum dg_status)DG_STATUS_COUNT), "INTERNAL");
    assert_int_equal(dg_status_kind((enum dg_status)4711), DG_KIND_INTERNAL);
}

static void an_error_is_filled_and_its_status_returned(void **state)
{
    (void)state;
    struct dg_error error;
    assert_int_equal(dg_error_set(&error, DG_IO, "could not open \"%s\"", "x"), DG_IO);
    assert_int_equal(error.status, DG_IO);
    assert_string_equal(error.text, "could not open \"x\"");
    assert_int_equal(dg_error_set(NULL, DG_LIMIT, "nobody listens"), DG_LIMIT);
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    (void)state;
    struct dg_error error;
    (void)dg_error_set(&error, DG_IO, "%0600d", 1);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_and_a_text),
        cmocka_unit_test(a_number_that_is_no_status_reads_as_internal),
        cmocka_unit_test(an_error_is_filled_and_its_status_returned),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
