/*
 * The search path through a session's life. Each row is a script of what the server said, one word a step:
 *
 *   begin commit rollback chain            the statements, with their own tags; "failed-commit" has the tag ROLLBACK
 *   sp:a release:a to:a                    savepoints
 *   set:x local:x reset reset-local any    search_path; "any" is something that may have set it to anything
 *   role:x auth:x role-default discard     who
 *   ddl:x ddl-any temp:x                   uncommitted names
 *   error I T E                            an error; ReadyForQuery
 *   report:x                               ParameterStatus search_path
 *   tag:X                                  the completion of a statement that nobody looked at
 */
#include "guard/path.h"

#include "unit.h"

struct committed {
    int n_calls;
    size_t n_names;
    char names[256];
};

static void on_committed(void *context, const struct dg_schema_name *names, size_t n_names)
{
    struct committed *committed = context;
    committed->n_calls++;
    committed->n_names = n_names;
    for (size_t i = 0; i < n_names; i++) {
        size_t len = strlen(committed->names);
        snprintf(committed->names + len, sizeof(committed->names) - len, "%s%s", len == 0 ? "" : " ", names[i].name);
    }
}

static bool starts(const char *step, const char *word, const char **rest)
{
    size_t len = strlen(word);
    *rest = step + len;
    return strncmp(step, word, len) == 0;
}

static const struct {
    const char *word;
    struct dg_sql_effect effect;
    const char *tag;
} plain_steps[] = {
    {"begin", {.kind = DG_EFFECT_BEGIN}, "BEGIN"},
    {"commit", {.kind = DG_EFFECT_COMMIT}, "COMMIT"},
    {"failed-commit", {.kind = DG_EFFECT_COMMIT}, "ROLLBACK"},
    {"prepare-transaction", {.kind = DG_EFFECT_COMMIT}, "PREPARE TRANSACTION"},
    {"chain", {.kind = DG_EFFECT_COMMIT, .chain = true}, "COMMIT"},
    {"rollback-chain", {.kind = DG_EFFECT_ROLLBACK, .chain = true}, "ROLLBACK"},
    {"rollback", {.kind = DG_EFFECT_ROLLBACK}, "ROLLBACK"},
    {"reset", {.kind = DG_EFFECT_SET_PATH, .to_default = true}, "RESET"},
    {"reset-local", {.kind = DG_EFFECT_SET_PATH, .to_default = true, .is_local = true}, "SET"},
    {"reset-all", {.kind = DG_EFFECT_RESET_ALL}, "RESET"},
    {"any", {.kind = DG_EFFECT_PATH_UNKNOWN}, "SELECT 1"},
    {"role-default", {.kind = DG_EFFECT_SET_ROLE, .to_default = true}, "SET"},
    {"role-unknown", {.kind = DG_EFFECT_SET_ROLE}, "SELECT 1"},
    {"discard", {.kind = DG_EFFECT_DISCARD_ALL}, "DISCARD ALL"},
    {"discard-temp", {.kind = DG_EFFECT_DISCARD_TEMP}, "DISCARD TEMP"},
    {"ddl-any", {.kind = DG_EFFECT_DDL}, "DO"},
};

static const struct {
    const char *word;
    enum dg_effect_kind kind;
    bool is_local;
    bool is_temp;
} named_steps[] = {
    {"sp:", DG_EFFECT_SAVEPOINT, false, false},
    {"release:", DG_EFFECT_RELEASE, false, false},
    {"to:", DG_EFFECT_ROLLBACK_TO, false, false},
    {"set:", DG_EFFECT_SET_PATH, false, false},
    {"local:", DG_EFFECT_SET_PATH, true, false},
    {"role:", DG_EFFECT_SET_ROLE, false, false},
    {"role-local:", DG_EFFECT_SET_ROLE, true, false},
    {"auth:", DG_EFFECT_SET_SESSION_AUTHORIZATION, false, false},
    {"ddl:", DG_EFFECT_DDL, false, false},
    {"temp:", DG_EFFECT_DDL, false, true},
};

static bool take_other_step(struct dg_path *path, const char *step)
{
    const char *rest;
    if (strcmp(step, "error") == 0)
        dg_path_fail(path);
    else if (strlen(step) == 1 && strchr("ITE", step[0]) != NULL)
        dg_path_ready(path, step[0]);
    else if (starts(step, "report:", &rest))
        dg_path_report(path, dg_str_of(rest));
    else if (starts(step, "tag:", &rest)) {
        char tag[64];
        snprintf(tag, sizeof(tag), "%s", rest);
        for (char *c = tag; *c != '\0'; c++)
            *c = *c == '_' ? ' ' : *c;
        dg_path_apply_tag(path, dg_str_of(tag));
    } else
        return false;
    return true;
}

static void take_step(struct dg_path *path, const char *step)
{
    const char *rest;
    for (size_t i = 0; i < sizeof(plain_steps) / sizeof(plain_steps[0]); i++) {
        if (strcmp(step, plain_steps[i].word) != 0)
            continue;
        dg_path_apply(path, &plain_steps[i].effect, dg_str_of(plain_steps[i].tag));
        return;
    }
    for (size_t i = 0; i < sizeof(named_steps) / sizeof(named_steps[0]); i++) {
        if (!starts(step, named_steps[i].word, &rest))
            continue;
        struct dg_sql_name name = {"", rest};
        struct dg_sql_effect effect = {.kind = named_steps[i].kind,
                                       .is_local = named_steps[i].is_local,
                                       .is_temp = named_steps[i].is_temp,
                                       .name = rest,
                                       .names = &name,
                                       .n_names = 1};
        dg_path_apply(path, &effect, DG_STR("X"));
        return;
    }
    if (!take_other_step(path, step))
        fail_msg("no such step: %s", step);
}

static void run(struct dg_path *path, const char *script)
{
    while (*script != '\0') {
        char step[64];
        size_t len = strcspn(script, " ");
        snprintf(step, sizeof(step), "%.*s", (int)len, script);
        take_step(path, step);
        script += len + (script[len] == ' ');
    }
}

static struct dg_path make_path(struct committed *committed)
{
    static const char *const standard[] = {"$user", "public"};
    struct dg_path path;
    *committed = (struct committed){0};
    assert_int_equal(dg_path_init(&path, "app", on_committed, committed), DG_OK);
    dg_path_set_default(&path, dg_words_new(standard, 2));
    return path;
}

/* "a,b", "?" when not known. */
static const char *path_text(const struct dg_path *path, char *out, size_t size)
{
    const char *const *items;
    size_t n;
    if (!dg_path_search_path(path, &items, &n))
        return "?";
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s%s", i == 0 ? "" : ",", items[i]);
    }
    return out;
}

static void test_search_path(void **state)
{
    static const struct {
        const char *script;
        const char *expected;
    } rows[] = {
        {"", "$user,public"},
        {"set:a I", "a"},
        {"set:a I reset I", "$user,public"},
        {"set:a I reset-all I", "$user,public"},
        {"set:a I discard I", "$user,public"},
        /* A transaction keeps or takes back. */
        {"begin T set:a T commit I", "a"},
        {"begin T set:a T", "a"},
        {"begin T set:a T rollback I", "$user,public"},
        {"begin T set:a T error E rollback I", "$user,public"},
        {"begin T set:a T error E failed-commit I", "$user,public"},
        {"set:a I begin T reset T rollback I", "a"},
        {"begin T set:a T prepare-transaction I", "a"},
        {"begin T set:a T chain T set:b T rollback I", "a"},
        {"begin T set:a T rollback-chain T", "$user,public"},
        {"begin T set:a T rollback-chain T set:b T commit I", "b"},
        /* SET LOCAL ends with the transaction, whatever came before or between. */
        {"begin T local:a T", "a"},
        {"begin T local:a T commit I", "$user,public"},
        {"begin T set:a T local:b T", "b"},
        {"begin T set:a T local:b T commit I", "a"},
        {"begin T local:a T set:b T commit I", "b"},
        {"set:x I begin T reset-local T", "$user,public"},
        {"set:x I begin T reset-local T commit I", "x"},
        {"local:a I", "$user,public"},
        /* Savepoints. */
        {"begin T sp:s T set:a T to:s T", "$user,public"},
        {"begin T sp:s T set:a T to:s T commit I", "$user,public"},
        {"begin T sp:s T set:a T release:s T commit I", "a"},
        {"begin T sp:s T set:a T release:s T rollback I", "$user,public"},
        {"begin T set:a T sp:s T set:b T sp:s T set:c T to:s T", "b"},
        {"begin T set:a T sp:s T set:b T sp:s T set:c T release:s T to:s T", "a"},
        {"begin T sp:s T local:a T release:s T", "a"},
        {"begin T sp:s T local:a T release:s T commit I", "$user,public"},
        {"begin T sp:s T set:a T to:s T set:b T to:s T", "$user,public"},
        {"begin T sp:s T error E to:s T set:a T commit I", "a"},
        {"begin T sp:r T sp:s T set:a T to:r T commit I", "$user,public"},
        {"begin T to:gone T", "?"},
        /* Implicit transactions: a Query of many statements, a pipeline up to Sync. */
        {"set:a set:b I", "b"},
        {"set:a error I", "$user,public"},
        {"set:x I set:a error I", "x"},
        {"set:a begin set:b T rollback I", "$user,public"},
        {"set:a begin set:b commit error I", "b"},
        {"set:a commit error I", "a"},
        {"begin set:a commit set:b error I", "a"},
        {"error I set:a I", "a"},
        /* Not known, and known again. */
        {"any I", "?"},
        {"any error I", "$user,public"},
        {"any I set:a I", "a"},
        {"any I reset I", "$user,public"},
        {"begin T any T rollback I", "$user,public"},
        /* A server that reports it (18). */
        {"report:b,_x", "b,_x"},
        {"begin T report:b T", "b"},
        {"begin T report:b T rollback report:c I", "c"},
        {"any report:b I", "b"},
        /* It does not say again what has not changed. */
        {"report:b I begin T any T commit I", "b"},
        {"report:a I begin T any report:b T commit I", "b"},
        {"report:a I begin T any report:b T rollback report:a I", "a"},
        {"report:a I begin T local:b report:b T commit report:a I", "a"},
        {"report:b I tag:SELECT_1 I", "b"},
        {"report:a I tag:SELECT_1", "?"},
        {"report:b I report:, I", "?"},
        {"report:b I report:, I report:c I", "c"},
        /* Statements that nobody looked at. */
        {"tag:INSERT_0_1 I", "$user,public"},
        {"tag:SELECT_1 I", "?"},
        {"tag:SET I", "?"},
        {"tag:CREATE_TABLE I", "?"},
        {"tag:BEGIN T set:a T tag:COMMIT I", "a"},
        {"tag:BEGIN T set:a T tag:ROLLBACK I", "?"},
        {"T set:a T error E rollback I", "$user,public"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct committed committed;
        struct dg_path path = make_path(&committed);
        char text[256];
        run(&path, rows[i].script);
        if (strcmp(path_text(&path, text, sizeof(text)), rows[i].expected) != 0)
            fail_msg("\"%s\" gives %s, not %s", rows[i].script, path_text(&path, text, sizeof(text)), rows[i].expected);
        dg_path_fini(&path);
    }
}

static void test_role(void **state)
{
    static const struct {
        const char *script;
        const char *expected; /* NULL: not known */
    } rows[] = {
        {"", "app"},
        {"role:boss I", "boss"},
        {"role:boss I role-default I", "app"},
        {"role-unknown I", NULL},
        {"role:boss error I", "app"},
        {"begin T role-local:boss T commit I", "app"},
        {"begin T role:boss T rollback I", "app"},
        {"auth:other I", "other"},
        {"role:boss I auth:other I", "other"},
        {"auth:other I role:boss I role-default I", "other"},
        {"role:boss I reset-all I", "boss"},
        {"role:boss I auth:other I discard I", "app"},
        {"tag:SET I", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct committed committed;
        struct dg_path path = make_path(&committed);
        run(&path, rows[i].script);
        const char *role = dg_path_role(&path);
        if ((role == NULL) != (rows[i].expected == NULL) || (role != NULL && strcmp(role, rows[i].expected) != 0))
            fail_msg("\"%s\" gives role %s", rows[i].script, role == NULL ? "?" : role);
        dg_path_fini(&path);
    }
}

static void locals_text(const struct dg_path *path, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < path->n_locals; i++) {
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s%s", i == 0 ? "" : " ", path->locals[i].name);
    }
    if (path->any_uncommitted)
        snprintf(out + strlen(out), size - strlen(out), "*");
}

static void test_local_names_and_commits(void **state)
{
    static const struct {
        const char *script;
        const char *locals; /* a star: anything may have changed */
        int n_commits;
        const char *committed; /* names of the last one; "" with one commit: any */
    } rows[] = {
        {"ddl:t", "t", 0, ""},
        {"ddl:t I", "", 1, "t"},
        {"ddl:t error I", "", 0, ""},
        {"ddl:t ddl:u I", "", 1, "t u"},
        {"begin T ddl:t T", "t", 0, ""},
        {"begin T ddl:t T commit I", "", 1, "t"},
        {"begin T ddl:t T failed-commit I", "", 0, ""},
        {"begin T ddl:t T prepare-transaction I", "", 1, "t"},
        {"begin T ddl:t T sp:s T ddl:u T to:s T", "t", 0, ""},
        {"begin T ddl:t T sp:s T ddl:u T to:s T commit I", "", 1, "t"},
        {"begin T ddl:t T sp:s T ddl:u T release:s T commit I", "", 1, "t u"},
        {"begin T sp:s T ddl-any T", "*", 0, ""},
        {"begin T sp:s T ddl-any T to:s T", "", 0, ""},
        {"begin T sp:s T ddl-any T to:s T commit I", "", 0, ""},
        {"ddl-any I", "", 1, ""},
        {"begin T ddl:t T ddl-any T commit I", "", 1, ""},
        {"begin T ddl:t T chain T", "", 1, "t"},
        /* Temporary ones are no change of the schema, and stay. */
        {"temp:x I", "x", 0, ""},
        {"begin T temp:x T rollback I", "", 0, ""},
        {"temp:x I ddl:t I", "x", 1, "t"},
        {"temp:x I discard I", "", 0, ""},
        {"temp:x I discard-temp I temp:y I", "y", 0, ""},
        {"temp:x I temp:y I ddl:x I", "y", 1, "x"},
        {"temp:x I begin T ddl:x T rollback I", "x", 0, ""},
        /* Nobody looked at it. */
        {"tag:CREATE_TABLE", "*", 0, ""},
        {"tag:CREATE_TABLE I", "", 1, ""},
        {"tag:CREATE_TABLE error I", "", 0, ""},
        /* A procedure may have committed what it did. */
        {"tag:CALL", "*", 0, ""},
        {"tag:CALL I", "", 1, ""},
        {"tag:CALL error I", "", 1, ""},
        {"tag:CALL ddl:t error I", "", 1, ""},
        {"ddl:t tag:CALL error I", "", 1, ""},
        {"begin T tag:CALL error E rollback I", "", 0, ""},
        {"tag:INSERT_0_1 I", "", 0, ""},
        {"set:a I", "", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct committed committed;
        struct dg_path path = make_path(&committed);
        char locals[256];
        run(&path, rows[i].script);
        locals_text(&path, locals, sizeof(locals));
        if (strcmp(locals, rows[i].locals) != 0 || committed.n_calls != rows[i].n_commits ||
            strcmp(committed.names, rows[i].committed) != 0)
            fail_msg("\"%s\": locals \"%s\", %d commits, of \"%s\"", rows[i].script, locals, committed.n_calls,
                     committed.names);
        dg_path_fini(&path);
    }
}

static void test_too_many_savepoints_make_it_unknown(void **state)
{
    struct committed committed;
    struct dg_path path = make_path(&committed);
    char text[64];
    (void)state;
    run(&path, "begin T");
    for (int i = 0; i < DG_PATH_MAX_FRAMES - 1; i++)
        run(&path, "sp:s T");
    assert_string_equal(path_text(&path, text, sizeof(text)), "$user,public");
    run(&path, "sp:s T");
    assert_string_equal(path_text(&path, text, sizeof(text)), "?");
    run(&path, "rollback I");
    assert_string_equal(path_text(&path, text, sizeof(text)), "$user,public");
    dg_path_fini(&path);
}

static void test_too_many_names_become_any(void **state)
{
    struct committed committed;
    struct dg_path path = make_path(&committed);
    (void)state;
    run(&path, "begin T");
    for (int i = 0; i < DG_PATH_MAX_LOCALS; i++)
        run(&path, "ddl:t");
    assert_false(path.any_uncommitted);
    run(&path, "ddl:t");
    assert_true(path.any_uncommitted);
    run(&path, "commit I");
    assert_int_equal(committed.n_calls, 1);
    assert_int_equal(committed.n_names, 0);
    dg_path_fini(&path);
}

static void test_too_many_temporary_names_are_remembered_as_any(void **state)
{
    struct committed committed;
    struct dg_path path = make_path(&committed);
    (void)state;
    for (int i = 0; i <= DG_PATH_MAX_LOCALS; i++)
        run(&path, "temp:x I");
    assert_true(path.any_temp);
    run(&path, "discard-temp I");
    assert_false(path.any_temp);
    assert_int_equal(path.n_locals, 0);
    dg_path_fini(&path);
}

static void test_path_text(void **state)
{
    static const struct {
        const char *text;
        const char *first; /* NULL: malformed */
        size_t n;
    } rows[] = {
        {"\"$user\", public", "$user", 2},
        {"Tenant", "tenant", 1},
        {"\"Tenant\"", "Tenant", 1},
        {"", "", 0},
        {"a,,b", NULL, 0},
        {"\"a", NULL, 0},
        {"a b", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dg_words *words = dg_words_of_path(dg_str_of(rows[i].text));
        assert_int_equal(words == NULL, rows[i].first == NULL);
        if (words != NULL) {
            assert_int_equal(words->n, rows[i].n);
            if (words->n > 0)
                assert_string_equal(words->items[0], rows[i].first);
        }
        dg_words_unref(words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search_path),
        cmocka_unit_test(test_role),
        cmocka_unit_test(test_local_names_and_commits),
        cmocka_unit_test(test_too_many_savepoints_make_it_unknown),
        cmocka_unit_test(test_too_many_names_become_any),
        cmocka_unit_test(test_too_many_temporary_names_are_remembered_as_any),
        cmocka_unit_test(test_path_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
