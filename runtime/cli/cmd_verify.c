/* mig verify: proves that the target holds what a run wrote, and that this is what its sources say. */
#include "runtime/cli/run_ref.h"
#include "runtime/verify/verify.h"

#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "Proves the latest run, or RUN. The target is read once and compared, batch by batch, with the sums in "
    "the "
    "journal; the\n"
    "sources are read and transformed once more and compared with them, too. Where a batch differs, its rows "
    "are "
    "compared one\n"
    "by one. Foreign keys without parents are found even where the server believes in them. Nothing is "
    "written but an "
    "event.\n\n"
    "  mig verify\n"
    "  mig verify 2cde99ae --env prod --out findings.ndjson\n"
    "  mig verify --budget 10m                     as much as fits, and what that proves\n\n"
    "Exit codes: 0 as written, 4 differs, 5 unreachable, 7 cannot be proven (why is said).\n";

enum { SAMPLE_DEFAULT = 100, SHOWN_DEFAULT = 10, COUNT_MAX = 1000000 };

struct verify_arguments {
    struct run_ref_arguments ref;
    struct str out, budget, sample, show, only;
    bool journal_only, edits;
};

static bool read_count(struct str text, uint32_t otherwise, uint32_t *out) {
    uint64_t n = 0;
    *out = otherwise;
    if (text.len == 0) return true;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || n > COUNT_MAX) return false;
        n = n * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *out = (uint32_t)n;
    return n <= COUNT_MAX;
}

/* 90s, 10m, 2h; without a unit: seconds. */
static bool read_duration(struct str text, double *seconds) {
    *seconds = 0;
    if (text.len == 0) return true;
    char unit = text.ptr[text.len - 1];
    double factor = unit == 'm' ? 60 : unit == 'h' ? 3600 : 1;
    if (unit == 's' || unit == 'm' || unit == 'h') text.len--;
    uint32_t n;
    if (text.len == 0 || !read_count(text, 0, &n) || n == 0) return false;
    *seconds = n * factor;
    return true;
}

static bool read_arguments(struct cli *cli, const struct verify_arguments *a, struct verify_options *o,
                           int *code) {
    *o = (struct verify_options){
        .out_path = a->out, .journal_only = a->journal_only, .edits_allowed = a->edits};
    *code = 0;
    if (!read_duration(a->budget, &o->budget_seconds))
        *code = cli_usage(cli, "--budget takes a time like 90s, 10m or 2h");
    else if (!read_count(a->sample, SAMPLE_DEFAULT, &o->sample))
        *code = cli_usage(cli, "--sample takes a number of rows, at most %d", COUNT_MAX);
    else if (!read_count(a->show, SHOWN_DEFAULT, &o->shown))
        *code = cli_usage(cli, "--show takes a number of findings, at most %d", COUNT_MAX);
    if (*code) return false;
    if (a->only.len == 0) return true;
    size_t at = 0;
    while (at < a->only.len && a->only.ptr[at] != '=')
        at++;
    if (at == 0 || at == a->only.len) {
        *code = cli_usage(cli, "--only takes PART=VALUE");
        return false;
    }
    o->part = str_from(a->only.ptr, at);
    o->value = str_from(a->only.ptr + at + 1, a->only.len - at - 1);
    if (!o->journal_only) return true;
    *code = cli_usage(cli, "--only needs the sources: which rows are of a part stands nowhere else");
    return false;
}

static int exit_code_of(enum verify_outcome outcome) {
    switch (outcome) {
    case VERIFY_CLEAN: return EXIT_WELL;
    case VERIFY_DIFFERS: return EXIT_CHECK;
    case VERIFY_UNREACHABLE: return EXIT_UNREACHABLE;
    case VERIFY_USAGE: return EXIT_USAGE;
    default: return EXIT_REFUSED;
    }
}

static int verify(struct cli *cli, struct run_ref *ref, const struct verify_options *options) {
    struct verify_report report;
    struct buf out = {0};
    enum verify_outcome outcome = verify_run(ref->plan, &ref->options, ref->info, ref->connection, options,
                                             &cli->arena, &report, &cli->diags);
    if (cli->json)
        verify_report_json(&report, &out);
    else if (report.seconds > 0)
        verify_report_text(&report, &out);
    cli_print(&out);
    fflush(stdout);
    buf_release(&out);
    cli->format = FORMAT_TEXT; /* standard output has the report already */
    cli_show_diags(cli);
    return exit_code_of(outcome);
}

int cmd_verify(struct cli *cli, int argc, char **argv) {
    struct verify_arguments a = {0};
    const struct option options[] = {
        {"budget", 0, OPTION_TEXT, &a.budget, "TIME",
         "stop after that time (90s, 10m, 2h); what was read is said"},
        {"sample", 0, OPTION_TEXT, &a.sample, "N", "rows that the server compares itself (default: 100)"},
        {"only", 0, OPTION_TEXT, &a.only, "PART=VALUE", "only rows of that part, see `partition by`"},
        {"journal-only", 0, OPTION_FLAG, &a.journal_only, NULL,
         "compare with the journal, leave the sources out"},
        {"allow-edits", 0, OPTION_FLAG, &a.edits, NULL,
         "rows changed after the load are told, but are no difference"},
        {"show", 0, OPTION_TEXT, &a.show, "N", "findings shown of each table and kind (default: 10)"},
        {"out", 'o', OPTION_TEXT, &a.out, "FILE", "every finding, as lines of JSON"},
        RUN_REF_OPTIONS(a.ref),
        RUN_REPLAY_OPTIONS(a.ref),
        OPTION_END,
    };
    struct arguments arguments;
    struct verify_options verify_options;
    struct run_ref ref;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1) return cli_usage(cli, "one run, please");
    if (!read_arguments(cli, &a, &verify_options, &code)) return code;
    struct str word = arguments.words.count ? arguments.words.items[0] : STR("");
    if (run_ref_open(cli, &a.ref, word, &ref, &code))
        code = verify(cli, &ref, &verify_options);
    else
        cli_show_diags(cli);
    run_ref_close(&ref);
    return code;
}
