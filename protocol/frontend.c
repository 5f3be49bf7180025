/*
 * Readers and writers of the client's messages, in the order of the header.
 */
#include "protocol/frontend.h"

#include "protocol/reader.h"

static enum dg_status exact(bool has_all, const struct dg_byte_reader *reader)
{
    return has_all && reader->left == 0 ? DG_OK : DG_PROTOCOL;
}

enum dg_status dg_query_read(struct dg_str body, struct dg_str *text)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    bool has_all = dg_read_string(&reader, text);
    return exact(has_all, &reader);
}

enum dg_status dg_parse_read(struct dg_str body, struct dg_parse_message *message)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    uint16_t n_types = 0;
    bool has_all = dg_read_string(&reader, &message->name) && dg_read_string(&reader, &message->text) &&
                   dg_read_u16(&reader, &n_types) &&
                   dg_read_bytes(&reader, (size_t)n_types * sizeof(uint32_t), &message->param_types);
    message->n_param_types = n_types;
    return exact(has_all, &reader);
}

enum dg_status dg_parse_read_name(struct dg_str prefix, struct dg_str *name)
{
    struct dg_byte_reader reader = dg_byte_reader_of(prefix);
    return dg_read_string(&reader, name) ? DG_OK : DG_AGAIN;
}

void dg_parse_copy_param_types(const struct dg_parse_message *message, uint32_t *oids)
{
    struct dg_byte_reader reader = dg_byte_reader_of(message->param_types);
    for (size_t i = 0; i < message->n_param_types; i++) {
        if (!dg_read_u32(&reader, &oids[i]))
            oids[i] = 0;
    }
}

enum dg_status dg_bind_read_names(struct dg_str prefix, struct dg_str *portal, struct dg_str *statement)
{
    struct dg_byte_reader reader = dg_byte_reader_of(prefix);
    return dg_read_string(&reader, portal) && dg_read_string(&reader, statement) ? DG_OK : DG_AGAIN;
}

enum dg_status dg_target_read(struct dg_str body, char *kind, struct dg_str *name)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    bool has_all = dg_read_char(&reader, kind) && dg_read_string(&reader, name);
    return exact(has_all && (*kind == 'S' || *kind == 'P'), &reader);
}

enum dg_status dg_execute_read(struct dg_str body, struct dg_str *portal, uint32_t *max_rows)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    bool has_all = dg_read_string(&reader, portal) && dg_read_u32(&reader, max_rows);
    return exact(has_all, &reader);
}

enum dg_status dg_close_unnamed_write(struct dg_buffer *out)
{
    static const char message[] = {'C', 0, 0, 0, 6, 'S', 0};
    return dg_buffer_append(out, message, sizeof message);
}
