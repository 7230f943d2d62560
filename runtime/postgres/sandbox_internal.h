/* What the sandbox's two files share. Not for others. */
#ifndef MIG_POSTGRES_SANDBOX_INTERNAL_H
#define MIG_POSTGRES_SANDBOX_INTERNAL_H

#include "runtime/postgres/pg_connection.h"
#include "runtime/postgres/sandbox.h"

#include <sys/types.h>

struct sandbox_user {
    const char *name;
    uid_t uid;
    gid_t gid;
    bool other; /* not who we are: programs are run as this user */
};

struct sandbox_context {
    struct arena *arena;
    struct diag_list *diags;
    struct str dir;      /* absolute */
    struct str programs; /* folder of the server's programs */
    struct sandbox_user user;
};

/* Who the server runs as: us, or for root `postgres`, or else `nobody`. False with a diagnostic. */
bool sandbox_choose_user(struct sandbox_context *x);
/* Runs a program as that user, its output appended to the folder's log. Returns its exit status, 127 when it
 * could not be run, 128 and more when it was killed. */
int sandbox_run(struct sandbox_context *x, char *const args[]);
/* Whether that user can enter the folder. */
bool sandbox_can_reach(struct sandbox_context *x);
/* Makes a file or folder that user's own. False with a diagnostic. */
bool sandbox_give(struct sandbox_context *x, const char *path);

#endif
