/* The command line: what its commands share. Results go to standard output, everything else to standard
 * error. */
#ifndef MIG_CLI_CLI_H
#define MIG_CLI_CLI_H

#include "runtime/cli/options.h"
#include "runtime/plan/plan.h"

/* The exit codes of architecture and docs/cli.md. */
enum exit_code {
    EXIT_WELL = 0,
    EXIT_SPEC = 1, /* the spec is wrong, a test failed */
    EXIT_USAGE = 2,
    EXIT_TOLERANCE = 3,
    EXIT_CHECK = 4,
    EXIT_UNREACHABLE = 5,
    EXIT_STOPPED = 6,
    EXIT_REFUSED = 7
};

struct cli {
    struct arena arena;
    struct diag_list diags;
    const char *command; /* its name */
    bool json;           /* --format json */
    bool colour;
};

/* Each command: argv without its name. Returns the exit code. */
#define COMMAND(name, function, arguments, description) int function(struct cli *cli, int argc, char **argv);
#include "runtime/cli/commands.def"
#undef COMMAND

/* Parses options; prints the help (then *exit_code is 0) or the usage error (2). False: the command ends.
 * text: a paragraph or two with examples. format is added where json may be asked for. */
bool cli_start(struct cli *cli, const struct option *options, const char *text, int argc, char **argv,
               struct arguments *arguments, int *exit_code);
/* Complains about the number of words; returns the exit code. */
int cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Draws the diagnostics (text to standard error, JSON to standard output). */
void cli_show_diags(struct cli *cli);
void cli_print(const struct buf *out);

/* load.c: a plan from a spec (compiled) or a plan file (by its magic). NULL with diagnostics; *exit_code says
 * what to return. base_dir: the spec's or plan's folder. */
struct plan *cli_load_plan(struct cli *cli, struct str path, struct str *base_dir, int *exit_code);
/* Compiles only. */
struct plan *cli_compile(struct cli *cli, struct str path);
/* The bytes of a whole file. False with a diagnostic. */
bool cli_read_file(struct cli *cli, struct str path, size_t limit, struct str *bytes);
struct str cli_folder_of(struct cli *cli, struct str path);

/* Files that are part of the program: stdlib modules ("std/text.mig") and error pages ("errors/E0101.md"). */
struct embedded_file {
    const char *name;
    const unsigned char *bytes;
    size_t len;
};
extern const struct embedded_file EMBEDDED_FILES[];
extern const size_t EMBEDDED_FILE_COUNT;
/* False: there is none of that name. */
bool cli_embedded(struct str name, struct str *bytes);

/* sandbox_schema.c: applies the plan's DDL to a database that does not have its tables yet. */
bool cli_apply_schema(struct cli *cli, struct str url, const struct plan *plan);

/* Where runs leave their reports and quarantine files: --work-dir, else .mig beside the spec. */
struct str cli_default_work_dir(struct cli *cli, struct str base_dir);

#endif
