/* Parameters as the command line gives them: --param NAME=VALUE and --param-file. */
#ifndef MIG_CLI_RUN_PARAMS_H
#define MIG_CLI_RUN_PARAMS_H

#include "runtime/cli/cli.h"
#include "runtime/engine/run.h"

struct run_param_list {
    VEC(struct run_param) items;
};

/* Lines name=value; blank lines and lines that start with # are passed over. False with a diagnostic. */
bool cli_read_param_file(struct cli *cli, struct str path, struct run_param_list *out);
/* The values of a repeatable option NAME=VALUE. False: a usage error was printed, *code is the exit code. */
bool cli_collect_pairs(struct cli *cli, const struct option_texts *texts, const char *option,
                       struct run_param_list *out, int *code);
/* A secret on the command line is in every process list and shell history. False as above. */
bool cli_refuse_secrets(struct cli *cli, const struct plan *plan, const struct run_param_list *given,
                        int *code);

#endif
