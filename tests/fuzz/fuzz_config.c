/*
 * Configurations over any bytes, from every source at once. The input is cut at NUL bytes: the first piece is the file,
 * the others are in turn a variable ("DRIFTGUARD_...=..."), a setting ("OPTION=VALUE") and an upstream's URL. What is refused is refused with words; what is accepted agrees with itself.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "fuzz.h"

#define MAX_PIECES 64

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Each piece ends in NUL: `copy` has one behind its end. */
static size_t cut(char *copy, size_t size, const char *pieces[MAX_PIECES])
{
    size_t n = 0;
    for (char *at = copy; at <= copy + size && n < MAX_PIECES; at += strlen(at) + 1)
        pieces[n++] = at;
    return n;
}

static void check_refusal(enum dg_status status, const struct dg_error *error)
{
    check(status == DG_OK || (error->status == status && error->text[0] != '\0'));
    check(memchr(error->text, '\0', sizeof error->text) != NULL);
}

static void load(const char *path, const char *const *variables, const char *const *settings, size_t n_settings)
{
    const struct dg_config_sources sources = {
        .file = path, .settings = settings, .n_settings = n_settings, .environ_vars = variables};
    struct dg_config *config = NULL;
    struct dg_error error = {DG_OK, ""};
    enum dg_status status = dg_config_load(&sources, &config, &error);
    check_refusal(status, &error);
    check((config != NULL) == (status == DG_OK));
    if (config == NULL)
        return;
    check(config->mode <= config->mode_ceiling);
    check(dg_config_needs_restart(config, config) == NULL);
    dg_config_unref(config);
}

static void read_url(const char *text)
{
    struct dg_url url;
    struct dg_error error = {DG_OK, ""};
    struct dg_text printed;
    enum dg_status status = dg_url_parse(text, &url, &error);
    check_refusal(status, &error);
    if (status != DG_OK)
        return;
    dg_text_init(&printed, 65536);
    dg_url_print(&url, &printed);
    check(!printed.failed);
    dg_text_fini(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    const char *pieces[MAX_PIECES];
    const char *variables[MAX_PIECES + 1];
    const char *settings[MAX_PIECES];
    size_t n_variables = 0, n_settings = 0;
    int fd = memfd_create("config", MFD_CLOEXEC);
    char path[64];
    check(copy != NULL && fd >= 0);
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    size_t n = cut(copy, size, pieces);
    size_t file_bytes = strlen(pieces[0]);
    check(write(fd, pieces[0], file_bytes) == (ssize_t)file_bytes);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (size_t i = 1; i < n; i++) {
        if (i % 3 == 1)
            variables[n_variables++] = pieces[i];
        else if (i % 3 == 2)
            settings[n_settings++] = pieces[i];
        else
            read_url(pieces[i]);
    }
    variables[n_variables] = NULL;
    load(path, variables, settings, n_settings);
    load(NULL, variables, settings, n_settings);
    (void)close(fd);
    free(copy);
    return 0;
}
