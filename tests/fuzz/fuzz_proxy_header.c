/*
 * PROXY protocol headers over any bytes: a header lies within them, is decided within its limit, is the same whatever
 * stands behind it, and is not there before its last byte.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "protocol/proxy_header.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dg_str bytes = {(const char *)data, size};
    struct dg_proxy_source source, again;
    char text[DG_PROXY_SOURCE_TEXT_BYTES];
    size_t len = 0, len_again = 0;
    enum dg_status status = dg_proxy_header_parse(bytes, &source, &len);
    check(status == DG_OK || status == DG_PROTOCOL || (status == DG_AGAIN && size < DG_PROXY_HEADER_MAX_BYTES));
    if (status != DG_OK)
        return 0;
    check(len > 0 && len <= size && len <= DG_PROXY_HEADER_MAX_BYTES);
    dg_proxy_source_print(&source, text);
    check(strlen(text) < sizeof text);
    check(dg_proxy_header_parse((struct dg_str){bytes.data, len}, &again, &len_again) == DG_OK && len_again == len);
    check(memcmp(&source, &again, sizeof source) == 0);
    check(dg_proxy_header_parse((struct dg_str){bytes.data, len - 1}, &again, &len_again) == DG_AGAIN);
    return 0;
}
