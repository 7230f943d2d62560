/* Finding PostgreSQL's programs and running them as the user that the server belongs to. */
#include "runtime/postgres/sandbox_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NOT_RUN = 127, EXIT_SIGNALLED = 128 };

/* -- the programs */

static bool holds_programs(struct arena *arena, struct str dir) {
    static const char *const NAMES[] = {"initdb", "pg_ctl", "postgres"};
    for (size_t i = 0; i < 3; i++)
        if (access(arena_printf(arena, "%.*s/%s", STR_ARG(dir), NAMES[i]).ptr, X_OK) != 0) return false;
    return true;
}

static struct str find_in_path(struct arena *arena) {
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t n = strcspn(path, ":");
        struct str dir = arena_copy_str(arena, str_from(path, n));
        if (n && dir.ptr[0] == '/' && holds_programs(arena, dir)) return dir;
        path += n + (path[n] == ':');
    }
    return STR("");
}

static struct str ask_pg_config(struct arena *arena) {
    FILE *f = popen("pg_config --bindir 2>/dev/null", "re");
    char line[1024] = "";
    if (f == NULL) return STR("");
    bool read = fgets(line, sizeof line, f) != NULL;
    pclose(f);
    line[strcspn(line, "\n")] = '\0';
    struct str dir = arena_copy_str(arena, str_cstr(line));
    return read && holds_programs(arena, dir) ? dir : STR("");
}

/* Debian's layout: the newest version's. */
static struct str find_newest(struct arena *arena) {
    static const char ROOT[] = "/usr/lib/postgresql";
    DIR *d = opendir(ROOT);
    struct str best = STR("");
    long best_version = -1;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        char *end;
        long version = strtol(e->d_name, &end, 10);
        if (end == e->d_name || version <= best_version) continue;
        struct str dir = arena_printf(arena, "%s/%s/bin", ROOT, e->d_name);
        if (!holds_programs(arena, dir)) continue;
        best = dir;
        best_version = version;
    }
    if (d) closedir(d);
    return best;
}

struct str sandbox_find_programs(struct arena *arena) {
    const char *given = getenv("MIG_PG_BIN");
    if (given && given[0]) {
        struct str dir = arena_copy_str(arena, str_cstr(given));
        return holds_programs(arena, dir) ? dir : STR("");
    }
    struct str dir = find_in_path(arena);
    if (dir.len == 0) dir = ask_pg_config(arena);
    if (dir.len == 0) dir = find_newest(arena);
    return dir;
}

/* -- the user */

bool sandbox_choose_user(struct sandbox_context *x) {
    if (geteuid() != 0) {
        x->user = (struct sandbox_user){"", geteuid(), getegid(), false};
        return true;
    }
    static const char *const NAMES[] = {"postgres", "nobody"};
    for (size_t i = 0; i < 2; i++) {
        struct passwd *p = getpwnam(NAMES[i]);
        if (p == NULL || p->pw_uid == 0) continue;
        x->user = (struct sandbox_user){NAMES[i], p->pw_uid, p->pw_gid, true};
        return true;
    }
    struct diag *d = diag_report(x->diags, X_PG_SANDBOX, (struct span){0},
                                 "there is no user that the sandbox's server could run as");
    diag_help(
        x->diags, d,
        "PostgreSQL refuses to run as root: make a user `postgres`, or start the sandbox as another user.");
    return false;
}

bool sandbox_give(struct sandbox_context *x, const char *path) {
    if (!x->user.other || lchown(path, x->user.uid, x->user.gid) == 0) return true;
    diag_report(x->diags, X_PG_SANDBOX, (struct span){0}, "could not give %s to user `%s`: %s", path,
                x->user.name, strerror(errno));
    return false;
}

/* -- running */

/* In the child: becomes the user, for good. */
static bool become_user(const struct sandbox_user *user) {
    if (!user->other) return true;
    return setgroups(0, NULL) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0 && setuid(0) != 0;
}

static int wait_for(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return EXIT_NOT_RUN;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status);
}

/* A server outlives us by days: secrets that were given to us are not for its environment. */
static void forget_secrets(void) {
    for (char **entry = environ; *entry;) {
        const char *equals = strchr(*entry, '=');
        struct str name = str_from(*entry, equals ? (size_t)(equals - *entry) : 0);
        char copy[256];
        bool secret = str_starts_with(name, STR("MIG_PARAM_")) || str_ends_with(name, STR("_QUARANTINE_KEY"));
        if (!secret || name.len >= sizeof copy) {
            entry++;
            continue;
        }
        memcpy(copy, name.ptr, name.len);
        copy[name.len] = '\0';
        unsetenv(copy); /* the next one moves here */
    }
}

static _Noreturn void run_child(const struct sandbox_user *user, const char *dir, const char *log,
                                char *const args[]) {
    static const char *const UNWANTED[] = {"PGDATA",     "PGHOST",    "PGPORT",          "PGUSER",
                                           "PGDATABASE", "PGOPTIONS", "PGSERVICE",       "PGHOSTADDR",
                                           "PGPASSWORD", "PGSSLMODE", "PGCLIENTENCODING"};
    int in = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_APPEND);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(EXIT_NOT_RUN);
    /* A server that outlives us must not hold our files and pipes open. */
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    if (!become_user(user) || chdir(dir) != 0) _exit(EXIT_NOT_RUN);
    for (size_t i = 0; i < sizeof UNWANTED / sizeof UNWANTED[0]; i++)
        unsetenv(UNWANTED[i]);
    forget_secrets();
    setenv("HOME", dir, 1);
    setenv("LC_ALL", "C", 1);
    execv(args[0], args);
    _exit(EXIT_NOT_RUN);
}

int sandbox_run(struct sandbox_context *x, char *const args[]) {
    char *dir = arena_copy_cstr(x->arena, x->dir);
    const char *log = arena_printf(x->arena, "%s/log", dir).ptr;
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) return EXIT_NOT_RUN;
    if (child == 0) run_child(&x->user, dir, log, args);
    return wait_for(child);
}

bool sandbox_can_reach(struct sandbox_context *x) {
    if (!x->user.other) return true;
    char *dir = arena_copy_cstr(x->arena, x->dir);
    pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) _exit(become_user(&x->user) && access(dir, R_OK | W_OK | X_OK) == 0 ? 0 : 1);
    return wait_for(child) == 0;
}
