/*
 * The log: one line an event on standard error, JSON or text, written by a thread of its own.
 *
 * dg_log_write formats on the caller's stack, copies the line into a bounded queue and never blocks on the output; when
 * the queue is full the line is dropped and counted, and the writer says how many once there is room. Levels below the
 * threshold cost one comparison. Lines hold identifiers and templates of ours, never literals, parameters, passwords or
 * a server's message text.
 */
#ifndef DG_BASE_LOG_H
#define DG_BASE_LOG_H

#include "base/status.h"
#include "base/str.h"

enum dg_log_level { DG_LOG_DEBUG, DG_LOG_INFO, DG_LOG_WARNING, DG_LOG_ERROR };
enum dg_log_format { DG_LOG_TEXT, DG_LOG_JSON };

/* A named value beside the message. */
struct dg_log_field {
    const char *name;
    enum { DG_FIELD_STR, DG_FIELD_INT } kind;
    struct dg_str str;
    int64_t number;
};

static inline struct dg_log_field dg_field_str(const char *name, const char *value)
{
    return (struct dg_log_field){name, DG_FIELD_STR, dg_str_of(value == NULL ? "" : value), 0};
}

static inline struct dg_log_field dg_field_int(const char *name, int64_t value)
{
    return (struct dg_log_field){name, DG_FIELD_INT, {NULL, 0}, value};
}

struct dg_log;

/* Starts the writer on file descriptor `fd` (not closed by us). NULL if there is no memory or no thread. */
struct dg_log *dg_log_new(int fd, enum dg_log_format format, enum dg_log_level threshold, size_t queue_max_bytes);
/* Writes out what is queued, ends the thread. NULL is allowed. */
void dg_log_free(struct dg_log *log);

/* `log` may be NULL (then nothing happens). `event` is a short stable word ("snapshot_loaded"), `message` a sentence.
 */
void dg_log_write(struct dg_log *log, enum dg_log_level level, const char *event, const char *message,
                  const struct dg_log_field *fields, size_t n_fields);
uint64_t dg_log_dropped(const struct dg_log *log);
void dg_log_set_threshold(struct dg_log *log, enum dg_log_level threshold);

/* dg_logf(log, DG_LOG_INFO, "snapshot_loaded", "the schema was read", dg_field_str("database", db)); */
#define dg_logf(log, level, event, message, ...)                                                                       \
    dg_log_write((log), (level), (event), (message), (const struct dg_log_field[]){__VA_ARGS__},                       \
                 sizeof((const struct dg_log_field[]){__VA_ARGS__}) / sizeof(struct dg_log_field))

#endif
