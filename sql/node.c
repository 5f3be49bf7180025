/*
 * Reading the parser's JSON. A value that is zero is left out of it, so "not there" and "empty" are the same: an A_Const
 * whose sval holds no sval is ''.
 */
#include "sql/node.h"

#include <string.h>

#include "sql/tree.h"

const cJSON *dg_node_fields(const cJSON *node)
{
    return cJSON_IsObject(node) && cJSON_IsObject(node->child) ? node->child : NULL;
}

const char *dg_node_tag(const cJSON *node)
{
    const cJSON *fields = dg_node_fields(node);

    return fields == NULL ? NULL : fields->string;
}

const cJSON *dg_node_as(const cJSON *node, const char *kind)
{
    const char *actual = dg_node_tag(node);

    return actual != NULL && strcmp(actual, kind) == 0 ? node->child : NULL;
}

/* True for a cast to text or varchar without a length: it leaves a string as it is. */
static bool is_text_cast(const cJSON *cast)
{
    const cJSON *type = dg_tree_field(cast, "typeName");
    const char *name = dg_tree_last_name(dg_tree_list(type, "names"));

    return name != NULL && (strcmp(name, "text") == 0 || strcmp(name, "varchar") == 0) &&
           dg_tree_field(type, "typmods") == NULL && dg_tree_field(type, "arrayBounds") == NULL;
}

/* The fields of the A_Const at `node` or under its casts to text. */
static const cJSON *constant_fields(const cJSON *node)
{
    const cJSON *cast = dg_node_as(node, "TypeCast");

    while (cast != NULL && is_text_cast(cast)) {
        node = dg_tree_field(cast, "arg");
        cast = dg_node_as(node, "TypeCast");
    }
    return dg_node_as(node, "A_Const");
}

const char *dg_node_const_string(const cJSON *node)
{
    const cJSON *value = dg_tree_field(constant_fields(node), "sval");
    const char *text;

    if (value == NULL)
        return NULL;
    text = dg_tree_string(value, "sval");
    return text == NULL ? "" : text;
}

bool dg_node_const_bool(const cJSON *node, bool *value)
{
    const cJSON *item = dg_tree_field(constant_fields(node), "boolval");

    if (item == NULL)
        return false;
    *value = dg_tree_bool(item, "boolval");
    return true;
}

bool dg_node_const_positive(const cJSON *node, int *value)
{
    const cJSON *item = dg_tree_field(dg_tree_field(constant_fields(node), "ival"), "ival");

    if (!cJSON_IsNumber(item) || item->valueint <= 0)
        return false;
    *value = item->valueint;
    return true;
}

bool dg_node_const_is_null(const cJSON *node)
{
    return dg_tree_bool(constant_fields(node), "isnull");
}
