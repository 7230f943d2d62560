/* What all commands do the same way: options, help, diagnostics. */
#include "runtime/cli/cli.h"

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
    buf_printf(&out, "usage: mig %s [OPTIONS] %s\n\n%s\n", cli->command, arguments_of(cli->command), text);
    options_help(options, &out);
    cli_print(&out);
    buf_release(&out);
}

bool cli_start(struct cli *cli, const struct option *options, const char *text, int argc, char **argv,
               struct arguments *arguments, int *exit_code) {
    bool help = false;
    struct str format = STR("text"), error;
    struct option all[MOST_OPTIONS + 3];
    uint32_t count = 0;
    for (; options->name && count < MOST_OPTIONS; options++)
        all[count++] = *options;
    all[count++] = (struct option){"format", 0, OPTION_TEXT, &format, "FORMAT", "text (default) or json"};
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
    if (!str_is(format, "text") && !str_is(format, "json")) {
        *exit_code = cli_usage(cli, "--format is text or json, not %.*s", STR_ARG(format));
        return false;
    }
    cli->json = str_is(format, "json");
    return true;
}

int cli_usage(struct cli *cli, const char *format, ...) {
    va_list args;
    fprintf(stderr, "mig %s: ", cli->command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nusage: mig %s [OPTIONS] %s\n`mig %s --help` tells more.\n", cli->command,
            arguments_of(cli->command), cli->command);
    return EXIT_USAGE;
}

void cli_show_diags(struct cli *cli) {
    struct buf out = {0};
    diag_list_sort(&cli->diags);
    if (cli->json)
        diag_list_render_json(&cli->diags, &out);
    else
        diag_list_render_text(&cli->diags, cli->colour, MOST_ERRORS, &out);
    fwrite(out.ptr ? out.ptr : "", 1, out.len, cli->json ? stdout : stderr);
    buf_release(&out);
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
