/*
 * Loading: the sources, lowest precedence first, each over what stands there already.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/options.h"
#include "config/sources.h"

/* A full file of short rules takes this much with room to spare. */
#define ARENA_BYTES (8u * DG_CONFIG_FILE_BYTES)

/* A config and the arena that it points to, in one piece. A lowered one borrows the strings of the one it came from. */
struct owned_config {
    struct dg_config config; /* first member: what callers hold */
    struct dg_arena arena;
    struct dg_shared *origin; /* a reference, or NULL */
};

static void free_config(struct dg_shared *object)
{
    struct owned_config *owned = (struct owned_config *)object;
    dg_arena_fini(&owned->arena);
    dg_shared_unref(owned->origin);
    free(owned);
}

static struct dg_config *config_new(void)
{
    struct owned_config *owned = calloc(1, sizeof *owned);
    if (owned == NULL)
        return NULL;
    dg_shared_init(&owned->config.shared, free_config);
    dg_arena_init(&owned->arena, ARENA_BYTES);
    owned->config.arena = &owned->arena;
    dg_options_set_standard(&owned->config);
    return &owned->config;
}

void dg_config_unref(struct dg_config *config)
{
    if (config != NULL)
        dg_shared_unref(&config->shared);
}

/* Which overlay is asked for, and by whom; NULL leaves it to the file. */
static const char *wanted_environment(const struct dg_config_sources *sources, const char **source)
{
    const char *wanted = dg_settings_find(sources->settings, sources->n_settings, "environment");
    *source = "the command line";
    if (wanted == NULL) {
        wanted = dg_environment_find(sources->environ_vars, "DRIFTGUARD_ENV");
        *source = "DRIFTGUARD_ENV";
    }
    return wanted;
}

/* Lowest first. The ceiling comes last because any source may have set it. */
static enum dg_status apply(struct dg_config *config, const struct dg_config_sources *sources, struct dg_error *error)
{
    const char *source = NULL;
    const char *environment = wanted_environment(sources, &source);
    const char *file =
        sources->file != NULL ? sources->file : dg_environment_find(sources->environ_vars, "DRIFTGUARD_CONFIG");
    enum dg_status status = DG_OK;
    if (file != NULL)
        status = dg_config_read_file(config, file, environment, source, error);
    else if (environment != NULL)
        status =
            dg_error_set(error, DG_CONFIG, "there is no environment \"%.64s\" (from %s): no configuration file is read",
                         environment, source);
    if (status == DG_OK)
        status = dg_config_read_environment(config, sources->environ_vars, error);
    if (status == DG_OK)
        status = dg_config_read_settings(config, sources->settings, sources->n_settings, error);
    if (status == DG_OK && config->mode > config->mode_ceiling)
        config->mode = config->mode_ceiling;
    return status;
}

/* All or nothing: on a reload that fails, the running config goes on. */
enum dg_status dg_config_load(const struct dg_config_sources *sources, struct dg_config **config,
                              struct dg_error *error)
{
    *config = NULL;
    struct dg_config *made = config_new();
    if (made == NULL)
        return dg_error_set(error, DG_NO_MEMORY, "out of memory");
    enum dg_status status = apply(made, sources, error);
    if (status == DG_OK)
        *config = made;
    else
        dg_config_unref(made);
    return status;
}

struct dg_config *dg_config_lowered(struct dg_config *config, enum dg_mode ceiling)
{
    struct owned_config *lowered = calloc(1, sizeof *lowered);
    if (lowered == NULL)
        return NULL;
    /* All but the reference count, which others may be moving. */
    const size_t head = sizeof config->shared;
    memcpy((char *)&lowered->config + head, (const char *)config + head, sizeof *config - head);
    dg_shared_init(&lowered->config.shared, free_config);
    dg_arena_init(&lowered->arena, ARENA_BYTES);
    lowered->config.arena = &lowered->arena;
    lowered->origin = dg_shared_ref(&config->shared);
    if (ceiling < config->mode_ceiling)
        lowered->config.mode_ceiling = ceiling;
    if (lowered->config.mode > lowered->config.mode_ceiling)
        lowered->config.mode = lowered->config.mode_ceiling;
    return &lowered->config;
}

const char *dg_config_needs_restart(const struct dg_config *running, const struct dg_config *wanted)
{
    for (size_t i = 0; i < dg_n_options; i++) {
        if (!dg_options[i].is_live && !dg_option_equal(&dg_options[i], running, wanted))
            return dg_options[i].path;
    }
    return dg_upstreams_equal(running, wanted) ? NULL : "upstreams";
}
