/*
 * Runs a fuzz target over the files of the folders that it is given, and over every prefix of each: what a truncated
 * input does is asked for nothing.
 */
#include <dirent.h>

#include "base/file.h"
#include "fuzz.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)
/* Prefixes of longer files would take too long. A target with many files may want none. */
#ifndef MAX_PREFIXES
#define MAX_PREFIXES 512
#endif

/* Fresh memory of exactly this size, so that a sanitizer sees the first byte read beyond it. */
static void run(const char *data, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);

    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static bool replay_file(const char *path)
{
    struct dg_error error;
    struct dg_text file;

    dg_text_init(&file, MAX_FILE_BYTES);
    if (dg_file_read(path, &file, &error) != DG_OK) {
        fprintf(stderr, "%s\n", error.text);
        dg_text_fini(&file);
        return false;
    }
    run(file.data, file.len);
    for (size_t len = 0; file.len <= MAX_PREFIXES && len < file.len; len++)
        run(file.data, len);
    dg_text_fini(&file);
    return true;
}

/* The number of files replayed; 0 is a failure, too. */
static size_t replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t n = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (!replay_file(path)) {
            closedir(dir);
            return 0;
        }
        n++;
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t n = replay_folder(argv[i]);

        printf("%s: %zu files\n", argv[i], n);
        if (n == 0)
            return 1;
    }
    return argc > 1 ? 0 : 64;
}
