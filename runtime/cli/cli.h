/* The command line: what its commands share. Results go to standard output, everything else to standard
 * error. */
#ifndef MIG_CLI_CLI_H
#define MIG_CLI_CLI_H

#include "compiler/check/check.h"
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

enum output_format {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_SARIF,
    FORMAT_GITHUB,
    FORMAT_JUNIT,
    FORMAT_HTML,
    FORMAT_MARKDOWN,
    FORMAT_COUNT
};

struct cli {
    struct arena arena;
    struct diag_list diags;
    const char *command; /* its name */
    /* Set before cli_start: what may be asked for instead of text and json, as for_ci or for_pages. */
    bool for_ci;    /* sarif, github and junit, too */
    bool for_pages; /* html, markdown and json; without the option the command chooses: FORMAT_TEXT */
    enum output_format format;
    bool json;     /* --format json */
    bool measured; /* specs are compiled with coverage's instructions */
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
/* Draws the diagnostics (text to standard error, the other formats to standard output). strict: where a
 * format tells what passes from what fails, warnings fail. */
void cli_show_diags(struct cli *cli);
void cli_show_diags_strict(struct cli *cli, bool strict);
/* The page of a code, for a rule that of the rule. False: there is none. */
bool cli_page(enum diag_code code, struct str *page);
void cli_print(const struct buf *out);

/* cmd_run.c: what `mig run` and `mig rehearse` have in common, with the help of one of them. */
int cli_run_command(struct cli *cli, bool rehearse, const char *help, int argc, char **argv);

/* load.c: a plan from a spec (compiled) or a plan file (by its magic). NULL with diagnostics; *exit_code says
 * what to return. base_dir: the spec's or plan's folder. */
struct plan *cli_load_plan(struct cli *cli, struct str path, struct str *base_dir, int *exit_code);
/* Compiles only. */
struct plan *cli_compile(struct cli *cli, struct str path);
/* The spec's text, and how files beside it are read. NULL with a diagnostic. */
const struct source_text *cli_open_spec(struct cli *cli, struct str path, struct compile_files *files);
/* fix_file.c: applies the fixes that diagnostics of a spec offer, where the spec still parses then. *count:
 * how many. False with a diagnostic: the file could not be written. */
bool cli_fix_file(struct cli *cli, const struct source_text *spec, const struct diag_list *diags,
                  uint32_t *count);
/* The bytes of a whole file. False with a diagnostic. */
bool cli_read_file(struct cli *cli, struct str path, size_t limit, struct str *bytes);
/* write_file.c: a new file, or a new content of one, in one step. False with a diagnostic. */
bool cli_write_file(struct cli *cli, struct str path, struct str bytes);
/* replace_file.c: puts text into an existing file's place in one step; its mode and owner stay, links stay
 * links. False with a diagnostic: the file is as it was. */
bool cli_replace_file(struct cli *cli, struct str path, struct str text);
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

/* check_data.c: opens the files of all sources. False with diagnostics: one is missing, or lacks a column.
 * Columns that the spec does not name are notes. folder: where relative paths start. */
bool cli_check_data(struct cli *cli, const struct plan *plan, struct str folder);

/* sandbox_schema.c: applies the plan's DDL to a database that does not have its tables yet. */
bool cli_apply_schema(struct cli *cli, struct str url, const struct plan *plan);

#endif
