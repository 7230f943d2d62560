/* mig build: a spec to a plan. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char HELP[] =
    "Compiles a spec to a plan: one file that holds everything a run needs but the data and the secrets. The "
    "same\n"
    "spec gives the same bytes. The plan runs on a machine that has neither the spec nor the DDL.\n\n"
    "  mig build portal.mig -o portal.migc\n"
    "  mig run portal.migc --env staging --data /exports\n\n"
    "Exit codes: 0 built, 1 the spec is wrong, 2 usage.\n";

static bool write_plan(struct cli *cli, struct str path, const struct buf *bytes) {
    struct str part = arena_printf(&cli->arena, "%.*s.part", STR_ARG(path));
    int fd = open(part.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < bytes->len;) {
        ssize_t n = write(fd, bytes->ptr + done, bytes->len - done);
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

int cmd_build(struct cli *cli, int argc, char **argv) {
    struct str output = {0};
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, &output, "PLAN",
         "where the plan goes (default: the spec's name with .migc)"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 1) return cli_usage(cli, "one spec, please");
    struct str spec = arguments.words.items[0];
    if (output.len == 0) {
        struct str stem = str_ends_with(spec, STR(".mig")) ? str_from(spec.ptr, spec.len - 4) : spec;
        output = arena_printf(&cli->arena, "%.*s.migc", STR_ARG(stem));
    }
    struct plan *plan = cli_compile(cli, spec);
    struct buf bytes = {0};
    bool good = plan != NULL;
    if (good) {
        plan_write(plan, &bytes);
        good =
            plan_read(&cli->arena, buf_str(&bytes), output, &cli->diags) && write_plan(cli, output, &bytes);
    }
    if (good && !cli->json) {
        uint8_t hash[32];
        plan_hash(plan, hash);
        printf("%.*s: %zu bytes, sha256 ", STR_ARG(output), bytes.len);
        for (int i = 0; i < 32; i++)
            printf("%02x", hash[i]);
        printf("\n");
    }
    fflush(stdout);
    cli_show_diags(cli);
    buf_release(&bytes);
    return good ? EXIT_WELL : EXIT_SPEC;
}
