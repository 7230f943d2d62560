/* mig lint: what is legal in specs, and doubtful. */
#include "compiler/lint/lint.h"
#include "runtime/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char HELP[] =
    "Checks each spec, then looks for what is legal and doubtful: data that would be lost unnoticed, checks "
    "that\n"
    "cannot fail, personal data in messages, tables that make a load slow or wrong.\n\n"
    "  mig lint portal.mig\n"
    "  mig lint --fix portal.mig              apply what can be corrected without thought\n"
    "  mig lint --format sarif specs/*.mig    for code scanning\n"
    "  mig lint --rules                       all rules; `mig explain RULE` tells more\n\n"
    "A comment above an item allows what is right there: -- mig:allow rule-name because …\n"
    "A file .mig-lint in the spec's folder or above has lines `rule-name off|note|warning|error`.\n\n"
    "Exit codes: 0 no errors (warnings are shown), 1 errors, 2 usage.\n";

enum { MOST_ROUNDS = 8, LARGEST_SETTINGS = 1024 * 1024 };

static void print_rules(const struct cli *cli) {
    static const char *const SEVERITIES[] = {"note", "warning", "error"};
    struct buf out = {0};
    if (cli->json) buf_append_cstr(&out, "{\"rules\":[");
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = &RULES[i];
        const char *severity = SEVERITIES[diag_code_severity(rule->code)];
        if (cli->json)
            buf_printf(&out,
                       "%s{\"id\":\"%s\",\"name\":\"%s\",\"category\":\"%s\",\"severity\":\"%s\",\"title\":",
                       i ? "," : "", diag_code_id(rule->code), rule->name, rule_category_name(rule->category),
                       severity);
        else
            buf_printf(&out, "%s  %-22s %-12s %-8s %s\n", diag_code_id(rule->code), rule->name,
                       rule_category_name(rule->category), severity, diag_code_title(rule->code));
        if (!cli->json) continue;
        buf_append_json(&out, str_cstr(diag_code_title(rule->code)));
        buf_append_char(&out, '}');
    }
    if (cli->json) buf_append_cstr(&out, "]}\n");
    cli_print(&out);
    buf_release(&out);
}

/* The nearest .mig-lint, from the spec's folder upwards. Empty: there is none. */
static struct str find_settings(struct cli *cli, struct str spec) {
    char *real = realpath(arena_copy_cstr(&cli->arena, cli_folder_of(cli, spec)), NULL);
    struct str folder = arena_copy_str(&cli->arena, str_cstr(real)), found = {0};
    free(real);
    while (folder.len > 0 && found.len == 0) {
        struct str path = arena_printf(&cli->arena, "%.*s/.mig-lint", STR_ARG(folder));
        if (access(path.ptr, F_OK) == 0) found = path;
        while (folder.len > 0 && folder.ptr[folder.len - 1] != '/')
            folder.len--;
        if (folder.len > 0) folder.len--;
    }
    if (found.len == 0 && access("/.mig-lint", F_OK) == 0) found = STR("/.mig-lint");
    return found;
}

/* *read: the file that settings hold already. Specs of one folder share it, and its faults are told once. */
static void read_settings(struct cli *cli, struct str spec, struct lint_settings *settings,
                          struct str *read) {
    struct str path = find_settings(cli, spec), bytes;
    if (path.len && str_eq(path, *read)) return;
    *read = path;
    lint_settings_init(settings);
    if (path.len && cli_read_file(cli, path, LARGEST_SETTINGS, &bytes))
        lint_settings_read(settings, source_text_new(&cli->arena, path, bytes), &cli->diags);
}

/* Specs that share a target's DDL have its findings in common. */
static bool is_told(const struct diag_list *list, const struct diag *diag) {
    const struct span span = diag->primary.span;
    for (uint32_t i = 0; span.source && i < list->items.count; i++) {
        const struct diag *other = list->items.items[i];
        if (other->code == diag->code && other->primary.span.source &&
            other->primary.span.start == span.start &&
            str_eq(other->primary.span.source->name, span.source->name) &&
            str_eq(other->message, diag->message))
            return true;
    }
    return false;
}

/* Fixes until there is nothing to fix: a fix can make room for another one. What remains is in cli->diags. */
static bool lint_file(struct cli *cli, struct str path, const struct lint_settings *settings, bool fix) {
    uint32_t fixed = 0, count = 0;
    for (uint32_t round = 0;; round++) {
        struct compile_files files;
        struct diag_list found;
        const struct source_text *spec = cli_open_spec(cli, path, &files);
        if (spec == NULL) return false;
        diag_list_init(&found, &cli->arena);
        lint_spec(&cli->arena, spec, &files, settings, &found);
        diag_list_sort(&found);
        if (fix && round < MOST_ROUNDS && !cli_fix_file(cli, spec, &found, &count)) return false;
        fixed += count;
        if (count > 0 && round < MOST_ROUNDS) {
            count = 0;
            continue;
        }
        for (uint32_t i = 0; i < found.items.count; i++)
            if (!is_told(&cli->diags, found.items.items[i])) diag_add(&cli->diags, found.items.items[i]);
        if (cli->format == FORMAT_TEXT && fixed) printf("%.*s: %u fixed\n", STR_ARG(path), fixed);
        if (cli->format == FORMAT_TEXT && found.items.count == 0)
            printf("%.*s: nothing to say\n", STR_ARG(path));
        return true;
    }
}

int cmd_lint(struct cli *cli, int argc, char **argv) {
    bool strict = false, fix = false, rules = false;
    const struct option options[] = {
        {"strict", 0, OPTION_FLAG, &strict, NULL, "warnings count as errors"},
        {"fix", 0, OPTION_FLAG, &fix, NULL, "correct what is safe to correct, in the files"},
        {"rules", 0, OPTION_FLAG, &rules, NULL, "list the rules"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    cli->for_ci = true;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (rules) {
        print_rules(cli);
        return EXIT_WELL;
    }
    if (arguments.words.count == 0) return cli_usage(cli, "which spec?");
    struct lint_settings *settings = ARENA_NEW(&cli->arena, struct lint_settings);
    struct str settings_file = {0};
    lint_settings_init(settings);
    for (uint32_t i = 0; i < arguments.words.count; i++) {
        read_settings(cli, arguments.words.items[i], settings, &settings_file);
        lint_file(cli, arguments.words.items[i], settings, fix);
    }
    fflush(stdout);
    cli_show_diags_strict(cli, strict);
    return cli->diags.error_count || (strict && cli->diags.warning_count) ? EXIT_SPEC : EXIT_WELL;
}
