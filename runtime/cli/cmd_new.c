/* mig new: a folder with a migration that runs. */
#include "runtime/cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HELP[] = "Makes a folder with a small migration that runs as it is: a spec, its target's "
                           "DDL, a CSV with a bad row.\n\n"
                           "  mig new first\n"
                           "  mig run first/first.mig --sandbox\n";

static bool write_file(struct cli *cli, struct str path, struct str text) {
    int fd = open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    if (fd >= 0 && close(fd) != 0) good = false;
    if (!good) {
        int failed = errno;
        struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0},
                                        "cannot write %.*s: %s", STR_ARG(path), strerror(failed));
        if (failed == EEXIST)
            diag_help(&cli->diags, diag, "`mig new` replaces nothing: choose another folder.");
    }
    return good;
}

/* @NAME@ in the scaffold's files becomes the migration's name. */
static struct str fill_in(struct cli *cli, struct str text, struct str name) {
    struct buf out = {0};
    for (size_t i = 0; i < text.len;) {
        if (text.len - i >= 6 && memcmp(text.ptr + i, "@NAME@", 6) == 0) {
            buf_append_str(&out, name);
            i += 6;
        } else {
            buf_append_char(&out, text.ptr[i++]);
        }
    }
    struct str copy = arena_copy_str(&cli->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

/* The last part of the path, as an identifier. */
static struct str migration_name(struct cli *cli, struct str path) {
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    size_t from = path.len;
    while (from > 0 && path.ptr[from - 1] != '/')
        from--;
    struct str name = arena_copy_str(&cli->arena, str_from(path.ptr + from, path.len - from));
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i])) ((char *)name.ptr)[i] = '_';
    return name.len && isdigit((unsigned char)name.ptr[0])
               ? arena_printf(&cli->arena, "m_%.*s", STR_ARG(name))
               : name;
}

static bool make_files(struct cli *cli, struct str dir, struct str name) {
    static const char *const FILES[][2] = {{"scaffold/spec.mig", NULL},
                                           {"scaffold/target.sql", "target.sql"},
                                           {"scaffold/people.csv", "people.csv"}};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        struct str text;
        if (!cli_embedded(str_cstr(FILES[i][0]), &text)) return false;
        struct str path = FILES[i][1]
                              ? arena_printf(&cli->arena, "%.*s/%s", STR_ARG(dir), FILES[i][1])
                              : arena_printf(&cli->arena, "%.*s/%.*s.mig", STR_ARG(dir), STR_ARG(name));
        if (!write_file(cli, path, fill_in(cli, text, name))) return false;
    }
    return true;
}

int cmd_new(struct cli *cli, int argc, char **argv) {
    const struct option options[] = {OPTION_END};
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 1) return cli_usage(cli, "which folder?");
    struct str dir = arguments.words.items[0], name = migration_name(cli, dir);
    if (name.len == 0) return cli_usage(cli, "which folder?");
    if (mkdir(arena_copy_cstr(&cli->arena, dir), 0755) != 0 && errno != EEXIST) {
        int failed = errno;
        struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot make %.*s: %s",
                                        STR_ARG(dir), strerror(failed));
        if (failed == ENOENT) diag_help(&cli->diags, diag, "Make the folder above it first.");
        cli_show_diags(cli);
        return EXIT_USAGE;
    }
    if (!make_files(cli, dir, name)) {
        cli_show_diags(cli);
        return EXIT_USAGE;
    }
    struct str spec = arena_printf(&cli->arena, "%.*s/%.*s.mig", STR_ARG(dir), STR_ARG(name));
    if (cli->json) {
        struct buf out = {0};
        buf_append_cstr(&out, "{\"spec\":");
        buf_append_json(&out, spec);
        buf_append_cstr(&out, "}\n");
        cli_print(&out);
        buf_release(&out);
        return EXIT_WELL;
    }
    const char *quote = spec.len && memchr(spec.ptr, ' ', spec.len) ? "'" : "";
    printf("%.*s is ready. Next:\n  mig check %s%.*s%s\n  mig test %s%.*s%s\n  mig run %s%.*s%s --sandbox\n",
           STR_ARG(spec), quote, STR_ARG(spec), quote, quote, STR_ARG(spec), quote, quote, STR_ARG(spec),
           quote);
    return EXIT_WELL;
}
