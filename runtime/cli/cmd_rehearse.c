/* mig rehearse: a run that is taken back. */
#include "runtime/cli/cli.h"

static const char HELP[] =
    "Does all that `mig run` does, into the real target with its constraints, in one transaction that is "
    "rolled "
    "back at the\nend. It finds every row that would be rejected and every check that would fail, and tells "
    "how "
    "long each map takes.\nNothing of it stays, but numbers drawn from sequences.\n\n"
    "  mig rehearse portal.mig --env prod\n"
    "  mig rehearse portal.migc --env prod --only tenant=acme\n"
    "  mig compare rehearsal latest                what has changed since\n\n"
    "Its locks are a run's, held to its end. It needs no approvals and leaves no journal.\n"
    "Exit codes: those that the run would end with.\n";

int cmd_rehearse(struct cli *cli, int argc, char **argv) {
    return cli_run_command(cli, true, HELP, argc, argv);
}
