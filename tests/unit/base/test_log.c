/* The log: how lines look, that nobody can forge one, that a full queue drops and says so. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/log_line.h"

/* 2026-11-21T02:13:07.123Z */
#define WALL_US INT64_C(1795227187123000)

static void assert_line(enum dg_log_format format, const struct dg_log_field *fields, size_t n_fields,
                        const char *expected)
{
    char line[DG_LOG_LINE_BYTES];
    size_t len = dg_log_line_format(line, format, WALL_US, DG_LOG_INFO, "snapshot_loaded", "the schema was read",
                                    fields, n_fields);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(line, expected, len);
}

#define TEXT_HEAD "2026-11-21T02:13:07.123Z info snapshot_loaded: the schema was read"
#define JSON_HEAD                                                                                                      \
    "{\"time\":\"2026-11-21T02:13:07.123Z\",\"level\":\"info\",\"event\":\"snapshot_loaded\","                         \
    "\"message\":\"the schema was read\""

static void a_line_reads_as_documented(void **state)
{
    (void)state;
    const struct dg_log_field fields[] = {dg_field_str("database", "shop"), dg_field_int("columns", -5)};
    assert_line(DG_LOG_TEXT, fields, 2, TEXT_HEAD " database=shop columns=-5\n");
    assert_line(DG_LOG_JSON, fields, 2, JSON_HEAD ",\"database\":\"shop\",\"columns\":-5}\n");
    assert_line(DG_LOG_TEXT, NULL, 0, TEXT_HEAD "\n");
    assert_line(DG_LOG_JSON, NULL, 0, JSON_HEAD "}\n");
}

static void hostile_values_stay_inside_their_field(void **state)
{
    (void)state;
    const struct {
        struct dg_str value;
        const char *text;
        const char *json;
    } cases[] = {
        {DG_STR(""), " user=\"\"\n", ",\"user\":\"\"}\n"},
        {DG_STR("a b=c"), " user=\"a b=c\"\n", ",\"user\":\"a b=c\"}\n"},
        {DG_STR("x\n2026 error"), " user=\"x\\n2026 error\"\n", ",\"user\":\"x\\n2026 error\"}\n"},
        {DG_STR("\",\"level\":\"error"), " user=\"\\\",\\\"level\\\":\\\"error\"\n",
         ",\"user\":\"\\\",\\\"level\\\":\\\"error\"}\n"},
        {DG_STR("\x1B[2J\0"), " user=\"\\u001b[2J\\u0000\"\n", ",\"user\":\"\\u001b[2J\\u0000\"}\n"},
        {DG_STR("\xFF"), " user=\"\xEF\xBF\xBD\"\n", ",\"user\":\"\xEF\xBF\xBD\"}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dg_log_field field = {"user", DG_FIELD_STR, cases[i].value, 0};
        char expected[512];
        (void)snprintf(expected, sizeof expected, "%s%s", TEXT_HEAD, cases[i].text);
        assert_line(DG_LOG_TEXT, &field, 1, expected);
        (void)snprintf(expected, sizeof expected, "%s%s", JSON_HEAD, cases[i].json);
        assert_line(DG_LOG_JSON, &field, 1, expected);
    }
}

static void a_message_cannot_break_its_line_either(void **state)
{
    (void)state;
    char line[DG_LOG_LINE_BYTES];
    size_t len = dg_log_line_format(line, DG_LOG_TEXT, WALL_US, DG_LOG_ERROR, "e", "a\nb", NULL, 0);
    assert_true(dg_str_is((struct dg_str){line, len}, "2026-11-21T02:13:07.123Z error e: a\\nb\n"));
}

static void long_values_and_lines_are_cut(void **state)
{
    (void)state;
    char value[DG_LOG_VALUE_BYTES + 2];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    char line[DG_LOG_LINE_BYTES];
    struct dg_log_field fields[20];
    for (size_t i = 0; i < 20; i++)
        fields[i] = dg_field_str("f", value);
    for (int format = DG_LOG_TEXT; format <= DG_LOG_JSON; format++) {
        bool json = format == DG_LOG_JSON;
        size_t len = dg_log_line_format(line, (enum dg_log_format)format, WALL_US, DG_LOG_INFO, "e", "m", fields, 1);
        const char *cut = json ? "xx...\"}\n" : "xx...\"\n";
        assert_memory_equal(line + len - strlen(cut), cut, strlen(cut));
        len = dg_log_line_format(line, (enum dg_log_format)format, WALL_US, DG_LOG_INFO, "e", "m", fields, 20);
        assert_in_range(len, 3000, DG_LOG_LINE_BYTES);
        const char *end = json ? ",\"truncated\":true}\n" : " truncated=true\n";
        assert_memory_equal(line + len - strlen(end), end, strlen(end));
    }
}

/* What was written to the log that writes to `fd`, which is a file in memory. */
static struct dg_str content_of(int fd, char *memory, size_t size)
{
    ssize_t n = pread(fd, memory, size, 0);
    assert_true(n >= 0);
    return (struct dg_str){memory, (size_t)n};
}

static size_t count_lines(struct dg_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.data[i] == '\n';
    return n;
}

static void levels_below_the_threshold_are_not_written(void **state)
{
    (void)state;
    static char memory[65536];
    int fd = memfd_create("log", 0);
    struct dg_log *log = dg_log_new(fd, DG_LOG_TEXT, DG_LOG_WARNING, 65536);
    assert_non_null(log);
    dg_log_write(log, DG_LOG_INFO, "quiet", "not this one", NULL, 0);
    dg_logf(log, DG_LOG_WARNING, "loud", "this one", dg_field_int("n", 1));
    dg_log_set_threshold(log, DG_LOG_DEBUG);
    dg_logf(log, DG_LOG_DEBUG, "debugged", "and this one", dg_field_int("n", 2));
    dg_log_free(log);
    struct dg_str content = content_of(fd, memory, sizeof memory);
    assert_int_equal(count_lines(content), 2);
    assert_non_null(memmem(content.data, content.len, "warning loud: this one n=1\n", 27));
    assert_non_null(memmem(content.data, content.len, "debug debugged: and this one n=2\n", 33));
    (void)close(fd);
    dg_log_write(NULL, DG_LOG_ERROR, "nobody", "no log is no error", NULL, 0);
    dg_log_free(NULL);
    assert_int_equal(dg_log_dropped(NULL), 0);
}

#define N_SENDERS 4
#define N_LINES 300

static void *send_lines(void *argument)
{
    struct dg_log *log = argument;
    for (int i = 0; i < N_LINES; i++)
        dg_logf(log, DG_LOG_INFO, "tick", "a line", dg_field_int("n", i));
    return NULL;
}

static void many_senders_write_whole_lines(void **state)
{
    (void)state;
    static char memory[1 << 18];
    int fd = memfd_create("log", 0);
    struct dg_log *log = dg_log_new(fd, DG_LOG_JSON, DG_LOG_INFO, 1 << 18);
    pthread_t threads[N_SENDERS];
    for (int i = 0; i < N_SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_lines, log), 0);
    for (int i = 0; i < N_SENDERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(dg_log_dropped(log), 0);
    dg_log_free(log);
    struct dg_str content = content_of(fd, memory, sizeof memory);
    size_t n = 0;
    for (const char *line = content.data; line < content.data + content.len; n++) {
        const char *end = memchr(line, '\n', (size_t)(content.data + content.len - line));
        assert_non_null(end);
        assert_memory_equal(line, "{\"time\":\"", 9);
        assert_int_equal(end[-1], '}');
        line = end + 1;
    }
    assert_int_equal(n, N_SENDERS * N_LINES);
    (void)close(fd);
}

static void *read_all(void *argument)
{
    struct dg_str *content = argument;
    int fd = *(const int *)content->data;
    static char memory[1 << 20];
    size_t len = 0;
    for (ssize_t n; (n = read(fd, memory + len, sizeof memory - len)) > 0;)
        len += (size_t)n;
    *content = (struct dg_str){memory, len};
    return NULL;
}

/* Nobody reads the pipe at first: pipe and queue fill up, and lines are dropped while the sender never waits. Then a
   reader comes, and the log tells how many it has lost. */
static void a_full_queue_drops_counts_and_says_so(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct dg_log *log = dg_log_new(ends[1], DG_LOG_TEXT, DG_LOG_INFO, 8192);
    int n_sent = 0;
    for (; dg_log_dropped(log) < 5; n_sent++)
        dg_logf(log, DG_LOG_INFO, "tick", "a line", dg_field_int("n", n_sent));
    uint64_t n_dropped = dg_log_dropped(log);

    struct dg_str content = {(const char *)&ends[0], 0};
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_all, &content), 0);
    dg_log_free(log);
    (void)close(ends[1]);
    assert_int_equal(pthread_join(reader, NULL), 0);
    (void)close(ends[0]);

    uint64_t n_reported = 0, n_ticks = 0, n_other = 0;
    for (const char *line = content.data; line < content.data + content.len;) {
        const char *end = memchr(line, '\n', (size_t)(content.data + content.len - line));
        assert_non_null(end);
        const char *report = memmem(line, (size_t)(end - line), "warning log_dropped: ", 21);
        const char *lines = memmem(line, (size_t)(end - line), "lines=", 6);
        if (report != NULL && lines != NULL)
            n_reported += strtoull(lines + 6, NULL, 10);
        else if (memmem(line, (size_t)(end - line), "info tick: a line n=", 20) != NULL)
            n_ticks++;
        else
            n_other++;
        line = end + 1;
    }
    assert_int_equal(n_reported, n_dropped);
    assert_int_equal(n_ticks + n_dropped, n_sent);
    assert_int_equal(n_other, 0);
}

static void an_output_that_is_gone_does_not_end_us(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    struct dg_log *log = dg_log_new(ends[1], DG_LOG_TEXT, DG_LOG_INFO, 8192);
    dg_log_write(log, DG_LOG_INFO, "tick", "into the void", NULL, 0);
    dg_log_free(log); /* no SIGPIPE: we are still here */
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_reads_as_documented),
        cmocka_unit_test(hostile_values_stay_inside_their_field),
        cmocka_unit_test(a_message_cannot_break_its_line_either),
        cmocka_unit_test(long_values_and_lines_are_cut),
        cmocka_unit_test(levels_below_the_threshold_are_not_written),
        cmocka_unit_test(many_senders_write_whole_lines),
        cmocka_unit_test(a_full_queue_drops_counts_and_says_so),
        cmocka_unit_test(an_output_that_is_gone_does_not_end_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
