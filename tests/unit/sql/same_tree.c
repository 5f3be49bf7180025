#include "same_tree.h"

/* A place, the length of a statement, or an integer that the grammar takes without a node of its own (current_time(3)). */
static bool is_passed_over(const cJSON *item)
{
    static const char suffix[] = "location";
    const char *key = item->string;
    if (key == NULL)
        return false;
    size_t len = strlen(key);
    bool is_place = len >= sizeof(suffix) - 1 && strcmp(key + len - (sizeof(suffix) - 1), suffix) == 0;
    return is_place || strcmp(key, "stmt_len") == 0 || strcmp(key, "typmod") == 0;
}

static const cJSON *next_compared(const cJSON *item)
{
    while (item != NULL && is_passed_over(item))
        item = item->next;
    return item;
}

static bool same_key(const cJSON *a, const cJSON *b)
{
    if (a->string == NULL || b->string == NULL)
        return a->string == b->string;
    return strcmp(a->string, b->string) == 0;
}

static bool same_node(const cJSON *a, const cJSON *b);

static bool same_children(const cJSON *a, const cJSON *b)
{
    const cJSON *left = next_compared(a->child);
    const cJSON *right = next_compared(b->child);
    while (left != NULL && right != NULL && same_node(left, right)) {
        left = next_compared(left->next);
        right = next_compared(right->next);
    }
    return left == NULL && right == NULL;
}

/* A literal: of the same kind, whatever it holds. */
static bool same_literal(const cJSON *a, const cJSON *b)
{
    const cJSON *left = next_compared(a->child);
    const cJSON *right = next_compared(b->child);
    if (left == NULL || right == NULL)
        return left == right;
    return same_key(left, right);
}

static bool same_node(const cJSON *a, const cJSON *b)
{
    if (!same_key(a, b) || a->type != b->type)
        return false;
    if (a->string != NULL && strcmp(a->string, "A_Const") == 0)
        return same_literal(a, b);
    if (cJSON_IsString(a))
        return strcmp(a->valuestring, b->valuestring) == 0;
    if (cJSON_IsNumber(a))
        return a->valueint == b->valueint;
    return same_children(a, b);
}

bool same_tree(struct dg_str a, struct dg_str b)
{
    struct dg_parse left;
    struct dg_parse right;
    struct dg_arena arena;
    dg_arena_init(&arena, (size_t)16 << 20);
    enum dg_status status_a = dg_parse_init(&left, a, &arena);
    enum dg_status status_b = dg_parse_init(&right, b, &arena);
    bool is_same = status_a == status_b;
    if (is_same && status_a == DG_OK && left.root != NULL && right.root != NULL)
        is_same = same_children(left.root, right.root);
    dg_parse_fini(&left);
    dg_parse_fini(&right);
    dg_arena_fini(&arena);
    return is_same;
}
