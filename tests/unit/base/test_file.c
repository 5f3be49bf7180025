/* Whole files: read within a limit, replaced at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

struct folder {
    char path[64];
    char file[96];
};

static int make_folder(void **state)
{
    static struct folder folder;
    (void)snprintf(folder.path, sizeof folder.path, "/tmp/dg-test-file-XXXXXX");
    if (mkdtemp(folder.path) == NULL)
        return -1;
    (void)snprintf(folder.file, sizeof folder.file, "%s/journal", folder.path);
    *state = &folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    (void)unlink(folder->file);
    return rmdir(folder->path); /* fails, and the test with it, if a temporary file was left behind */
}

static void assert_content(const char *path, const char *content)
{
    struct dg_text text;
    struct dg_error error;
    dg_text_init(&text, 1000);
    assert_int_equal(dg_file_read(path, &text, &error), DG_OK);
    assert_string_equal(dg_text_get(&text), content);
    dg_text_fini(&text);
}

static void what_is_written_is_read(void **state)
{
    const struct folder *folder = *state;
    struct dg_error error;
    assert_int_equal(dg_file_replace(folder->file, DG_STR("one"), &error), DG_OK);
    assert_content(folder->file, "one");
    assert_int_equal(dg_file_replace(folder->file, DG_STR(""), &error), DG_OK);
    assert_content(folder->file, "");
}

static void permissions_outlive_a_replacement(void **state)
{
    const struct folder *folder = *state;
    struct stat info;
    assert_int_equal(dg_file_replace(folder->file, DG_STR("one"), NULL), DG_OK);
    assert_int_equal(stat(folder->file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(chmod(folder->file, 0644), 0);
    assert_int_equal(dg_file_replace(folder->file, DG_STR("two"), NULL), DG_OK);
    assert_int_equal(stat(folder->file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0644);
}

static void a_file_above_the_limit_is_refused(void **state)
{
    const struct folder *folder = *state;
    struct dg_error error;
    struct dg_text text;
    assert_int_equal(dg_file_replace(folder->file, DG_STR("0123456789"), &error), DG_OK);
    dg_text_init(&text, 10);
    assert_int_equal(dg_file_read(folder->file, &text, &error), DG_OK);
    dg_text_fini(&text);
    dg_text_init(&text, 9);
    assert_int_equal(dg_file_read(folder->file, &text, &error), DG_LIMIT);
    assert_non_null(strstr(error.text, "larger than the 9 bytes"));
    dg_text_fini(&text);
}

static void failures_name_the_file(void **state)
{
    const struct folder *folder = *state;
    struct dg_error error;
    struct dg_text text;
    dg_text_init(&text, 10);
    assert_int_equal(dg_file_read(folder->file, &text, &error), DG_IO);
    assert_non_null(strstr(error.text, folder->file));
    assert_non_null(strstr(error.text, "No such file"));
    assert_int_equal(dg_file_read(folder->path, &text, &error), DG_IO);
    assert_int_equal(dg_file_replace("/no/such/folder/file", DG_STR("x"), &error), DG_IO);
    assert_non_null(strstr(error.text, "/no/such/folder/file"));
    /* A folder stands where the file should go: the temporary file must not stay. */
    assert_int_equal(mkdir(folder->file, 0700), 0);
    assert_int_equal(dg_file_replace(folder->file, DG_STR("x"), &error), DG_IO);
    assert_int_equal(rmdir(folder->file), 0);
    dg_text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(permissions_outlive_a_replacement, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_above_the_limit_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(failures_name_the_file, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
