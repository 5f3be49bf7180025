/*
 * Copies of a server's strings lie in one allocation, which begins with `upstream`.
 */
#include "schema/server.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool dg_schema_server_is_same(const struct dg_schema_server *a, const struct dg_schema_server *b)
{
    return strcmp(a->address, b->address) == 0 && strcmp(a->upstream, b->upstream) == 0;
}

static const char *put(char **end, const char *text)
{
    size_t size = strlen(text) + 1;
    char *kept = *end;
    memcpy(kept, text, size);
    *end += size;
    return kept;
}

enum dg_status dg_schema_server_copy(const struct dg_schema_server *server, struct dg_schema_server *copy)
{
    size_t size = strlen(server->upstream) + strlen(server->host) + strlen(server->port) + strlen(server->hostaddr) +
                  strlen(server->address) + 5;
    char *end = malloc(size);
    if (end == NULL) {
        *copy = (struct dg_schema_server){0};
        return DG_NO_MEMORY;
    }
    copy->upstream = put(&end, server->upstream);
    copy->host = put(&end, server->host);
    copy->port = put(&end, server->port);
    copy->hostaddr = put(&end, server->hostaddr);
    copy->address = put(&end, server->address);
    return DG_OK;
}

void dg_schema_server_fini(struct dg_schema_server *copy)
{
    free((void *)(uintptr_t)copy->upstream);
    *copy = (struct dg_schema_server){0};
}
