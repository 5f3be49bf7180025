/*
 * Message headers and all readers of bodies over any bytes: what is read lies inside the body, and what a reader accepts
 * it has read to the end.
 */
#include "fuzz.h"
#include "protocol/backend.h"
#include "protocol/frame.h"
#include "protocol/frontend.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_inside(struct dg_str part, struct dg_str whole)
{
    check(part.len <= whole.len);
    if (part.len > 0)
        check(part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void read_frontend(struct dg_str body)
{
    struct dg_str a, b;
    struct dg_parse_message parse;
    char kind;
    uint32_t number;
    if (dg_query_read(body, &a) == DG_OK)
        check(a.len + 1 == body.len);
    if (dg_parse_read(body, &parse) == DG_OK) {
        static uint32_t oids[65535];
        check(parse.name.len + parse.text.len + 4 + 4 * parse.n_param_types == body.len);
        dg_parse_copy_param_types(&parse, oids);
    }
    if (dg_parse_read_name(body, &a) == DG_OK)
        check_inside(a, body);
    if (dg_bind_read_names(body, &a, &b) == DG_OK) {
        check_inside(a, body);
        check_inside(b, body);
    }
    if (dg_target_read(body, &kind, &a) == DG_OK)
        check(a.len + 2 == body.len);
    if (dg_execute_read(body, &a, &number) == DG_OK)
        check(a.len + 5 == body.len);
}

static void read_backend(struct dg_str body)
{
    struct dg_str a, b;
    uint32_t number;
    char status;
    if (dg_parameter_status_read(body, &a, &b) == DG_OK)
        check(a.len + b.len + 2 == body.len);
    if (dg_backend_key_read(body, &number, &a) == DG_OK)
        check(a.len + 4 == body.len);
    if (dg_ready_for_query_read(body, &status) == DG_OK)
        check(body.len == 1);
    if (dg_command_complete_read(body, &a) == DG_OK)
        check(a.len + 1 == body.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dg_str rest = {(const char *)data, size};
    struct dg_frame frame;
    while (dg_frame_read(rest, &frame) == DG_OK) {
        size_t here = rest.len - DG_FRAME_HEADER_BYTES;
        struct dg_str body = {rest.data + DG_FRAME_HEADER_BYTES, frame.body_bytes < here ? frame.body_bytes : here};
        read_frontend(body);
        read_backend(body);
        rest = (struct dg_str){body.data + body.len, here - body.len};
    }
    return 0;
}
