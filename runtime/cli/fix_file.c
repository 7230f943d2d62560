/* Writing fixes back into a spec's file. */
#include "compiler/lint/lint.h"
#include "runtime/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, struct str bytes) {
    for (size_t at = 0; at < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + at, bytes.len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        at += (size_t)n;
    }
    return true;
}

/* The file is replaced as a whole, so that a crash leaves the old one; links stay links. */
static bool replace_file(struct cli *cli, const char *path, struct str bytes) {
    struct stat old;
    char *real = realpath(path, NULL);
    if (real == NULL) return false;
    char *temporary = arena_copy_cstr(&cli->arena, arena_printf(&cli->arena, "%s.XXXXXX", real));
    bool good = stat(real, &old) == 0;
    int fd = good ? mkstemp(temporary) : -1;
    good = fd >= 0 && write_all(fd, bytes) && fchmod(fd, old.st_mode & 07777) == 0 && fsync(fd) == 0;
    int failed = errno;
    if (fd >= 0) good = close(fd) == 0 && good;
    if (good) good = rename(temporary, real) == 0;
    if (!good && fd >= 0) {
        failed = errno ? errno : failed;
        unlink(temporary);
    }
    free(real);
    errno = failed;
    return good;
}

bool cli_fix_file(struct cli *cli, const struct source_text *spec, const struct diag_list *diags,
                  uint32_t *count) {
    struct str fixed = lint_apply_fixes(&cli->arena, spec, diags, count);
    if (*count == 0) return true;
    if (replace_file(cli, arena_copy_cstr(&cli->arena, spec->name), fixed)) return true;
    diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot write %.*s: %s", STR_ARG(spec->name),
                strerror(errno));
    return false;
}
