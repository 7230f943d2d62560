/* mig audit: is the trail of events as it was written? */
#include "runtime/cli/run_ref.h"
#include "runtime/postgres/pg_trail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char HELP[] =
    "The journal's events (runs, maps, approvals) are a chain: each holds the hash of the one before it.\n"
    "`verify` recomputes it; with a FILE that `export` wrote, that file's, without a database. With a FILE "
    "and a "
    "target it\nalso holds one against the other: events that were cut off at the end show only so.\n\n"
    "  mig audit verify --target $PORTAL_URL\n"
    "  mig audit export -o trail.ndjson\n"
    "  mig audit verify trail.ndjson\n"
    "  mig audit verify trail.ndjson --target $PORTAL_URL\n\n"
    "Exit codes: 0 it fits; 4 it does not; 5 the target cannot be reached.\n";

static void say(struct cli *cli, const struct trail_check *check, const char *what) {
    struct buf out = {0};
    if (cli->json)
        buf_printf(&out, "{\"events\":%llu,\"head\":\"%s\"}\n", (unsigned long long)check->count,
                   check->head);
    else if (check->count)
        buf_printf(&out, "%llu events %s, the last one has hash %s\n", (unsigned long long)check->count, what,
                   check->head);
    else
        buf_printf(&out, "there are no events\n");
    cli_print(&out);
    buf_release(&out);
    fflush(stdout);
}

/* ---------------------------------------------------------------- the target's */

struct target_trail {
    struct cli *cli;
    struct trail_check check;
    FILE *out; /* export: where events go; NULL: nowhere */
    struct buf line;
    bool broken; /* an event does not fit */
};

static bool visit_event(void *context, const struct trail_event *event) {
    struct target_trail *trail = context;
    if (!trail_check_event(&trail->check, event, &trail->cli->diags)) {
        trail->broken = true;
        return false;
    }
    if (trail->out == NULL) return true;
    buf_clear(&trail->line);
    trail_write_line(event, &trail->line);
    return fwrite(trail->line.ptr, 1, trail->line.len, trail->out) == trail->line.len;
}

/* A target without journal has no events. */
static bool has_journal(struct cli *cli, struct pg_connection *connection, bool *usable) {
    enum journal_presence presence = journal_find(connection, &cli->diags);
    *usable = presence != JOURNAL_UNUSABLE;
    return presence == JOURNAL_PRESENT;
}

static int read_target(struct cli *cli, struct pg_connection *connection, struct target_trail *trail) {
    bool usable;
    if (!has_journal(cli, connection, &usable)) return usable ? EXIT_WELL : EXIT_REFUSED;
    if (trail_read(connection, visit_event, trail, &cli->diags)) return EXIT_WELL;
    return trail->broken ? EXIT_CHECK : EXIT_UNREACHABLE;
}

static int verify_target(struct cli *cli, struct pg_connection *connection) {
    struct target_trail trail = {.cli = cli};
    int code = read_target(cli, connection, &trail);
    if (code == EXIT_WELL) say(cli, &trail.check, "fit");
    return code;
}

static int output_failed(struct cli *cli, struct str path, int why) {
    struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0},
                                    "could not write the audit trail: %s", strerror(why));
    diag_place(&cli->diags, diag, "%.*s", STR_ARG(path));
    return EXIT_USAGE;
}

static int export_target(struct cli *cli, struct pg_connection *connection, struct str path) {
    struct target_trail trail = {.cli = cli};
    struct str temporary = arena_printf(&cli->arena, "%.*s.part", STR_ARG(path));
    int fd = open(temporary.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return output_failed(cli, temporary, errno);
    trail.out = fdopen(fd, "w");
    if (trail.out == NULL) memory_exhausted(0);
    int code = read_target(cli, connection, &trail);
    buf_release(&trail.line);
    bool written = !ferror(trail.out) && fflush(trail.out) == 0 && fsync(fd) == 0;
    int why = errno;
    fclose(trail.out);
    if (code == EXIT_WELL && written && rename(temporary.ptr, arena_copy_cstr(&cli->arena, path)) == 0) {
        say(cli, &trail.check, "exported");
        return EXIT_WELL;
    }
    if (!written || code == EXIT_WELL) code = output_failed(cli, path, written ? errno : why);
    unlink(temporary.ptr);
    return code;
}

/* ---------------------------------------------------------------- a file's */

/* The target must have the file's last event, where the file has it. */
static bool compare_head(struct cli *cli, struct pg_connection *connection, const struct trail_check *check,
                         int *code) {
    struct str hash = STR("");
    bool usable;
    *code = EXIT_UNREACHABLE;
    if (has_journal(cli, connection, &usable)) {
        if (!trail_read_hash(connection, check->count, &cli->arena, &hash, &cli->diags)) return false;
    } else if (!usable) {
        return false;
    }
    if (str_is(hash, check->head)) return true;
    *code = EXIT_CHECK;
    struct diag *diag = diag_report(&cli->diags, X_PG_TAMPERED, (struct span){0},
                                    hash.len ? "event %llu of the target is another one than the file's"
                                             : "event %llu of the file is not in the target",
                                    (unsigned long long)check->count);
    diag_help(
        &cli->diags, diag,
        "The file fits in itself. It is of another target, or the target's trail was written anew or cut "
        "off since the export.");
    return false;
}

static int verify_file(struct cli *cli, struct str path, struct pg_connection *connection) {
    struct trail_check check = {0};
    struct arena arena = {0};
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool good = true;
    FILE *in = fopen(arena_copy_cstr(&cli->arena, path), "re");
    if (in == NULL) {
        diag_report(&cli->diags, X_FILE_UNREADABLE, (struct span){0}, "cannot read %.*s: %s", STR_ARG(path),
                    strerror(errno));
        return EXIT_USAGE;
    }
    while (good && (n = getline(&line, &cap, in)) > 0) {
        struct trail_event event;
        struct str text = str_from(line, (size_t)n);
        if (text.len > TRAIL_MAX_LINE) text.len = TRAIL_MAX_LINE;
        good = trail_read_line(text, check.count + 1, &arena, &event, &cli->diags) &&
               trail_check_event(&check, &event, &cli->diags);
        arena_reset(&arena);
    }
    bool readable = !ferror(in);
    fclose(in);
    free(line);
    arena_release(&arena);
    if (!readable) {
        diag_report(&cli->diags, X_FILE_UNREADABLE, (struct span){0}, "cannot read %.*s to its end",
                    STR_ARG(path));
        return EXIT_USAGE;
    }
    int code = EXIT_CHECK;
    if (!good || (connection && check.count && !compare_head(cli, connection, &check, &code))) return code;
    say(cli, &check, connection ? "fit, and the target has them" : "fit");
    return EXIT_WELL;
}

int cmd_audit(struct cli *cli, int argc, char **argv) {
    struct run_ref_arguments a = {0};
    struct str output = {0};
    const struct option options[] = {
        RUN_REF_OPTIONS(a),
        {"output", 'o', OPTION_TEXT, &output, "FILE", "export: where the events go, as lines of JSON"},
        OPTION_END};
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    uint32_t words = arguments.words.count;
    struct str verb = words ? arguments.words.items[0] : STR("");
    bool verify = str_is(verb, "verify"), export = str_is(verb, "export");
    if (!verify && !export) return cli_usage(cli, "say `mig audit verify` or `mig audit export -o FILE`");
    if (words > (verify ? 2u : 1u)) return cli_usage(cli, "too many words");
    if (export && output.len == 0) return cli_usage(cli, "say where to: -o FILE");
    if (verify && output.len) return cli_usage(cli, "-o is of `export`; `verify` takes the file as a word");
    struct str file = words == 2 ? arguments.words.items[1] : STR("");
    bool online = file.len == 0 || a.target_url.len || a.sandbox || a.sandbox_dir.len || a.environment.len;
    struct pg_connection *connection = online ? run_ref_connect(cli, &a, &code) : NULL;
    if (connection || !online)
        code = export     ? export_target(cli, connection, output)
               : file.len ? verify_file(cli, file, connection)
                          : verify_target(cli, connection);
    pg_close(connection);
    if (code != EXIT_WELL) cli_show_diags(cli);
    return code;
}
