/* A run as the console sees it: log, progress, signals, report. */
#ifndef MIG_CLI_RUN_SESSION_H
#define MIG_CLI_RUN_SESSION_H

#include "runtime/cli/cli.h"
#include "runtime/engine/run.h"
#include "runtime/rollback/rollback.h"

/* cmd_rollback.c: how a rollback ended, as an exit code. */
int cli_undo_exit_code(enum undo_status status);

/* Runs the plan, saves and prints its report; returns the exit code. SIGINT and SIGTERM stop it after the
 * batch. log_path empty: WORK_DIR/mig.log. */
int cli_run_session(struct cli *cli, const struct plan *plan, struct run_options *options,
                    struct str log_path, bool quiet);

#endif
