/* Loading a configuration while each allocation fails once: it loads, or it says why and leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/config.h"
#include "no_memory.h"

static void each_allocation_may_fail(void **state)
{
    (void)state;
    char path[] = "/tmp/dg-test-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    struct dg_str content =
        DG_STR("{\"upstream\": \"postgres://db\", \"environment\": \"e\","
               " \"environments\": {\"e\": {\"state_dir\": \"/x\"}, \"f\": {\"state_dir\": \"/y\"}},"
               " \"rules\": [{\"user\": \"a\", \"mode\": \"off\"}]}");
    assert_int_equal(dg_file_replace(path, content, NULL), DG_OK);
    const char *const settings[] = {"listen=[::1]:1"};
    const char *const variables[] = {"DRIFTGUARD_ADMIN=[::1]:2", NULL};
    const struct dg_config_sources sources = {path, settings, 1, variables};
    unsigned n_failures = 0;
    for (unsigned n = 1;; n++) {
        struct dg_config *config;
        struct dg_error error;
        no_memory_at(n);
        enum dg_status status = dg_config_load(&sources, &config, &error);
        if (!no_memory_happened()) {
            assert_int_equal(status, DG_OK);
            dg_config_unref(config);
            break;
        }
        n_failures++;
        assert_int_equal(status, DG_NO_MEMORY);
        assert_null(config);
        assert_true(error.text[0] != '\0');
    }
    assert_true(n_failures >= 4); /* the config, its arena, the file's text, the other overlay's arena */
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
