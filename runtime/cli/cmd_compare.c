/* mig compare: two runs or rehearsals, row by row. */
#include "runtime/cli/cli.h"
#include "runtime/engine/outcome_diff.h"
#include "runtime/engine/run.h"

#include <dirent.h>
#include <stdio.h>

static const char HELP[] =
    "Tells which rows became something else between two runs or rehearsals: rejected, left out or warned "
    "about in "
    "one and\nnot, or otherwise, in the other. It reads what they left under WORK_DIR; no database is "
    "needed.\n\n"
    "  mig compare rehearsal latest                the latest rehearsal, the latest run\n"
    "  mig compare 2cde99ae 7f01b3c2 --format json\n\n"
    "Exit codes: 0 every row became the same; 2 a run is not there; 4 some differ.\n";

/* The folder that the word names whole or by its start. */
static bool find_run(struct cli *cli, struct str work_dir, struct str word, struct str *path) {
    uint32_t found = 0;
    *path = arena_printf(&cli->arena, "%.*s/%.*s", STR_ARG(work_dir), STR_ARG(word));
    DIR *dir = opendir(arena_copy_cstr(&cli->arena, work_dir));
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        struct str name = str_cstr(entry->d_name);
        if (str_eq(name, word)) {
            found = 1;
            *path = arena_printf(&cli->arena, "%.*s/%.*s", STR_ARG(work_dir), STR_ARG(name));
            break;
        }
        if (name.len != 36 || !str_starts_with(name, word)) continue;
        found++;
        *path = arena_printf(&cli->arena, "%.*s/%.*s", STR_ARG(work_dir), STR_ARG(name));
    }
    if (dir) closedir(dir);
    if (found == 1) return true;
    struct diag *diag =
        diag_report(&cli->diags, X_FILE_UNREADABLE, (struct span){0},
                    found ? "%.*s is the start of several runs" : "there is no run %.*s", STR_ARG(word));
    diag_help(&cli->diags, diag,
              "Name a folder of %.*s by its id, or the start of it: `latest`, `rehearsal`.",
              STR_ARG(work_dir));
    return false;
}

static bool read_report(struct cli *cli, struct str folder, struct run_report *report) {
    struct str bytes, path = arena_printf(&cli->arena, "%.*s/report.json", STR_ARG(folder));
    return cli_read_file(cli, path, 64 << 20, &bytes) &&
           run_report_read(bytes, &cli->arena, report, &cli->diags);
}

/* ---------------------------------------------------------------- text */

static void describe(struct buf *out, const char *label, const struct run_report *r) {
    buf_printf(out, "%s %s %.8s of %.*s version %lld, %.*s\n", label,
               r->rehearsal ? "rehearsal"
               : r->dry_run ? "dry run"
                            : "run",
               r->run_id, STR_ARG(r->migration), (long long)r->version, STR_ARG(r->started_at));
}

static void append_sample(struct buf *out, char sign, const struct outcome_sample *s) {
    buf_printf(out, "      %c ", sign);
    if (s->line)
        buf_printf(out, "%.*s:%llu", STR_ARG(s->file), (unsigned long long)s->line);
    else
        buf_printf(out, "%.*s row %llu", STR_ARG(s->file), (unsigned long long)s->row);
    buf_printf(out, "  %.*s", STR_ARG(s->message));
    if (sign == '-')
        buf_printf(out, " (now %.*s)", s->became.len ? (int)s->became.len : 8,
                   s->became.len ? s->became.ptr : "accepted");
    buf_append_char(out, '\n');
}

static void append_group(struct buf *out, const struct outcome_group *g) {
    buf_printf(out, "  %.*s: %.*s, %.*s", STR_ARG(g->map), STR_ARG(g->outcome), STR_ARG(g->code));
    if (g->at.len) buf_printf(out, " by %.*s", STR_ARG(g->at));
    buf_printf(out, ": the same %llu, %llu new, %llu gone\n", (unsigned long long)g->same,
               (unsigned long long)g->fresh, (unsigned long long)g->gone);
    for (uint32_t i = 0; i < g->fresh_sample_count; i++)
        append_sample(out, '+', &g->fresh_samples[i]);
    for (uint32_t i = 0; i < g->gone_sample_count; i++)
        append_sample(out, '-', &g->gone_samples[i]);
}

static const struct run_map_report *find_map(const struct run_report *report, struct str name) {
    for (uint32_t i = 0; i < report->maps.count; i++)
        if (str_eq(report->maps.items[i]->name, name)) return report->maps.items[i];
    return NULL;
}

/* Rows that came or went altogether show in the counts alone. */
static void append_reads(struct buf *out, const struct run_report reports[2]) {
    for (uint32_t i = 0; i < reports[1].maps.count; i++) {
        const struct run_map_report *now = reports[1].maps.items[i],
                                    *before = find_map(&reports[0], now->name);
        if (before && before->read != now->read)
            buf_printf(out, "  %.*s: %llu rows read before, %llu now\n", STR_ARG(now->name),
                       (unsigned long long)before->read, (unsigned long long)now->read);
    }
}

static void print_text(const struct run_report reports[2], const struct outcome_diff *diff, struct buf *out) {
    describe(out, "before:", &reports[0]);
    describe(out, "now:   ", &reports[1]);
    if (memcmp(reports[0].plan_hash, reports[1].plan_hash, 32) != 0)
        buf_append_cstr(out, "the plans differ: `mig diff` tells how\n");
    buf_append_char(out, '\n');
    append_reads(out, reports);
    for (uint32_t i = 0; i < diff->groups.count; i++)
        append_group(out, diff->groups.items[i]);
    if (diff->groups.count) buf_append_char(out, '\n');
    if (diff->fresh == 0 && diff->gone == 0)
        buf_printf(out, "every row became the same: the same %llu outcomes\n",
                   (unsigned long long)diff->same);
    else
        buf_printf(out, "the same %llu outcomes, %llu new, %llu gone\n", (unsigned long long)diff->same,
                   (unsigned long long)diff->fresh, (unsigned long long)diff->gone);
}

/* ---------------------------------------------------------------- JSON */

static void member(struct buf *out, const char *name, struct str text) {
    buf_printf(out, ",\"%s\":", name);
    buf_append_json(out, text);
}

static void json_samples(struct buf *out, const char *name, const struct outcome_sample *samples,
                         uint32_t count) {
    buf_printf(out, ",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(out, "%s{\"line\":%llu,\"row\":%llu", i ? "," : "", (unsigned long long)samples[i].line,
                   (unsigned long long)samples[i].row);
        member(out, "file", samples[i].file);
        member(out, "message", samples[i].message);
        member(out, "now", samples[i].became);
        buf_append_char(out, '}');
    }
    buf_append_char(out, ']');
}

static void print_json(const struct run_report reports[2], const struct outcome_diff *diff, struct buf *out) {
    buf_printf(out,
               "{\"before\":\"%s\",\"now\":\"%s\",\"same_plan\":%s,\"same\":%llu,\"new\":%llu,\"gone\":%llu,"
               "\"groups\":[",
               reports[0].run_id, reports[1].run_id,
               memcmp(reports[0].plan_hash, reports[1].plan_hash, 32) == 0 ? "true" : "false",
               (unsigned long long)diff->same, (unsigned long long)diff->fresh,
               (unsigned long long)diff->gone);
    for (uint32_t i = 0; i < diff->groups.count; i++) {
        const struct outcome_group *g = diff->groups.items[i];
        buf_printf(out, "%s{\"same\":%llu,\"new\":%llu,\"gone\":%llu", i ? "," : "",
                   (unsigned long long)g->same, (unsigned long long)g->fresh, (unsigned long long)g->gone);
        member(out, "map", g->map);
        member(out, "outcome", g->outcome);
        member(out, "code", g->code);
        member(out, "at", g->at);
        json_samples(out, "new_samples", g->fresh_samples, g->fresh_sample_count);
        json_samples(out, "gone_samples", g->gone_samples, g->gone_sample_count);
        buf_append_char(out, '}');
    }
    buf_append_cstr(out, "]}\n");
}

static int compare(struct cli *cli, struct str work_dir, const struct str *words) {
    struct str folders[2], files[2];
    struct run_report reports[2];
    struct outcome_diff diff;
    struct buf out = {0};
    for (int i = 0; i < 2; i++) {
        if (!find_run(cli, work_dir, words[i], &folders[i]) || !read_report(cli, folders[i], &reports[i]))
            return EXIT_USAGE;
        files[i] = arena_printf(&cli->arena, "%.*s/outcomes.ndjson.zst", STR_ARG(folders[i]));
    }
    if (!outcome_diff_make(files[0], files[1], &cli->arena, &diff, &cli->diags)) return EXIT_USAGE;
    if (cli->json)
        print_json(reports, &diff, &out);
    else
        print_text(reports, &diff, &out);
    cli_print(&out);
    fflush(stdout);
    buf_release(&out);
    return diff.fresh || diff.gone ? EXIT_CHECK : EXIT_WELL;
}

int cmd_compare(struct cli *cli, int argc, char **argv) {
    struct str work_dir = STR(".mig");
    const struct option options[] = {
        {"work-dir", 0, OPTION_TEXT, &work_dir, "DIR", "where runs leave their files (default: .mig)"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 2) return cli_usage(cli, "two runs, please");
    code = compare(cli, work_dir, arguments.words.items);
    if (code == EXIT_USAGE) cli_show_diags(cli);
    return code;
}
