/* What all commands do the same way: options, help, diagnostics. */
#include "runtime/cli/cli.h"

#include "runtime/base/diag_formats.h"
#include "runtime/base/rule.h"

#include <stdarg.h>
#include <stdio.h>

enum { MOST_OPTIONS = 32, MOST_ERRORS = 20 };

static const char *arguments_of(const char *command) {
#define COMMAND(name, function, arguments, description)                                                      \
    if (strcmp(command, #name) == 0) return arguments;
#include "runtime/cli/commands.def"
#undef COMMAND
    return "";
}

static void print_help(struct cli *cli, const struct option *options, const char *text) {
    struct buf out = {0};
    const char *arguments = arguments_of(cli->command);
    buf_printf(&out, "usage: mig %s [OPTIONS]%s%s\n\n%s\n", cli->command, *arguments ? " " : "", arguments,
               text);
    options_help(options, &out);
    cli_print(&out);
    buf_release(&out);
}

static const char *const FORMATS[FORMAT_COUNT] = {"text",  "json", "sarif",   "github",
                                                  "junit", "html", "markdown"};

static bool may_ask_for(const struct cli *cli, enum output_format format) {
    if (format == FORMAT_JSON) return true;
    if (cli->for_pages) return format == FORMAT_HTML || format == FORMAT_MARKDOWN;
    return format == FORMAT_TEXT || (cli->for_ci && format <= FORMAT_JUNIT);
}

static const char *formats_of(const struct cli *cli) {
    return cli->for_pages ? "html, markdown or json"
           : cli->for_ci  ? "text (default), json, sarif, github or junit"
                          : "text (default) or json";
}

/* An empty text: the option was not given. */
static bool read_format(struct cli *cli, struct str format) {
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (!str_is(format, FORMATS[i]) || !may_ask_for(cli, (enum output_format)i)) continue;
        cli->format = (enum output_format)i;
        cli->json = i == FORMAT_JSON;
        return true;
    }
    return format.len == 0;
}

bool cli_start(struct cli *cli, const struct option *options, const char *text, int argc, char **argv,
               struct arguments *arguments, int *exit_code) {
    bool help = false;
    struct str format = {0}, error;
    struct option all[MOST_OPTIONS + 3];
    uint32_t count = 0;
    for (; options->name && count < MOST_OPTIONS; options++)
        all[count++] = *options;
    all[count++] = (struct option){"format", 0, OPTION_TEXT, &format, "FORMAT", formats_of(cli)};
    all[count++] = (struct option){"help", 'h', OPTION_FLAG, &help, NULL, "show this help"};
    all[count] = (struct option){0};
    if (!options_parse(&cli->arena, all, argc, argv, arguments, &error)) {
        *exit_code = cli_usage(cli, "%.*s", STR_ARG(error));
        return false;
    }
    if (help) {
        print_help(cli, all, text);
        *exit_code = EXIT_WELL;
        return false;
    }
    if (!read_format(cli, format)) {
        *exit_code = cli_usage(cli, "--format is %s, not %.*s",
                               cli->for_pages ? "html, markdown or json"
                               : cli->for_ci  ? "text, json, sarif, github or junit"
                                              : "text or json",
                               STR_ARG(format));
        return false;
    }
    return true;
}

int cli_usage(struct cli *cli, const char *format, ...) {
    va_list args;
    fprintf(stderr, "mig %s: ", cli->command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    const char *arguments = arguments_of(cli->command);
    fprintf(stderr, "\nusage: mig %s [OPTIONS]%s%s\n`mig %s --help` tells more.\n", cli->command,
            *arguments ? " " : "", arguments, cli->command);
    return EXIT_USAGE;
}

static void render_junit(struct cli *cli, bool strict, struct buf *out) {
    struct junit_suite suite = {.name = arena_printf(&cli->arena, "mig %s", cli->command)};
    junit_add_diags(&cli->arena, &cli->diags, strict, &suite);
    junit_render(suite.name, &suite, 1, out);
}

void cli_show_diags_strict(struct cli *cli, bool strict) {
    const struct sarif_options sarif = {STR(MIG_VERSION), cli_page};
    struct buf out = {0};
    diag_list_sort(&cli->diags);
    switch (cli->format) {
    case FORMAT_JSON: diag_list_render_json(&cli->diags, &out); break;
    case FORMAT_SARIF: diag_list_render_sarif(&cli->diags, &sarif, &out); break;
    case FORMAT_GITHUB: diag_list_render_github(&cli->diags, &out); break;
    case FORMAT_JUNIT: render_junit(cli, strict, &out); break;
    default: diag_list_render_text(&cli->diags, cli->colour, MOST_ERRORS, &out); break;
    }
    bool for_people =
        cli->format == FORMAT_TEXT || cli->format == FORMAT_HTML || cli->format == FORMAT_MARKDOWN;
    fwrite(out.ptr ? out.ptr : "", 1, out.len, for_people ? stderr : stdout);
    buf_release(&out);
}

void cli_show_diags(struct cli *cli) {
    cli_show_diags_strict(cli, false);
}

bool cli_page(enum diag_code code, struct str *page) {
    const struct rule *rule = rule_of_code(code);
    char name[64];
    if (rule && diag_code_id(code)[0] == 'L')
        snprintf(name, sizeof name, "lint/%s.md", rule->name);
    else
        snprintf(name, sizeof name, "errors/%s.md", diag_code_id(code));
    return cli_embedded(str_cstr(name), page);
}

void cli_print(const struct buf *out) {
    fwrite(out->ptr ? out->ptr : "", 1, out->len, stdout);
}

bool cli_embedded(struct str name, struct str *bytes) {
    for (size_t i = 0; i < EMBEDDED_FILE_COUNT; i++)
        if (str_is(name, EMBEDDED_FILES[i].name)) {
            *bytes = str_from((const char *)EMBEDDED_FILES[i].bytes, EMBEDDED_FILES[i].len);
            return true;
        }
    return false;
}
