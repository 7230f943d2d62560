/* Commands about an earlier run: which run, its plan, its target, how it was started. The journal has it all;
 * WORK_DIR has a copy that tells where the journal is, so that `mig resume` alone is enough in the folder
 * where `mig run` was typed. */
#ifndef MIG_CLI_RUN_REF_H
#define MIG_CLI_RUN_REF_H

#include "runtime/cli/run_params.h"
#include "runtime/engine/invocation.h"
#include "runtime/postgres/pg_journal.h"

/* Values of the options below. All-zero to start with. */
struct run_ref_arguments {
    struct str work_dir, environment, target_url, sandbox_dir, data, param_file;
    bool sandbox, allow_extern;
};

/* Rows of an option table: which run. */
#define RUN_REF_OPTIONS(a)                                                                                   \
    {"work-dir", 0, OPTION_TEXT, &(a).work_dir, "DIR", "where runs leave their reports (default: .mig)"},    \
        {"env", 'e', OPTION_TEXT, &(a).environment, "NAME", "environment whose target it ran into"},         \
        {"target", 0, OPTION_TEXT, &(a).target_url, "URL", "the target, if the run was given it so"},        \
        {"sandbox", 0, OPTION_FLAG, &(a).sandbox, NULL, "the target is the sandbox"}, {                      \
        "sandbox-dir", 0, OPTION_TEXT, &(a).sandbox_dir, "DIR", "the sandbox's folder (implies --sandbox)"   \
    }
/* And what going through its sources again takes. */
#define RUN_REPLAY_OPTIONS(a)                                                                                \
    {"data", 0, OPTION_TEXT, &(a).data, "DIR", "where its source files are now (default: as it was)"},       \
        {"param-file", 0, OPTION_TEXT, &(a).param_file, "FILE", "its secrets, as lines NAME=VALUE"}, {       \
        "allow-extern", 0, OPTION_FLAG, &(a).allow_extern, NULL, "load the spec's extern functions"          \
    }

struct run_ref {
    struct journal_run_info *info; /* with steps and sources */
    const struct plan *plan;
    struct run_options options;       /* as the run had them; no observer, no stop flag */
    struct pg_connection *connection; /* to the target; closed by run_ref_close */
};

/* word: a run's id or the start of one; empty: WORK_DIR's latest, or else the target's latest. False:
 * *exit_code, and diagnostics in cli->diags. */
bool run_ref_open(struct cli *cli, const struct run_ref_arguments *arguments, struct str word,
                  struct run_ref *ref, int *exit_code);
/* The target alone: as the options name it, or that of WORK_DIR's latest run. NULL: *exit_code, diagnostics.
 * Free with pg_close. */
struct pg_connection *run_ref_connect(struct cli *cli, const struct run_ref_arguments *arguments,
                                      int *exit_code);
/* The run's folder in the work folder, where it has left a report and knows no database: a dry run of, or
 * maps into, files alone. Empty: there is none, or a database knows the run, or the options name one. */
struct str run_ref_only_report(struct cli *cli, const struct run_ref_arguments *arguments, struct str word);
void run_ref_close(struct run_ref *ref); /* fine after a failure */

#endif
