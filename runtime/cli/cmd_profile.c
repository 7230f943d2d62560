/* mig profile: what is in source files. */
#include "runtime/cli/cli.h"
#include "runtime/postgres/pg_reader.h"
#include "runtime/profile/discover.h"
#include "runtime/profile/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char HELP[] =
    "Reads files and shows what each column holds: rows, nulls, distinct values, lengths, patterns, the "
    "most\n"
    "frequent values, likely types and which values do not fit them. Takes CSV, JSON, NDJSON, XLSX and "
    "DynamoDB\n"
    "exports, packed (.gz, .zst) or not, patterns such as 'days/*.csv' in quotes; or a spec, and then the "
    "name of\n"
    "one of its sources. Memory is bounded whatever the size of the files. Values that seem to be personal\n"
    "are masked.\n\n"
    "  mig profile users.csv\n"
    "  mig profile --html profile.html projects.xlsx comments.json\n"
    "  mig profile portal.mig links             the sources of a spec, or one of them\n"
    "  mig profile --format json users.csv\n\n"
    "Exit codes: 0 done, 1 the spec is wrong, 2 usage, 5 a file could not be read.\n";

struct profiles {
    struct cli *cli;
    struct report_options options;
    struct str data_dir, html;
    VEC(struct table_profile *) list;
    VEC(struct str) notes;
};

static bool profile_files(struct profiles *profiles, struct str location) {
    struct cli *cli = profiles->cli;
    struct discovery discovery;
    struct reader_options options = {.base_dir = profiles->data_dir};
    discovery_init(&discovery, &cli->arena);
    if (!discover_location(&discovery, location, profiles->data_dir, &cli->diags)) return false;
    for (uint32_t i = 0; i < discovery.notes.count; i++)
        VEC_PUSH(&cli->arena, &profiles->notes, discovery.notes.items[i]);
    bool good = true;
    for (uint32_t s = 0; s < discovery.sources.count; s++)
        for (uint32_t t = 0; t < discovery.sources.items[s].tables_count; t++) {
            struct table_profile *profile =
                profile_read(&discovery.sources.items[s], t, &options, &cli->diags);
            if (profile) VEC_PUSH(&cli->arena, &profiles->list, profile);
            good = good && profile;
        }
    return good;
}

/* ------------------------------------------------------------------ sources of a spec */

static bool in_database(const struct plan_source *source) {
    return source->format == SOURCE_POSTGRES || source->format == SOURCE_QUERY;
}

static bool is_wanted(const struct plan_source *source, struct str wanted) {
    return wanted.len == 0 || str_eq(source->name, wanted);
}

static bool profile_source(struct profiles *profiles, const struct plan *plan, uint32_t source,
                           struct reader_options *options, const struct pg_options *pg) {
    struct cli *cli = profiles->cli;
    struct pg_sources *databases = NULL;
    bool good = true;
    if (in_database(&plan->sources[source])) {
        databases = pg_sources_new(plan, STR(""), pg);
        options->postgres_ops = &PG_READER_OPS;
        options->postgres_context = databases;
    }
    for (uint32_t t = 0; t < plan->sources[source].tables_count; t++) {
        struct table_profile *profile = profile_read_in_plan(plan, source, t, options, &cli->diags);
        if (profile) VEC_PUSH(&cli->arena, &profiles->list, profile);
        good = good && profile;
    }
    pg_sources_free(databases);
    return good;
}

static int profile_spec(struct profiles *profiles, struct str spec, struct str wanted) {
    struct cli *cli = profiles->cli;
    struct str base_dir;
    int code;
    bool good = true, any = false;
    struct plan *plan = cli_load_plan(cli, spec, &base_dir, &code);
    if (plan == NULL) return code;
    struct reader_options options = {.base_dir = profiles->data_dir.len ? profiles->data_dir : base_dir};
    struct pg_options pg = {0};
    for (uint32_t s = 0; s < plan->sources_count; s++) {
        if (!is_wanted(&plan->sources[s], wanted)) continue;
        any = true;
        good = profile_source(profiles, plan, s, &options, &pg) && good;
    }
    if (any) return good ? EXIT_WELL : EXIT_UNREACHABLE;
    struct str *names = ARENA_ARRAY(&cli->arena, struct str, plan->sources_count);
    for (uint32_t s = 0; s < plan->sources_count; s++)
        names[s] = plan->sources[s].name;
    struct str close = diag_closest_name(wanted, names, plan->sources_count);
    return cli_usage(cli, "the spec has no source `%.*s`%s%.*s%s", STR_ARG(wanted),
                     close.len ? "; did you mean `" : "", STR_ARG(close), close.len ? "`?" : "");
}

/* ------------------------------------------------------------------ results */

static bool write_page(struct profiles *profiles) {
    struct cli *cli = profiles->cli;
    struct buf out = {0};
    profile_write_html((const struct table_profile *const *)profiles->list.items, profiles->list.count,
                       profiles->notes.items, profiles->notes.count, &profiles->options, &out);
    int fd =
        open(arena_copy_cstr(&cli->arena, profiles->html), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < out.len;) {
        ssize_t n = write(fd, out.ptr + done, out.len - done);
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        done += good ? (size_t)n : 0;
    }
    if (fd >= 0 && close(fd) != 0) good = false;
    if (!good) {
        struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0},
                                        "cannot write %.*s: %s", STR_ARG(profiles->html), strerror(errno));
        diag_help(&cli->diags, diag, "Name a file in a folder where you may write.");
    }
    buf_release(&out);
    return good;
}

static void print_json(struct profiles *profiles) {
    struct buf out = {0}, diags = {0};
    buf_append_cstr(&out, "{\"tables\":[");
    for (uint32_t i = 0; i < profiles->list.count; i++) {
        if (i) buf_append_char(&out, ',');
        profile_write_json(profiles->list.items[i], &profiles->options, &out);
    }
    buf_append_cstr(&out, "],\"notes\":[");
    for (uint32_t i = 0; i < profiles->notes.count; i++) {
        if (i) buf_append_char(&out, ',');
        buf_append_json(&out, profiles->notes.items[i]);
    }
    diag_list_sort(&profiles->cli->diags);
    diag_list_render_json(&profiles->cli->diags, &diags);
    buf_printf(&out, "],%.*s", (int)diags.len - 1, diags.ptr + 1);
    cli_print(&out);
    buf_release(&out);
    buf_release(&diags);
}

static void print_text(struct profiles *profiles) {
    struct buf out = {0};
    for (uint32_t i = 0; i < profiles->list.count; i++) {
        if (i) buf_append_char(&out, '\n');
        profile_write_text(profiles->list.items[i], &profiles->options, &out);
    }
    for (uint32_t i = 0; i < profiles->notes.count; i++)
        buf_printf(&out, "%snote: %.*s\n", i || out.len == 0 ? "" : "\n", STR_ARG(profiles->notes.items[i]));
    cli_print(&out);
    buf_release(&out);
}

static bool is_spec(struct str path) {
    return str_ends_with(path, STR(".mig")) || str_ends_with(path, STR(".migc"));
}

int cmd_profile(struct cli *cli, int argc, char **argv) {
    struct profiles profiles = {.cli = cli};
    const struct option options[] = {
        {"html", 0, OPTION_TEXT, &profiles.html, "FILE", "write a page for browsers, complete in one file"},
        {"data", 0, OPTION_TEXT, &profiles.data_dir, "DIR",
         "where relative paths start (default: here; for a spec, its folder)"},
        {"show-values", 0, OPTION_FLAG, &profiles.options.show_values, NULL,
         "show values that seem to be personal, too"},
        OPTION_END,
    };
    struct arguments arguments;
    int code = EXIT_WELL;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "which file?");
    code = EXIT_WELL;
    profiles.options.colour = cli->colour && isatty(STDOUT_FILENO);
    struct str first = arguments.words.items[0];
    if (is_spec(first) && arguments.words.count > 2)
        return cli_usage(cli, "a spec is followed by one of its sources");
    if (is_spec(first)) {
        code = profile_spec(&profiles, first, arguments.words.count > 1 ? arguments.words.items[1] : STR(""));
    } else {
        for (uint32_t i = 0; i < arguments.words.count; i++)
            if (!profile_files(&profiles, arguments.words.items[i])) code = EXIT_UNREACHABLE;
    }
    if (code == EXIT_USAGE) return code;
    if (profiles.html.len && !write_page(&profiles)) code = EXIT_UNREACHABLE;
    if (cli->json) {
        print_json(&profiles);
    } else {
        if (profiles.html.len == 0) print_text(&profiles);
        fflush(stdout);
        cli_show_diags(cli);
    }
    for (uint32_t i = 0; i < profiles.list.count; i++)
        profile_free(profiles.list.items[i]);
    return code;
}
