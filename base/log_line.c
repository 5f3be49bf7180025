/*
 * Lines of the log. Every value that may come from outside goes through the JSON escape, in the text format too unless
 * it is a plain word: it never contains a raw newline, quote or control character, so nobody can forge a line or a
 * field.
 */
#include "base/log_line.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"

/* Kept free for what closes a line. */
#define TAIL_BYTES 32

static const char *level_name(enum dg_log_level level)
{
    switch (level) {
    case DG_LOG_DEBUG:
        return "debug";
    case DG_LOG_INFO:
        return "info";
    case DG_LOG_WARNING:
        return "warning";
    case DG_LOG_ERROR:
        break;
    }
    return "error";
}

/* A value that the text format may show bare: no character in it can end the value or the line. */
static bool is_plain_word(struct dg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || strchr("_-.,:/@+*[]%", c) == NULL))
            return false;
    }
    return value.len > 0;
}

static void append_escaped(struct dg_text *line, struct dg_str value)
{
    if (value.len <= DG_LOG_VALUE_BYTES) {
        dg_text_json_string(line, value);
        return;
    }
    dg_text_json_string(line, dg_str_utf8_prefix(value, DG_LOG_VALUE_BYTES));
    /* The dots go inside the closing quote. */
    if (!line->failed)
        line->len--;
    dg_text_cstr(line, "...\"");
}

static void append_field(struct dg_text *line, enum dg_log_format format, const struct dg_log_field *field)
{
    if (format == DG_LOG_JSON) {
        dg_text_char(line, ',');
        append_escaped(line, dg_str_of(field->name));
        dg_text_char(line, ':');
    } else {
        dg_text_printf(line, " %s=", field->name);
    }
    if (field->kind == DG_FIELD_INT)
        dg_text_printf(line, "%" PRId64, field->number);
    else if (format == DG_LOG_TEXT && field->str.len <= DG_LOG_VALUE_BYTES && is_plain_word(field->str))
        dg_text_append(line, field->str);
    else
        append_escaped(line, field->str);
}

static void append_head(struct dg_text *line, enum dg_log_format format, int64_t wall_us, enum dg_log_level level,
                        const char *event, const char *message)
{
    char time[DG_CLOCK_ISO_BYTES];
    dg_clock_format_iso(wall_us, time);
    if (format == DG_LOG_JSON) {
        dg_text_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":", time, level_name(level),
                       event);
        append_escaped(line, dg_str_of(message));
        return;
    }
    dg_text_printf(line, "%s %s %s: ", time, level_name(level), event);
    /* The message without the quotes that the escape puts around it. */
    char escaped[2 * DG_LOG_LINE_BYTES];
    struct dg_text quoted;
    dg_text_init_fixed(&quoted, escaped, sizeof escaped);
    append_escaped(&quoted, dg_str_of(message));
    if (!quoted.failed)
        dg_text_append(line, (struct dg_str){escaped + 1, quoted.len - 2});
}

size_t dg_log_line_format(char *out, enum dg_log_format format, int64_t wall_us, enum dg_log_level level,
                          const char *event, const char *message, const struct dg_log_field *fields, size_t n_fields)
{
    struct dg_text line;
    dg_text_init_fixed(&line, out, DG_LOG_LINE_BYTES);
    line.max_bytes -= TAIL_BYTES;
    line.cap -= TAIL_BYTES;
    append_head(&line, format, wall_us, level, event, message);
    bool complete = !line.failed;
    for (size_t i = 0; i < n_fields && complete; i++) {
        size_t len_before = line.len;
        append_field(&line, format, &fields[i]);
        if (line.failed) {
            line.len = len_before;
            complete = false;
        }
    }
    line.failed = false;
    line.max_bytes += TAIL_BYTES;
    line.cap += TAIL_BYTES;
    if (!complete)
        dg_text_cstr(&line, format == DG_LOG_JSON ? ",\"truncated\":true" : " truncated=true");
    dg_text_cstr(&line, format == DG_LOG_JSON ? "}\n" : "\n");
    return line.len;
}
