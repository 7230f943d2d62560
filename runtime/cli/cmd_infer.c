/* mig infer: a draft of a spec from data. */
#include "runtime/cli/cli.h"
#include "runtime/infer/infer.h"
#include "runtime/postgres/sandbox.h"
#include "runtime/profile/discover.h"
#include "runtime/profile/words.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char HELP[] =
    "Reads files as `mig profile` does and drafts a spec: sources with their columns and types, and, with a\n"
    "target's DDL, a map for each of its tables that a file fits, with keys, references, codes and "
    "handlers.\n"
    "Whatever is a guess is marked `-- guessed: …` and says why. The draft compiles; rows that do not fit "
    "are\n"
    "rejected with a reason, never lost.\n\n"
    "  mig infer --target portal.sql -o portal.mig data/*.csv data/projects.xlsx\n"
    "  mig infer --target portal.sql --data data users.csv 'days/*.json'    then: mig run draft.mig --data "
    "data\n"
    "  mig infer users.csv                     without a target: each table into a csv file\n"
    "  mig infer --target postgres://localhost/portal -o portal.mig users.csv    the DDL comes from the "
    "database\n\n"
    "Exit codes: 0 done, 1 the DDL is wrong or nothing fits, 2 usage, 5 a file or the database could not be\n"
    "read, 7 the draft is there already.\n";

struct infer {
    struct cli *cli;
    struct str target, output, name, data_dir;
    bool force;
    struct str base_dir; /* where source paths start */
    struct str folder;   /* of the spec */
    VEC(struct table_profile *) profiles;
    struct discovery discovery;
};

/* ------------------------------------------------------------------ paths */

static struct str absolute(struct cli *cli, struct str path) {
    char here[PATH_MAX];
    if (path.len && path.ptr[0] == '/') return path;
    if (getcwd(here, sizeof here) == NULL) return path;
    while (str_starts_with(path, STR("./")))
        path = str_from(path.ptr + 2, path.len - 2);
    return str_is(path, ".") || path.len == 0 ? arena_copy_str(&cli->arena, str_cstr(here))
                                              : arena_printf(&cli->arena, "%s/%.*s", here, STR_ARG(path));
}

/* As the path is written seen from the folder: below it, or up and down again. */
static struct str relative(struct cli *cli, struct str folder, struct str path) {
    if (path.len && path.ptr[0] == '/') return path;
    if (str_is(folder, ".")) return path;
    struct str from = absolute(cli, folder), to = absolute(cli, path);
    size_t common = 0;
    for (size_t i = 0; i < from.len && i < to.len && from.ptr[i] == to.ptr[i]; i++)
        if (from.ptr[i] == '/') common = i + 1;
    if (str_starts_with(to, from) && to.len > from.len && to.ptr[from.len] == '/')
        return str_from(to.ptr + from.len + 1, to.len - from.len - 1);
    struct buf out = {0};
    buf_append_cstr(&out, "../");
    for (size_t i = common; i < from.len; i++)
        if (from.ptr[i] == '/') buf_append_cstr(&out, "../");
    buf_append(&out, to.ptr + common, to.len - common);
    struct str text = arena_copy_str(&cli->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static bool write_file(struct cli *cli, struct str path, struct str text, bool force) {
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
    int fd = open(arena_copy_cstr(&cli->arena, path), flags, 0644);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < text.len;) {
        ssize_t n = write(fd, text.ptr + done, text.len - done);
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        done += good ? (size_t)n : 0;
    }
    int failed = errno;
    if (fd >= 0 && close(fd) != 0) good = false;
    if (good) return true;
    struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot write %.*s: %s",
                                    STR_ARG(path), strerror(failed));
    diag_help(&cli->diags, diag,
              failed == EEXIST ? "Choose another name, or replace it with --force."
                               : "Name a file in a folder where you may write.");
    return false;
}

/* ------------------------------------------------------------------ the target's DDL */

static bool is_url(struct str target) {
    return str_starts_with(target, STR("postgres://")) || str_starts_with(target, STR("postgresql://"));
}

/* The connection goes into pg_dump's environment: an argument would show the password to everybody. */
static bool set_connection(struct str url, struct cli *cli) {
    static const char *const VARIABLES[][2] = {{"host", "PGHOST"},         {"hostaddr", "PGHOSTADDR"},
                                               {"port", "PGPORT"},         {"user", "PGUSER"},
                                               {"password", "PGPASSWORD"}, {"dbname", "PGDATABASE"},
                                               {"sslmode", "PGSSLMODE"},   {"sslrootcert", "PGSSLROOTCERT"}};
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(arena_copy_cstr(&cli->arena, url), &error);
    if (error) PQfreemem(error);
    if (options == NULL) return false;
    for (PQconninfoOption *o = options; o->keyword; o++)
        for (size_t i = 0; o->val && i < sizeof VARIABLES / sizeof *VARIABLES; i++)
            if (strcmp(o->keyword, VARIABLES[i][0]) == 0) setenv(VARIABLES[i][1], o->val, 1);
    PQconninfoFree(options);
    return true;
}

static bool dump_error(struct cli *cli, const char *why) {
    struct diag *diag = diag_report(&cli->diags, X_PG_UNREACHABLE, (struct span){0},
                                    "could not read the target's DDL: %s", why);
    diag_help(&cli->diags, diag, "Check the URL, or give a file: `pg_dump --schema-only` writes one.");
    return false;
}

static void run_dump(struct cli *cli, struct str url, int out) {
    struct str folder = sandbox_find_programs(&cli->arena);
    if (dup2(out, STDOUT_FILENO) < 0 || !set_connection(url, cli)) _exit(126);
    char program[] = "pg_dump", schema[] = "--schema-only", owner[] = "--no-owner",
         privileges[] = "--no-privileges", password[] = "--no-password";
    char *const arguments[] = {program, schema, owner, privileges, password, NULL};
    if (folder.len) execv(arena_printf(&cli->arena, "%.*s/pg_dump", STR_ARG(folder)).ptr, arguments);
    execvp("pg_dump", arguments);
    _exit(127);
}

static bool dump_schema(struct cli *cli, struct str url, struct str *ddl) {
    struct buf out = {0};
    int pipe_ends[2], status = 0;
    fflush(stdout);
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) return dump_error(cli, strerror(errno));
    pid_t child = fork();
    if (child == 0) run_dump(cli, url, pipe_ends[1]);
    close(pipe_ends[1]);
    ssize_t n = 0;
    while (child > 0 && out.len <= PARSE_MAX_BYTES &&
           (n = read(pipe_ends[0], buf_reserve(&out, 65536), 65536)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        out.len += (size_t)n;
    }
    close(pipe_ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    *ddl = arena_copy_str(&cli->arena, buf_str(&out));
    buf_release(&out);
    if (child < 0) return dump_error(cli, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    bool absent = WIFEXITED(status) && WEXITSTATUS(status) == 127;
    return dump_error(cli, absent ? "there is no pg_dump; install the package postgresql-client"
                                  : "pg_dump says above why");
}

static struct str stem_of(struct str path) {
    size_t from = path.len;
    while (from > 0 && path.ptr[from - 1] != '/')
        from--;
    size_t end = from;
    while (end < path.len && path.ptr[end] != '.')
        end++;
    return str_from(path.ptr + from, end - from);
}

static int read_target(struct infer *infer, struct infer_request *request) {
    struct cli *cli = infer->cli;
    struct str ddl;
    if (infer->target.len == 0) return EXIT_WELL;
    if (!is_url(infer->target)) {
        if (!cli_read_file(cli, infer->target, PARSE_MAX_BYTES, &ddl)) return EXIT_UNREACHABLE;
        request->ddl_path = relative(cli, infer->folder, infer->target);
        request->ddl = source_text_new(&cli->arena, infer->target, ddl);
        return EXIT_WELL;
    }
    if (infer->output.len == 0)
        return cli_usage(cli, "a target's URL needs -o: the DDL is written beside the draft");
    if (!dump_schema(cli, infer->target, &ddl)) return EXIT_UNREACHABLE;
    struct str stem = stem_of(infer->output);
    struct str path =
        arena_printf(&cli->arena, "%.*s/%.*s_schema.sql", STR_ARG(infer->folder), STR_ARG(stem));
    if (!write_file(cli, path, ddl, infer->force)) return EXIT_REFUSED;
    request->ddl_path = arena_printf(&cli->arena, "%.*s_schema.sql", STR_ARG(stem));
    request->ddl = source_text_new(&cli->arena, path, ddl);
    return EXIT_WELL;
}

/* ------------------------------------------------------------------ the files */

static bool read_files(struct infer *infer, const struct arguments *arguments) {
    struct cli *cli = infer->cli;
    struct reader_options options = {.base_dir = infer->base_dir};
    bool good = true;
    for (uint32_t i = 0; i < arguments->words.count; i++) {
        struct str location = arguments->words.items[i];
        if (infer->data_dir.len == 0) location = relative(cli, infer->folder, location);
        good = discover_location(&infer->discovery, location, infer->base_dir, &cli->diags) && good;
    }
    for (uint32_t s = 0; s < infer->discovery.sources.count; s++)
        for (uint32_t t = 0; t < infer->discovery.sources.items[s].tables_count; t++) {
            struct table_profile *profile =
                profile_read(&infer->discovery.sources.items[s], t, &options, &cli->diags);
            good = good && profile;
            if (profile && profile->column_count)
                VEC_PUSH(&cli->arena, &infer->profiles, profile);
            else
                profile_free(profile);
        }
    return good;
}

static struct str migration_name(struct infer *infer) {
    struct str name = infer->name.len     ? infer->name
                      : infer->output.len ? stem_of(infer->output)
                                          : STR("draft");
    return words_identifier(&infer->cli->arena, name, "draft");
}

/* ------------------------------------------------------------------ results */

static void show_result(struct infer *infer, const struct infer_result *result) {
    struct cli *cli = infer->cli;
    struct buf out = {0}, diags = {0};
    if (cli->json) {
        buf_append_cstr(&out, "{\"spec\":");
        buf_append_json(&out, result->text);
        buf_printf(&out, ",\"maps\":%u,\"columns\":%u,\"matched\":%u,\"removed\":%u,", result->maps,
                   result->columns, result->matched, result->removed);
        diag_list_render_json(&cli->diags, &diags);
        buf_printf(&out, "%.*s", (int)diags.len - 1, diags.ptr + 1);
    } else if (infer->output.len == 0) {
        buf_append_str(&out, result->text);
    } else if (infer->target.len) {
        buf_printf(
            &out,
            "%.*s: %u maps; %u of %u target columns have a source. Look at every line that says `guessed`.\n",
            STR_ARG(infer->output), result->maps, result->matched, result->columns);
    } else {
        buf_printf(&out, "%.*s: no target, so each table goes into a csv file\n", STR_ARG(infer->output));
    }
    cli_print(&out);
    buf_release(&out);
    buf_release(&diags);
}

static int draft(struct infer *infer, const struct arguments *arguments) {
    struct cli *cli = infer->cli;
    struct infer_request request = {.name = migration_name(infer)};
    struct infer_result result;
    int code = read_target(infer, &request);
    if (code != EXIT_WELL) return code;
    if (!read_files(infer, arguments)) return EXIT_UNREACHABLE;
    request.profiles = infer->profiles.items;
    request.profile_count = infer->profiles.count;
    request.notes = infer->discovery.notes.items;
    request.note_count = infer->discovery.notes.count;
    if (!infer_draft(&cli->arena, &request, &result, &cli->diags)) return EXIT_SPEC;
    if (infer->output.len && !write_file(cli, infer->output, result.text, infer->force)) return EXIT_REFUSED;
    show_result(infer, &result);
    return EXIT_WELL;
}

int cmd_infer(struct cli *cli, int argc, char **argv) {
    struct infer infer = {.cli = cli};
    const struct option options[] = {
        {"target", 0, OPTION_TEXT, &infer.target, "DDL|URL",
         "the target: a file as `pg_dump --schema-only` writes it, or a database"},
        {"output", 'o', OPTION_TEXT, &infer.output, "SPEC",
         "where the draft goes (default: standard output)"},
        {"name", 0, OPTION_TEXT, &infer.name, "NAME", "of the migration (default: the draft's name)"},
        {"data", 0, OPTION_TEXT, &infer.data_dir, "DIR",
         "where relative paths of files start, as in `mig run` (default: the draft's folder)"},
        {"force", 'f', OPTION_FLAG, &infer.force, NULL, "replace the draft where it is there already"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "which files?");
    infer.folder = infer.output.len ? cli_folder_of(cli, infer.output) : STR(".");
    infer.base_dir = infer.data_dir.len ? infer.data_dir : str_is(infer.folder, ".") ? STR("") : infer.folder;
    discovery_init(&infer.discovery, &cli->arena);
    code = draft(&infer, &arguments);
    if (code == EXIT_USAGE) return code;
    fflush(stdout);
    if (!cli->json || code != EXIT_WELL) cli_show_diags(cli);
    for (uint32_t i = 0; i < infer.profiles.count; i++)
        profile_free(infer.profiles.items[i]);
    return code;
}
