/*
 * AuthenticationSASL is Int32(10), the mechanisms' names as Strings, and one NUL.
 */
#include "protocol/authentication.h"

#include "protocol/frame.h"
#include "protocol/reader.h"

#define AUTHENTICATION_SASL 10u

bool dg_sasl_is_plus(struct dg_str mechanism)
{
    static const char suffix[] = "-PLUS";
    const size_t len = sizeof suffix - 1;
    return mechanism.len >= len && memcmp(mechanism.data + mechanism.len - len, suffix, len) == 0;
}

/* The cursor before the first mechanism. */
static bool begin_offer(struct dg_str body, struct dg_byte_reader *reader)
{
    uint32_t code = 0;
    *reader = dg_byte_reader_of(body);
    return dg_read_u32(reader, &code) && code == AUTHENTICATION_SASL;
}

bool dg_sasl_offer_read(struct dg_str body, bool *has_plus, bool *has_other)
{
    struct dg_byte_reader reader;
    struct dg_str mechanism;
    *has_plus = false;
    *has_other = false;
    if (!begin_offer(body, &reader))
        return false;
    while (dg_read_string(&reader, &mechanism)) {
        if (mechanism.len == 0)
            return reader.left == 0;
        *(dg_sasl_is_plus(mechanism) ? has_plus : has_other) = true;
    }
    return false;
}

static enum dg_status append_u32(struct dg_buffer *out, size_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    return dg_buffer_append(out, bytes, sizeof bytes);
}

enum dg_status dg_sasl_offer_write_unbound(struct dg_str body, struct dg_buffer *out)
{
    struct dg_byte_reader reader;
    struct dg_str mechanism;
    size_t left_out = 0;
    if (!begin_offer(body, &reader))
        return DG_PROTOCOL;
    while (dg_read_string(&reader, &mechanism))
        left_out += dg_sasl_is_plus(mechanism) ? mechanism.len + 1 : 0;
    enum dg_status status = dg_buffer_append(out, "R", 1);
    if (status == DG_OK)
        status = append_u32(out, body.len - left_out + 4);
    if (status == DG_OK)
        status = append_u32(out, AUTHENTICATION_SASL);
    (void)begin_offer(body, &reader);
    while (status == DG_OK && dg_read_string(&reader, &mechanism)) {
        if (!dg_sasl_is_plus(mechanism))
            status = dg_buffer_append(out, mechanism.data, mechanism.len + 1); /* its NUL, too */
    }
    return status;
}

enum dg_status dg_sasl_choice_read(struct dg_str body, struct dg_str *mechanism)
{
    struct dg_byte_reader reader = dg_byte_reader_of(body);
    return dg_read_string(&reader, mechanism) ? DG_OK : DG_AGAIN;
}
