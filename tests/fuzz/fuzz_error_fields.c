/*
 * Error bodies over any bytes: what parses can be rewritten; the result parses, says the same, and rewriting it again
 * without an addition changes nothing.
 */
#include "fuzz.h"
#include "protocol/error_fields.h"
#include "protocol/frame.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static struct dg_str body_of(const struct dg_buffer *message)
{
    struct dg_frame frame = {0};
    struct dg_str view = dg_buffer_view(message);
    check(dg_frame_read(view, &frame) == DG_OK && frame.type == 'E');
    check(frame.body_bytes + DG_FRAME_HEADER_BYTES == view.len);
    return (struct dg_str){view.data + DG_FRAME_HEADER_BYTES, frame.body_bytes};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dg_str body = {(const char *)data, size};
    struct dg_error_addition addition = {"detail", "hint", "schema", "table", "column"};
    struct dg_error_addition nothing = {NULL, NULL, NULL, NULL, NULL};
    struct dg_error_fields before, after;
    struct dg_buffer once, twice;
    dg_buffer_init(&once, (size_t)1 << 24);
    dg_buffer_init(&twice, (size_t)1 << 24);
    enum dg_status status = dg_error_fields_parse(body, &before);
    check((dg_error_fields_rewrite(body, &addition, &once) == DG_OK) == (status == DG_OK));
    if (status == DG_OK) {
        check(dg_error_fields_parse(body_of(&once), &after) == DG_OK);
        check(dg_str_equal(before.message, after.message) && dg_str_equal(before.sqlstate, after.sqlstate));
        check(after.detail.len >= before.detail.len + strlen("detail"));
        check(before.table.data == NULL || dg_str_equal(before.table, after.table));
        check(dg_error_fields_rewrite(body_of(&once), &nothing, &twice) == DG_OK);
        check(dg_str_equal(dg_buffer_view(&once), dg_buffer_view(&twice)));
    }
    dg_buffer_fini(&once);
    dg_buffer_fini(&twice);
    return 0;
}
