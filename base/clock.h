/*
 * Clocks: monotonic for deadlines and durations, wall for what people read. Nothing else calls clock_gettime.
 */
#ifndef DG_BASE_CLOCK_H
#define DG_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t dg_clock_monotonic_ns(void);
uint64_t dg_clock_monotonic_ms(void);
/* Microseconds since 1970-01-01 UTC. */
int64_t dg_clock_wall_us(void);

#define DG_CLOCK_ISO_BYTES 32
/* "2026-11-21T02:13:07.123Z" into out (at least DG_CLOCK_ISO_BYTES). */
void dg_clock_format_iso(int64_t wall_us, char *out);
/* "02:13:07 UTC", with the date in front ("2026-11-21 02:13:07 UTC") when it is not the day of `today_us`. */
void dg_clock_format_utc(int64_t wall_us, int64_t today_us, char *out);

#endif
