/* Clocks: how times read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

static void times_read_as_iso(void **state)
{
    (void)state;
    const struct {
        int64_t wall_us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1795226400 * SECOND - 72773 * SECOND + 123456, "2026-11-20T05:47:07.123Z"},
        {951782400 * SECOND, "2000-02-29T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_MAX, "1970-01-01T00:00:00.775Z"}, /* no calendar has it: shown as the epoch, never past the buffer */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[DG_CLOCK_ISO_BYTES];
        dg_clock_format_iso(cases[i].wall_us, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void the_date_stands_in_front_only_on_another_day(void **state)
{
    (void)state;
    char text[DG_CLOCK_ISO_BYTES];
    dg_clock_format_utc(10 * DAY + 7987 * SECOND, 10 * DAY + 50000 * SECOND, text);
    assert_string_equal(text, "02:13:07 UTC");
    dg_clock_format_utc(10 * DAY + 7987 * SECOND, 11 * DAY, text);
    assert_string_equal(text, "1970-01-11 02:13:07 UTC");
    dg_clock_format_utc(10 * DAY + 7987 * SECOND, 375 * DAY, text); /* the same day of the year, a year later */
    assert_string_equal(text, "1970-01-11 02:13:07 UTC");
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    (void)state;
    uint64_t before = dg_clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = dg_clock_monotonic_ns();
        assert_true(now >= before);
        before = now;
    }
    assert_true(dg_clock_monotonic_ms() >= before / 1000000);
    assert_true(dg_clock_wall_us() > 1700000000 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_read_as_iso),
        cmocka_unit_test(the_date_stands_in_front_only_on_another_day),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
