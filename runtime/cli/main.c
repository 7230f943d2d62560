/* mig: one program, many commands. */
#include "runtime/base/utf8.h"
#include "runtime/cli/cli.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A heading of the help, which has a title only, or a command. */
static const struct command {
    const char *title;
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv);
    const char *arguments, *description;
} COMMANDS[] = {
#define COMMAND_GROUP(heading)                          {.title = heading},
#define COMMAND(name, function, arguments, description) {NULL, #name, function, arguments, description},
#include "runtime/cli/commands.def"
#undef COMMAND
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static void print_help(FILE *to) {
    enum { COLUMN = 29 };
    fprintf(to, "mig moves data into Postgres from a spec that people can read.\n\n"
                "usage: mig COMMAND [ARGUMENTS]\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (COMMANDS[i].title) {
            fprintf(to, "\n%s\n", COMMANDS[i].title);
            continue;
        }
        char left[64];
        snprintf(left, sizeof left, "%s %s", COMMANDS[i].name, COMMANDS[i].arguments);
        int width = (int)utf8_count(str_cstr(left)), bytes = (int)strlen(left);
        fprintf(to, "  %-*s %s\n", COLUMN + bytes - width, left, COMMANDS[i].description);
    }
    fprintf(to, "\n`mig COMMAND --help` tells more, with examples. First steps:\n"
                "  mig new first && mig run first/first.mig --sandbox\n");
}

static const struct command *find_command(struct str name) {
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (COMMANDS[i].name && str_is(name, COMMANDS[i].name)) return &COMMANDS[i];
    return NULL;
}

static int unknown_command(struct str name) {
    struct str names[COMMAND_COUNT];
    uint32_t count = 0;
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (COMMANDS[i].name) names[count++] = str_cstr(COMMANDS[i].name);
    struct str close = diag_closest_name(name, names, count);
    fprintf(stderr, "mig: unknown command %.*s", STR_ARG(name));
    if (close.len) fprintf(stderr, "; did you mean %.*s?", STR_ARG(close));
    fprintf(stderr, "\n`mig --help` lists all commands.\n");
    return EXIT_USAGE;
}

/* Secrets and personal data must not reach a core file, nor a program that the kernel pipes it to, nor
 * another process of the same user. (The leak sanitizer is such a process.) */
static void forbid_core_files(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

int main(int argc, char **argv) {
    setlocale(LC_ALL, "C");
    signal(SIGPIPE, SIG_IGN);
    forbid_core_files();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    struct str name = str_cstr(argv[1]);
    char help_option[] = "--help", *asking[] = {argv[0], argc > 2 ? argv[2] : NULL, help_option, NULL};
    if (str_is(name, "help") && argc > 2) { /* mig help run: mig run --help */
        name = str_cstr(argv[2]);
        argc = 3;
        argv = asking;
    } else if (str_is(name, "--help") || str_is(name, "-h") || str_is(name, "help")) {
        print_help(stdout);
        return EXIT_WELL;
    }
    if (str_is(name, "--version")) {
        printf("mig %s\n", MIG_VERSION);
        return EXIT_WELL;
    }
    const struct command *command = find_command(name);
    if (command == NULL) return unknown_command(name);
    struct cli cli = {.command = command->name,
                      .colour = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL};
    diag_list_init(&cli.diags, &cli.arena);
    int code = command->run(&cli, argc - 2, argv + 2);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "mig: could not write to standard output\n");
        if (code == EXIT_WELL) code = EXIT_STOPPED;
    }
    arena_release(&cli.arena);
    return code;
}
