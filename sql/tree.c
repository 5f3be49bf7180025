/*
 * Typed access to the parser's JSON tree; see tree.h. Nothing here trusts the tree: a missing field, a number where a
 * string should be or a list where an object should be read as "left out".
 */
#include "sql/tree.h"

#include <string.h>

static const char *const node_tags[DG_NODE_KIND_COUNT] = {
#define DG_NODE_TAG(name, tag) [DG_NODE_##name] = (tag),
    DG_NODE_KINDS(DG_NODE_TAG)
#undef DG_NODE_TAG
};

struct dg_node dg_tree_node(const cJSON *wrapped)
{
    if (!cJSON_IsObject(wrapped) || wrapped->child == NULL || wrapped->child->string == NULL)
        return (struct dg_node){DG_NODE_NONE, NULL};
    const char *tag = wrapped->child->string;
    for (int kind = DG_NODE_OTHER + 1; kind < DG_NODE_KIND_COUNT; kind++) {
        if (tag[0] == node_tags[kind][0] && strcmp(tag, node_tags[kind]) == 0)
            return (struct dg_node){(enum dg_node_kind)kind, wrapped->child};
    }
    return (struct dg_node){DG_NODE_OTHER, wrapped->child};
}

const cJSON *dg_tree_body(const cJSON *wrapped, enum dg_node_kind kind)
{
    struct dg_node node = dg_tree_node(wrapped);
    return node.kind == kind ? node.body : NULL;
}

const cJSON *dg_tree_field(const cJSON *body, const char *name)
{
    if (!cJSON_IsObject(body))
        return NULL;
    return cJSON_GetObjectItemCaseSensitive(body, name);
}

struct dg_node dg_tree_child(const cJSON *body, const char *name)
{
    return dg_tree_node(dg_tree_field(body, name));
}

const char *dg_tree_string(const cJSON *body, const char *name)
{
    const cJSON *field = dg_tree_field(body, name);
    return cJSON_IsString(field) ? field->valuestring : NULL;
}

bool dg_tree_is(const cJSON *body, const char *name, const char *value)
{
    const char *text = dg_tree_string(body, name);
    return text != NULL && strcmp(text, value) == 0;
}

bool dg_tree_bool(const cJSON *body, const char *name)
{
    return cJSON_IsTrue(dg_tree_field(body, name));
}

int32_t dg_tree_int(const cJSON *body, const char *name)
{
    const cJSON *field = dg_tree_field(body, name);
    return cJSON_IsNumber(field) ? field->valueint : 0;
}

int32_t dg_tree_location(const cJSON *body)
{
    return dg_tree_int(body, "location");
}

const cJSON *dg_tree_first(const cJSON *list)
{
    return cJSON_IsArray(list) ? list->child : NULL;
}

const cJSON *dg_tree_list(const cJSON *body, const char *name)
{
    return dg_tree_first(dg_tree_field(body, name));
}

int dg_tree_length(const cJSON *first)
{
    int n = 0;
    for (const cJSON *item = first; item != NULL; item = item->next)
        n++;
    return n;
}

const cJSON *dg_tree_items(const cJSON *wrapped)
{
    return dg_tree_list(dg_tree_body(wrapped, DG_NODE_LIST), "items");
}

const char *dg_tree_sval(const cJSON *wrapped)
{
    const cJSON *body = dg_tree_body(wrapped, DG_NODE_STRING);
    if (body == NULL)
        return NULL;
    const char *text = dg_tree_string(body, "sval");
    return text == NULL ? "" : text;
}

const char *dg_tree_last_name(const cJSON *first)
{
    const char *name = NULL;
    for (const cJSON *item = first; item != NULL; item = item->next)
        name = dg_tree_sval(item);
    return name;
}
