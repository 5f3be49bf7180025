/*
 * malloc and its like in front of the real ones; see short_of_memory.h.
 *
 * Invariants: an allocation is refused before anything was asked of the real allocator, and what was given came from it,
 * so that free() needs no wrapper. The dynamic linker and the sanitizers are never refused anything: they abort without
 * memory. Nothing here allocates, and nothing fails before the page is there, which is before main. This file is built
 * without sanitizers: it is called before they are ready.
 */
#include "short_of_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

#define MAX_RANGES 64

/* ---- the real allocators: a sanitizer's, or the C library's -------------------------------------------------------- */

extern void *__interceptor_malloc(size_t size) __attribute__((weak));
extern void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *memory, size_t size) __attribute__((weak));
extern void *__interceptor_memalign(size_t alignment, size_t size) __attribute__((weak));
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void *real_malloc(size_t size)
{
    return __interceptor_malloc != NULL ? __interceptor_malloc(size) : __libc_malloc(size);
}

static void *real_calloc(size_t n, size_t size)
{
    return __interceptor_calloc != NULL ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}

static void *real_realloc(void *memory, size_t size)
{
    return __interceptor_realloc != NULL ? __interceptor_realloc(memory, size) : __libc_realloc(memory, size);
}

static void *real_memalign(size_t alignment, size_t size)
{
    return __interceptor_memalign != NULL ? __interceptor_memalign(alignment, size) : __libc_memalign(alignment, size);
}

/* ---- whose code asks ----------------------------------------------------------------------------------------------- */

struct range {
    uintptr_t begin;
    uintptr_t end;
    unsigned module;
};

static struct range ranges[MAX_RANGES];
static size_t n_ranges;
static struct short_page own_page;
static struct short_page *page = &own_page;
static __thread bool is_inside;

static unsigned module_of_name(const char *name)
{
    static const struct {
        const char *part;
        unsigned module;
    } table[] = {{"/ld-", 0},
                 {"libasan", 0},
                 {"libubsan", 0},
                 {"libtsan", 0},
                 {"libgcc_s", 0},
                 {"libevent", SHORT_LIBEVENT},
                 {"libcjson", SHORT_CJSON},
                 {"libssl.", SHORT_OPENSSL},
                 {"libcrypto.", SHORT_OPENSSL},
                 {"libpq.", SHORT_LIBPQ},
                 {"libpg_query", SHORT_PG_QUERY},
                 {"libc.", SHORT_LIBC}};
    if (name[0] == '\0')
        return SHORT_OURS;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strstr(name, table[i].part) != NULL)
            return table[i].module;
    return SHORT_OTHERS;
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (size_t i = 0; i < info->dlpi_phnum && n_ranges < MAX_RANGES; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0)
            ranges[n_ranges++] = (struct range){begin, begin + header->p_memsz, module_of_name(info->dlpi_name)};
    }
    return 0;
}

static unsigned module_of(const void *caller)
{
    uintptr_t address = (uintptr_t)caller;
    for (size_t i = 0; i < n_ranges; i++)
        if (address >= ranges[i].begin && address < ranges[i].end)
            return ranges[i].module;
    return SHORT_OTHERS;
}

/* ---- the page ------------------------------------------------------------------------------------------------------ */

__attribute__((constructor)) static void open_page(void)
{
    (void)dl_iterate_phdr(add_ranges, NULL);
    const char *path = getenv("DG_SHORT_OF_MEMORY");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *mapped = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED)
        page = mapped;
    (void)close(fd);
}

struct short_page *short_page(void)
{
    return page;
}

static _Unwind_Reason_Code remember_frame(struct _Unwind_Context *context, void *unused)
{
    uint64_t n = atomic_load(&page->n_frames);
    (void)unused;
    if (n == SHORT_MAX_FRAMES)
        return _URC_END_OF_STACK;
    atomic_store(&page->frames[n], _Unwind_GetIP(context));
    atomic_store(&page->n_frames, n + 1);
    return _URC_NO_REASON;
}

static bool fails(const void *caller)
{
    uint64_t first = atomic_load_explicit(&page->first, memory_order_relaxed);
    if (first == 0 || is_inside || (module_of(caller) & atomic_load(&page->modules)) == 0)
        return false;
    uint64_t number = atomic_fetch_add(&page->n_counted, 1) + 1;
    if (number < first || number - first >= atomic_load(&page->n_failing))
        return false;
    if (atomic_fetch_add(&page->n_failed, 1) == 0) {
        is_inside = true;
        (void)_Unwind_Backtrace(remember_frame, NULL);
        is_inside = false;
    }
    errno = ENOMEM;
    return true;
}

/* What the dynamic linker keeps looks like a leak of ours, since it asks through us. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:ld-linux";
}

/* ---- what the program and its libraries call ----------------------------------------------------------------------- */

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : real_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : real_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : real_realloc(memory, size);
}

void *reallocarray(void *memory, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || fails(__builtin_return_address(0)))
        return NULL;
    return real_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : real_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *made = fails(__builtin_return_address(0)) ? NULL : real_memalign(alignment, size);
    if (made == NULL)
        return ENOMEM;
    *memory = made;
    return 0;
}

static char *copy_of(const char *text, size_t len, const void *caller)
{
    char *made = fails(caller) ? NULL : real_malloc(len + 1);
    if (made == NULL)
        return NULL;
    memcpy(made, text, len);
    made[len] = '\0';
    return made;
}

#undef strdup
#undef strndup
char *strdup(const char *text)
{
    return copy_of(text, strlen(text), __builtin_return_address(0));
}

char *strndup(const char *text, size_t max)
{
    return copy_of(text, strnlen(text, max), __builtin_return_address(0));
}
