/* Putting a new text into a file's place. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file behind links, so that a link stays one. */
static const char *real_path(struct cli *cli, struct str path) {
    char *resolved = realpath(arena_copy_cstr(&cli->arena, path), NULL);
    if (resolved == NULL) return arena_copy_cstr(&cli->arena, path);
    const char *copy = arena_copy_cstr(&cli->arena, str_cstr(resolved));
    free(resolved);
    return copy;
}

static bool write_all(int fd, struct str text) {
    for (size_t at = 0; at < text.len;) {
        ssize_t n = write(fd, text.ptr + at, text.len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        at += (size_t)n;
    }
    return fsync(fd) == 0;
}

bool cli_replace_file(struct cli *cli, struct str path, struct str text) {
    const char *real = real_path(cli, path);
    char *part = arena_copy_cstr(&cli->arena, arena_printf(&cli->arena, "%s.XXXXXX", real));
    struct stat status;
    int fd = stat(real, &status) == 0 ? mkostemp(part, O_CLOEXEC) : -1;
    bool good = fd >= 0;
    if (good && (status.st_uid != geteuid() || status.st_gid != getegid()))
        good = fchown(fd, status.st_uid, status.st_gid) == 0;
    good = good && fchmod(fd, status.st_mode & 07777) == 0 && write_all(fd, text);
    int failed = errno;
    if (fd >= 0 && close(fd) != 0 && good) good = false, failed = errno;
    if (good && rename(part, real) != 0) good = false, failed = errno;
    if (good) return true;
    if (fd >= 0) unlink(part);
    diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot write %.*s: %s", STR_ARG(path),
                strerror(failed));
    return false;
}
