/*
 * The program with a wall clock that a test sets: what dg_clock_wall_us says is shifted by the microseconds that stand in
 * the file named by DG_TEST_CLOCK, eight bytes of this machine's order. The linker puts it in the real one's place
 * (--wrap); the monotonic clock is left alone, as the kernel leaves it alone when an administrator sets the time.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int64_t __real_dg_clock_wall_us(void);
int64_t __wrap_dg_clock_wall_us(void);

static _Atomic int64_t none;
static _Atomic int64_t *shift_us = &none;

__attribute__((constructor)) static void map_shift(void)
{
    const char *path = getenv("DG_TEST_CLOCK");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        abort(); /* a test without its clock would test nothing */
    void *page = mmap(NULL, sizeof *shift_us, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED)
        abort();
    shift_us = page;
}

int64_t __wrap_dg_clock_wall_us(void)
{
    return __real_dg_clock_wall_us() + atomic_load(shift_us);
}
