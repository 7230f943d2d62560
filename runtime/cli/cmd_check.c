/* mig check: what is wrong with specs. */
#include "compiler/lint/lint.h"
#include "runtime/cli/cli.h"

#include <stdio.h>

static const char HELP[] =
    "Compiles each spec and shows everything that is wrong with it, each with its place, the reason and what "
    "to do.\n"
    "Needs no database: the target's DDL is read from the file that the spec names. With --data the files of "
    "the\nsources are opened, too: what is missing is an error, columns that the spec does not name are "
    "listed.\n\n"
    "  mig check portal.mig\n"
    "  mig check --fix portal.mig              corrects what is safe to correct, such as misspelled names\n"
    "  mig check --data exports portal.mig     opens the files in exports/; without a folder, beside the "
    "spec\n"
    "  mig check --format github specs/*.mig   annotations; json, sarif and junit are for other tools\n\n"
    "Exit codes: 0 no errors (warnings are shown), 1 errors, 2 usage, 5 the spec is well, its data is not.\n";

/* The plan through its file format and verifier, as on the way to a run: what is checked can be run. */
static struct plan *verify_plan(struct cli *cli, const struct plan *compiled, struct str path) {
    struct buf written = {0};
    plan_write(compiled, &written);
    struct plan *plan = plan_read(&cli->arena, buf_str(&written), path, &cli->diags);
    buf_release(&written);
    return plan;
}

/* Compiles, and with fix corrects the file first, until nothing is left to correct. NULL: errors. */
static struct plan *check_file(struct cli *cli, struct str path, bool fix, uint32_t *fixed) {
    enum { MOST_ROUNDS = 8 };
    for (uint32_t round = 0;; round++) {
        struct compile_files files;
        struct diag_list found;
        uint32_t count = 0;
        const struct source_text *spec = cli_open_spec(cli, path, &files);
        if (spec == NULL) return NULL;
        diag_list_init(&found, &cli->arena);
        struct plan *plan = compile_spec(&cli->arena, spec, &files, &found);
        diag_list_sort(&found);
        lint_drop_suppressed(&cli->arena, spec, &found);
        if (fix && round < MOST_ROUNDS && !cli_fix_file(cli, spec, &found, &count)) return NULL;
        *fixed += count;
        if (count > 0) continue;
        for (uint32_t i = 0; i < found.items.count; i++)
            diag_add(&cli->diags, found.items.items[i]);
        return plan ? verify_plan(cli, plan, path) : NULL;
    }
}

int cmd_check(struct cli *cli, int argc, char **argv) {
    bool strict = false, fix = false, data_good = true, specs_good = true;
    struct option_folder data = {0};
    const struct option options[] = {
        {"data", 0, OPTION_FOLDER, &data, "DIR", "open the sources' files (default: the spec's folder)"},
        {"strict", 0, OPTION_FLAG, &strict, NULL, "warnings count as errors"},
        {"fix", 0, OPTION_FLAG, &fix, NULL, "correct what is safe to correct, in the files"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    cli->for_ci = true;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "which spec?");
    for (uint32_t i = 0; i < arguments.words.count; i++) {
        struct str path = arguments.words.items[i];
        uint32_t fixed = 0;
        struct plan *plan = check_file(cli, path, fix, &fixed);
        if (fixed && cli->format == FORMAT_TEXT) printf("%.*s: %u fixed\n", STR_ARG(path), fixed);
        specs_good = specs_good && plan != NULL;
        bool data_fits = plan == NULL || !data.given ||
                         cli_check_data(cli, plan, data.path.len ? data.path : cli_folder_of(cli, path));
        data_good = data_good && data_fits;
        if (plan == NULL || !data_fits || cli->format != FORMAT_TEXT) continue;
        printf("%.*s: no errors, %u maps, %u checks, %u tests\n", STR_ARG(path), plan->maps_count,
               plan->checks_count, plan->tests_count);
    }
    fflush(stdout);
    cli_show_diags_strict(cli, strict);
    if (specs_good && !data_good) return EXIT_UNREACHABLE;
    return cli->diags.error_count || (strict && cli->diags.warning_count) ? EXIT_SPEC : EXIT_WELL;
}
