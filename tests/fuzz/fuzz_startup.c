/*
 * Start-up packets over any bytes: parameters lie inside the packet and end, each value in NUL; options are searched
 * without a step outside.
 */
#include "fuzz.h"
#include "protocol/startup.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void walk(const struct dg_startup *startup)
{
    struct dg_str name, value;
    size_t position = 0;
    size_t before = 0;
    while (dg_startup_next_parameter(startup, &position, &name, &value)) {
        check(position > before && position <= startup->parameters.len);
        check(name.data[name.len] == '\0' && value.data[value.len] == '\0');
        before = position;
    }
    check(position == startup->parameters.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dg_str bytes = {(const char *)data, size};
    struct dg_startup startup;
    char value[64];
    size_t len;
    if (dg_startup_packet_bytes(bytes, &len) == DG_OK && len <= size) {
        dg_startup_parse((struct dg_str){bytes.data, len}, &startup);
        if (startup.kind == DG_STARTUP_MESSAGE)
            walk(&startup);
        if (startup.kind == DG_STARTUP_CANCEL_REQUEST)
            check(startup.cancel_key.len >= DG_CANCEL_KEY_MIN_BYTES && startup.cancel_key.len + 12 == len);
    }
    if (dg_startup_options_find(bytes, "search_path", value, sizeof value) == DG_OPTIONS_FOUND)
        check(strlen(value) < sizeof value);
    return 0;
}
