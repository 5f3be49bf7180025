/*
 * Clocks and how people read them.
 */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_SECOND 1000000000u
#define US_PER_SECOND 1000000

static struct timespec read_clock(clockid_t clock)
{
    struct timespec now = {0, 0};
    /* Fails only for a clock that does not exist. */
    (void)clock_gettime(clock, &now);
    return now;
}

uint64_t dg_clock_monotonic_ns(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t dg_clock_monotonic_ms(void)
{
    return dg_clock_monotonic_ns() / 1000000u;
}

int64_t dg_clock_wall_us(void)
{
    struct timespec now = read_clock(CLOCK_REALTIME);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

/* The UTC calendar of a time; *us_rest gets the microseconds within the second. */
static struct tm split(int64_t wall_us, int *us_rest)
{
    int64_t seconds = wall_us / US_PER_SECOND;
    int64_t rest = wall_us % US_PER_SECOND;
    if (rest < 0) { /* before 1970, C's division rounds the wrong way */
        rest += US_PER_SECOND;
        seconds--;
    }
    time_t time = (time_t)seconds;
    struct tm calendar = {0};
    if (gmtime_r(&time, &calendar) == NULL || calendar.tm_year > 9999 - 1900)
        calendar = (struct tm){.tm_mday = 1, .tm_year = 70};
    *us_rest = (int)rest;
    return calendar;
}

void dg_clock_format_iso(int64_t wall_us, char *out)
{
    int us = 0;
    struct tm time = split(wall_us, &us);
    /* strftime of numbers only: no locale changes them. */
    size_t len = strftime(out, DG_CLOCK_ISO_BYTES, "%Y-%m-%dT%H:%M:%S", &time);
    (void)snprintf(out + len, DG_CLOCK_ISO_BYTES - len, ".%03uZ", (unsigned)us / 1000u % 1000u);
}

void dg_clock_format_utc(int64_t wall_us, int64_t today_us, char *out)
{
    int us = 0;
    struct tm time = split(wall_us, &us);
    struct tm today = split(today_us, &us);
    bool same_day = time.tm_year == today.tm_year && time.tm_yday == today.tm_yday;
    if (same_day)
        (void)strftime(out, DG_CLOCK_ISO_BYTES, "%H:%M:%S UTC", &time);
    else
        (void)strftime(out, DG_CLOCK_ISO_BYTES, "%Y-%m-%d %H:%M:%S UTC", &time);
}
