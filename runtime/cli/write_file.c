/* A result into a file: whole, or not at all. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool cli_write_file(struct cli *cli, struct str path, struct str bytes) {
    struct str part = arena_printf(&cli->arena, "%.*s.part", STR_ARG(path));
    int fd = open(part.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        if (good) done += (size_t)n;
    }
    if (fd >= 0 && close(fd) != 0) good = false;
    if (good) good = rename(part.ptr, arena_copy_cstr(&cli->arena, path)) == 0;
    if (good) return true;
    diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot write %.*s: %s", STR_ARG(path),
                strerror(errno));
    unlink(part.ptr);
    return false;
}
