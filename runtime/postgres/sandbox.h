/* A private PostgreSQL server in a folder, for first runs, demos and tests: listens on a Unix socket only,
 * trusts whoever may reach the socket, belongs to nobody else. */
#ifndef MIG_POSTGRES_SANDBOX_H
#define MIG_POSTGRES_SANDBOX_H

#include "runtime/base/diag.h"

struct sandbox {
    bool exists, running;
    struct str dir;        /* absolute */
    struct str url;        /* postgresql://sandbox@/mig?host=… */
    struct str socket_dir; /* in dir, or below /tmp where dir is too long for a socket address (107 bytes) */
    struct str log_file;
    int64_t pid; /* of the server; 0: not running */
};

/* Where the sandbox is unless the user says otherwise: $MIG_SANDBOX, else $XDG_DATA_HOME/mig/sandbox, else
 * ~/.local/share/mig/sandbox. */
struct str sandbox_default_dir(struct arena *arena);

/* Makes the cluster when there is none (initdb), starts the server when it does not run, makes the database
 * `mig`. Started by root, the server runs as `postgres`, or else as `nobody`, and the folder belongs to that
 * user. Concurrent calls wait for each other. False with a diagnostic. */
bool sandbox_start(struct arena *arena, struct str dir, struct sandbox *out, struct diag_list *diags);
/* Stops it; fine when it does not run. */
bool sandbox_stop(struct arena *arena, struct str dir, struct diag_list *diags);
/* Looks, changes nothing. False with a diagnostic when the folder cannot be read. */
bool sandbox_status(struct arena *arena, struct str dir, struct sandbox *out, struct diag_list *diags);
/* Stops it and removes its folders. Refuses a folder that is no sandbox. */
bool sandbox_remove(struct arena *arena, struct str dir, struct diag_list *diags);
/* The folder with the newest server's programs: of $MIG_PG_BIN, PATH, pg_config --bindir,
 * /usr/lib/postgresql. Empty: none installed. */
struct str sandbox_find_programs(struct arena *arena);

#endif
