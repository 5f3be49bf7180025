/*
 * Readers and the writer of the server's messages, in the order of the header.
 */
#include "protocol/backend.h"

#include "protocol/reader.h"
#include "protocol/startup.h"

enum dg_status dg_parameter_status_read(struct dg_str body, struct dg_str *name, struct dg_str *value)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    bool has_all = dg_read_string(&reader, name) && dg_read_string(&reader, value);
    return has_all && reader.left == 0 ? DG_OK : DG_PROTOCOL;
}

enum dg_status dg_backend_key_read(struct dg_str body, uint32_t *pid, struct dg_str *key)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    if (!dg_read_u32(&reader, pid))
        return DG_PROTOCOL;
    if (reader.left < DG_CANCEL_KEY_MIN_BYTES || reader.left > DG_CANCEL_KEY_MAX_BYTES)
        return DG_PROTOCOL;
    return dg_read_bytes(&reader, reader.left, key) ? DG_OK : DG_PROTOCOL;
}

enum dg_status dg_ready_for_query_read(struct dg_str body, char *status)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    bool has_all = dg_read_char(&reader, status);
    return has_all && reader.left == 0 ? DG_OK : DG_PROTOCOL;
}

enum dg_status dg_command_complete_read(struct dg_str body, struct dg_str *tag)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    bool has_all = dg_read_string(&reader, tag);
    return has_all && reader.left == 0 ? DG_OK : DG_PROTOCOL;
}

enum dg_status dg_ready_for_query_write(struct dg_buffer *out, char status)
{
    const char message[] = {'Z', 0, 0, 0, 5, status};
    return dg_buffer_append(out, message, sizeof message);
}
