/*
 * The log's queue and its writer thread. How a line looks is log_line.c's.
 *
 * The queue is a ring of bytes that holds whole lines. A sender copies its line in under a short lock; the writer
 * copies pieces out under the same lock and writes them with the lock released. The writer asks poll() before each
 * write and writes at most PIPE_BUF bytes then, which a pipe takes without blocking: so a reader that has stopped
 * cannot keep the process from ending. dg_log_free gives such a reader STOP_PATIENCE_MS.
 */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_line.h"

#define STOP_PATIENCE_MS 2000
#define POLL_MS 100

struct dg_log {
    int fd;
    enum dg_log_format format;
    atomic_int threshold;
    atomic_uint_fast64_t n_dropped;
    pthread_t writer;
    atomic_bool stopping;
    uint64_t give_up_at_ms; /* set before `stopping` */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    char *ring;
    size_t size;
    size_t head; /* of the first byte to write */
    size_t len;
    uint64_t n_unreported; /* dropped since the writer last said so */
};

/* False once there is no point in waiting for the output any more. */
static bool wait_writable(struct dg_log *log)
{
    for (;;) {
        struct pollfd output = {.fd = log->fd, .events = POLLOUT};
        int n = poll(&output, 1, POLL_MS);
        if (n > 0)
            return true; /* an error too: write() will name it */
        if (n < 0 && errno != EINTR)
            return false;
        if (atomic_load(&log->stopping) && dg_clock_monotonic_ms() >= log->give_up_at_ms)
            return false;
    }
}

/* An output that fails loses its lines: there is nowhere left to complain. */
static void write_out(struct dg_log *log, struct dg_str bytes)
{
    while (bytes.len > 0 && wait_writable(log)) {
        ssize_t n = write(log->fd, bytes.data, bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return;
        bytes = (struct dg_str){bytes.data + n, bytes.len - (size_t)n};
    }
}

static void write_dropped(struct dg_log *log, uint64_t n)
{
    char line[DG_LOG_LINE_BYTES];
    const struct dg_log_field field = dg_field_int("lines", (int64_t)n);
    size_t len = dg_log_line_format(line, log->format, dg_clock_wall_us(), DG_LOG_WARNING, "log_dropped",
                                    "log lines were dropped because the queue was full", &field, 1);
    write_out(log, (struct dg_str){line, len});
}

/* Copies the next run of bytes out of the ring. Called with the lock held. */
static size_t take_piece(struct dg_log *log, char *piece)
{
    size_t n = log->len < PIPE_BUF ? log->len : PIPE_BUF;
    size_t to_end = log->size - log->head;
    if (n > to_end)
        n = to_end;
    memcpy(piece, log->ring + log->head, n);
    log->head = (log->head + n) % log->size;
    log->len -= n;
    return n;
}

static void *run_writer(void *argument)
{
    struct dg_log *log = argument;
    char piece[PIPE_BUF];
    pthread_mutex_lock(&log->lock);
    for (;;) {
        while (log->len == 0 && log->n_unreported == 0 && !atomic_load(&log->stopping))
            pthread_cond_wait(&log->changed, &log->lock);
        if (log->len == 0 && log->n_unreported == 0)
            break;
        size_t n = take_piece(log, piece);
        /* What was dropped came after what is queued, so it is told when the queue has run empty. */
        uint64_t n_dropped = log->len == 0 ? log->n_unreported : 0;
        log->n_unreported -= n_dropped;
        pthread_mutex_unlock(&log->lock);
        write_out(log, (struct dg_str){piece, n});
        if (n_dropped > 0)
            write_dropped(log, n_dropped);
        pthread_mutex_lock(&log->lock);
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* The writer takes no signals: they are main's, and a closed pipe is to be an error code. */
static int start_writer(struct dg_log *log)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&log->writer, NULL, run_writer, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

static void destroy(struct dg_log *log)
{
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->lock);
    free(log->ring);
    free(log);
}

struct dg_log *dg_log_new(int fd, enum dg_log_format format, enum dg_log_level threshold, size_t queue_max_bytes)
{
    struct dg_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    log->fd = fd;
    log->format = format;
    log->size = queue_max_bytes > DG_LOG_LINE_BYTES ? queue_max_bytes : DG_LOG_LINE_BYTES;
    atomic_init(&log->threshold, (int)threshold);
    atomic_init(&log->n_dropped, 0);
    atomic_init(&log->stopping, false);
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->changed, NULL);
    log->ring = malloc(log->size);
    if (log->ring == NULL || start_writer(log) != 0) {
        destroy(log);
        return NULL;
    }
    return log;
}

void dg_log_free(struct dg_log *log)
{
    if (log == NULL)
        return;
    pthread_mutex_lock(&log->lock);
    log->give_up_at_ms = dg_clock_monotonic_ms() + STOP_PATIENCE_MS;
    atomic_store(&log->stopping, true);
    pthread_cond_signal(&log->changed);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->writer, NULL);
    destroy(log);
}

static void enqueue(struct dg_log *log, struct dg_str line)
{
    pthread_mutex_lock(&log->lock);
    if (line.len > log->size - log->len) {
        log->n_unreported++;
        atomic_fetch_add_explicit(&log->n_dropped, 1, memory_order_relaxed);
    } else {
        size_t tail = (log->head + log->len) % log->size;
        size_t to_end = log->size - tail;
        size_t first = line.len < to_end ? line.len : to_end;
        memcpy(log->ring + tail, line.data, first);
        memcpy(log->ring, line.data + first, line.len - first);
        log->len += line.len;
    }
    pthread_cond_signal(&log->changed);
    pthread_mutex_unlock(&log->lock);
}

void dg_log_write(struct dg_log *log, enum dg_log_level level, const char *event, const char *message,
                  const struct dg_log_field *fields, size_t n_fields)
{
    if (log == NULL || (int)level < atomic_load_explicit(&log->threshold, memory_order_relaxed))
        return;
    char line[DG_LOG_LINE_BYTES];
    size_t len = dg_log_line_format(line, log->format, dg_clock_wall_us(), level, event, message, fields, n_fields);
    enqueue(log, (struct dg_str){line, len});
}

uint64_t dg_log_dropped(const struct dg_log *log)
{
    return log == NULL ? 0 : atomic_load_explicit(&log->n_dropped, memory_order_relaxed);
}

void dg_log_set_threshold(struct dg_log *log, enum dg_log_level threshold)
{
    if (log != NULL)
        atomic_store_explicit(&log->threshold, (int)threshold, memory_order_relaxed);
}
