/*
 * Whole files. A replacement is written beside the file and renamed over it, so that a reader, or we after a crash, see
 * the old content or the new one and never half of either.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 16384

/* read() that is not ended by a signal. */
static ssize_t read_some(int fd, char *bytes, size_t size)
{
    ssize_t n;
    do {
        n = read(fd, bytes, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* By read() until the end, not by the size that stat() gives: pipes and files under /proc have none. */
static enum dg_status read_all(int fd, const char *path, struct dg_text *out, struct dg_error *error)
{
    char piece[PIECE_BYTES];
    for (;;) {
        ssize_t n = read_some(fd, piece, sizeof piece);
        if (n < 0)
            return dg_error_set(error, DG_IO, "could not read \"%s\": %m", path);
        if (n == 0)
            return DG_OK;
        if ((size_t)n > out->max_bytes - out->len)
            return dg_error_set(error, DG_LIMIT, "\"%s\" is larger than the %zu bytes that are allowed", path,
                                out->max_bytes);
        dg_text_append(out, (struct dg_str){piece, (size_t)n});
        if (out->failed)
            return dg_error_set(error, DG_NO_MEMORY, "out of memory while reading \"%s\"", path);
    }
}

enum dg_status dg_file_read(const char *path, struct dg_text *out, struct dg_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dg_error_set(error, DG_IO, "could not open \"%s\": %m", path);
    enum dg_status status = read_all(fd, path, out, error);
    (void)close(fd);
    return status;
}

static bool write_all(int fd, struct dg_str content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.data, content.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        content = (struct dg_str){content.data + n, content.len - (size_t)n};
    }
    return true;
}

/* Makes the rename itself durable. A file system that cannot sync folders says EINVAL; nothing is to be done then. */
static bool sync_folder_of(const char *path)
{
    struct dg_text folder;
    dg_text_init(&folder, 4096);
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        dg_text_char(&folder, '.');
    else
        dg_text_append(&folder, (struct dg_str){path, slash == path ? 1 : (size_t)(slash - path)});
    int fd = folder.failed ? -1 : open(dg_text_get(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dg_text_fini(&folder);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0 || errno == EINVAL;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return ok;
}

/* The temporary file takes the permissions of the file that it replaces; a new file is for its owner alone. */
static bool fill(int fd, const char *path, struct dg_str content)
{
    struct stat old;
    if (stat(path, &old) == 0 && fchmod(fd, old.st_mode & 07777) != 0)
        return false;
    return write_all(fd, content) && fsync(fd) == 0;
}

/* What stands there under our own name was left by a process of our number that died. */
static int create(const char *temporary)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    int fd = open(temporary, flags, 0600);
    if (fd < 0 && errno == EEXIST && unlink(temporary) == 0)
        fd = open(temporary, flags, 0600);
    return fd;
}

/* close() is checked: on network file systems it is where a full disk shows up. errno is carried over the calls that
   clean up, for the message. */
static enum dg_status replace(const char *path, const char *temporary, struct dg_str content, struct dg_error *error)
{
    int fd = create(temporary);
    if (fd < 0)
        return dg_error_set(error, DG_IO, "could not create a temporary file beside \"%s\": %m", path);
    bool ok = fill(fd, path, content);
    int saved = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        saved = errno;
    }
    errno = saved;
    if (ok && rename(temporary, path) == 0) {
        if (!sync_folder_of(path))
            return dg_error_set(error, DG_IO, "could not sync the folder of \"%s\": %m", path);
        return DG_OK;
    }
    enum dg_status status = dg_error_set(error, DG_IO, "could not write \"%s\": %m", path);
    (void)unlink(temporary);
    return status;
}

enum dg_status dg_file_replace(const char *path, struct dg_str content, struct dg_error *error)
{
    struct dg_text temporary;
    dg_text_init(&temporary, 4096);
    dg_text_printf(&temporary, "%s.%ld.tmp", path, (long)getpid());
    enum dg_status status = temporary.failed ? dg_error_set(error, DG_LIMIT, "the path \"%.200s...\" is too long", path)
                                             : replace(path, dg_text_get(&temporary), content, error);
    dg_text_fini(&temporary);
    return status;
}
