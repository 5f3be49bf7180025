/*
 * Reads start-up packets. Lengths are checked before anything else is believed.
 */
#include "protocol/startup.h"

#include <strings.h>

#include "protocol/reader.h"

#define CODE_CANCEL 80877102u /* 1234 << 16 | 5678 */
#define CODE_SSL 80877103u
#define CODE_GSSENC 80877104u
#define PROTOCOL_MAJOR_3 3u

enum dg_status dg_startup_packet_bytes(struct dg_str bytes, size_t *len)
{
    struct dg_byte_reader reader = dg_byte_reader_of(bytes);
    uint32_t length;
    if (!dg_read_u32(&reader, &length))
        return DG_AGAIN;
    if (length < 8 || length > DG_STARTUP_MAX_BYTES)
        return DG_PROTOCOL;
    *len = length;
    return DG_OK;
}

static enum dg_startup_kind read_cancel(struct dg_byte_reader *reader, struct dg_startup *startup)
{
    if (!dg_read_u32(reader, &startup->cancel_pid))
        return DG_STARTUP_UNKNOWN;
    if (reader->left < DG_CANCEL_KEY_MIN_BYTES || reader->left > DG_CANCEL_KEY_MAX_BYTES)
        return DG_STARTUP_UNKNOWN;
    return dg_read_bytes(reader, reader->left, &startup->cancel_key) ? DG_STARTUP_CANCEL_REQUEST : DG_STARTUP_UNKNOWN;
}

/* Pairs of strings, then one NUL as the packet's last byte. */
static enum dg_startup_kind read_parameters(struct dg_byte_reader *reader, struct dg_startup *startup)
{
    const char *first = reader->at;
    size_t total = reader->left;
    struct dg_str name, value;
    while (dg_read_string(reader, &name)) {
        if (name.len == 0) {
            startup->parameters = (struct dg_str){first, total - 1};
            return reader->left == 0 ? DG_STARTUP_MESSAGE : DG_STARTUP_UNKNOWN;
        }
        if (!dg_read_string(reader, &value))
            return DG_STARTUP_UNKNOWN;
    }
    return DG_STARTUP_UNKNOWN;
}

void dg_startup_parse(struct dg_str packet, struct dg_startup *startup)
{
    *startup = (struct dg_startup){.kind = DG_STARTUP_UNKNOWN};
    struct dg_byte_reader reader = dg_byte_reader_of(packet);
    uint32_t length, code;
    if (!dg_read_u32(&reader, &length) || length != packet.len || !dg_read_u32(&reader, &code))
        return;
    startup->major = (uint16_t)(code >> 16);
    startup->minor = (uint16_t)(code & 0xffffu);
    if (code == CODE_SSL && reader.left == 0)
        startup->kind = DG_STARTUP_SSL_REQUEST;
    else if (code == CODE_GSSENC && reader.left == 0)
        startup->kind = DG_STARTUP_GSSENC_REQUEST;
    else if (code == CODE_CANCEL)
        startup->kind = read_cancel(&reader, startup);
    else if (startup->major == PROTOCOL_MAJOR_3)
        startup->kind = read_parameters(&reader, startup);
}

bool dg_startup_next_parameter(const struct dg_startup *startup, size_t *position, struct dg_str *name,
                               struct dg_str *value)
{
    if (*position >= startup->parameters.len)
        return false;
    struct dg_str rest = {startup->parameters.data + *position, startup->parameters.len - *position};
    struct dg_byte_reader reader = dg_byte_reader_of(rest);
    if (!dg_read_string(&reader, name) || !dg_read_string(&reader, value))
        return false;
    *position = startup->parameters.len - reader.left;
    return true;
}

/* ASCII only, as guc_name_compare. */
static bool is_same_setting(struct dg_str key, const char *name)
{
    return key.len == strlen(name) && strncasecmp(key.data, name, key.len) == 0;
}

struct dg_str dg_startup_find_setting(const struct dg_startup *startup, const char *name)
{
    struct dg_str found = {NULL, 0};
    struct dg_str key, value;
    size_t position = 0;
    while (dg_startup_next_parameter(startup, &position, &key, &value)) {
        if (is_same_setting(key, name))
            found = value;
    }
    return found;
}

struct dg_str dg_startup_find_parameter(const struct dg_startup *startup, const char *name)
{
    struct dg_str found = {NULL, 0};
    struct dg_str key, value;
    size_t position = 0;
    while (dg_startup_next_parameter(startup, &position, &key, &value)) {
        if (dg_str_is(key, name))
            found = value;
    }
    return found;
}

bool dg_startup_asks_for_replication(const struct dg_startup *startup)
{
    struct dg_str value = dg_startup_find_parameter(startup, "replication");
    return value.len > 0 && !dg_str_is(value, "false") && !dg_str_is(value, "off") && !dg_str_is(value, "no") &&
           !dg_str_is(value, "0");
}
