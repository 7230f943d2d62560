/* The sandbox's life: find the programs, make the cluster, start, look, stop, remove. Running programs as the
 * right user is sandbox_process.c's.
 *
 * In the folder: `mig-sandbox` (a marker: only such a folder is ever removed), `lock`, `data` (the cluster),
 * `log`, and `socket` (the socket's folder) or `socket-dir` (a file that names one below /tmp). */
#include "runtime/postgres/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SOCKET_PATH_MAX = 107, /* sockaddr_un.sun_path, with its NUL 108 */
    LOCK_WAIT_MS = 120000,
    POLL_MS = 100,
    FILE_TEXT_MAX = 4096
};

static const char SOCKET_FILE[] = "/.s.PGSQL.5432";

/* -- paths and small files */

struct str sandbox_default_dir(struct arena *arena) {
    const char *given = getenv("MIG_SANDBOX"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (given && given[0]) return arena_copy_str(arena, str_cstr(given));
    /* The server of root's sandbox runs as another user, who cannot reach root's home. */
    if (geteuid() == 0) return STR("/var/lib/mig/sandbox");
    if (data && data[0] == '/') return arena_printf(arena, "%s/mig/sandbox", data);
    return arena_printf(arena, "%s/.local/share/mig/sandbox", home && home[0] ? home : "/tmp");
}

static char *path_in(struct arena *arena, struct str dir, const char *name) {
    return (char *)arena_printf(arena, "%.*s/%s", STR_ARG(dir), name).ptr;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* First FILE_TEXT_MAX bytes; empty when it cannot be read. */
static struct str read_small_file(struct arena *arena, const char *path) {
    FILE *f = fopen(path, "re");
    if (f == NULL) return STR("");
    char *text = arena_alloc(arena, FILE_TEXT_MAX + 1);
    size_t n = fread(text, 1, FILE_TEXT_MAX, f);
    fclose(f);
    text[n] = '\0';
    return str_from(text, n);
}

/* Never through a symbolic link: the folder may belong to another user than the one who writes. */
static FILE *open_for_writing(const char *path, int flags, const char *mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd < 0) return NULL;
    FILE *f = fdopen(fd, mode);
    if (f == NULL) close(fd);
    return f;
}

static bool write_small_file(const char *path, struct str text) {
    FILE *f = open_for_writing(path, O_TRUNC, "w");
    if (f == NULL) return false;
    bool ok = fwrite(text.ptr, 1, text.len, f) == text.len;
    return fclose(f) == 0 && ok;
}

static struct diag *fail(struct sandbox_context *x, const char *what, const char *path) {
    return diag_report(x->diags, X_PG_SANDBOX, (struct span){0}, "could not %s %s: %s", what, path,
                       strerror(errno));
}

/* mkdir -p, the last one with mode 0700. */
static bool make_folders(struct sandbox_context *x, const char *path) {
    char *copy = arena_copy_cstr(x->arena, str_cstr(path));
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        bool ok = mkdir(copy, 0755) == 0 || errno == EEXIST;
        *p = '/';
        if (!ok) return fail(x, "make a folder of", path), false;
    }
    if (mkdir(copy, 0700) == 0 || errno == EEXIST) return true;
    return fail(x, "make the folder", path), false;
}

static struct str absolute_path(struct arena *arena, struct str dir) {
    if (dir.len == 0) return sandbox_default_dir(arena);
    if (dir.ptr[0] == '/') return arena_copy_str(arena, dir);
    char *cwd = getcwd(NULL, 0);
    struct str path = arena_printf(arena, "%s/%.*s", cwd ? cwd : "", STR_ARG(dir));
    free(cwd);
    return path;
}

static void sleep_ms(int32_t ms) {
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&ts, NULL);
}

/* Waits for the folder's lock; -1 with a diagnostic. Close to let go. */
static int lock_folder(struct sandbox_context *x) {
    const char *path = path_in(x->arena, x->dir, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        fail(x, "open", path);
        return -1;
    }
    for (int32_t waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += POLL_MS) {
        if (waited >= LOCK_WAIT_MS || (errno != EWOULDBLOCK && errno != EINTR)) {
            fail(x, "lock", path);
            close(fd);
            return -1;
        }
        sleep_ms(POLL_MS);
    }
    return fd;
}

/* -- what is there */

/* A process that has ended but that nobody has waited for: in a container without an init it stays for good.
 */
static bool is_zombie(struct arena *arena, int64_t pid) {
    struct str stat = read_small_file(arena, arena_printf(arena, "/proc/%lld/stat", (long long)pid).ptr);
    const char *name_end = stat.len ? memrchr(stat.ptr, ')', stat.len) : NULL;
    return name_end && name_end + 2 < stat.ptr + stat.len && (name_end[2] == 'Z' || name_end[2] == 'X');
}

static int64_t server_pid(struct arena *arena, struct str dir) {
    struct str text = read_small_file(arena, path_in(arena, dir, "data/postmaster.pid"));
    int64_t pid = text.len ? strtoll(text.ptr, NULL, 10) : 0;
    if (pid <= 0 || pid > INT32_MAX) return 0;
    return (kill((pid_t)pid, 0) == 0 || errno == EPERM) && !is_zombie(arena, pid) ? pid : 0;
}

static struct str recorded_socket_dir(struct arena *arena, struct str dir) {
    struct str text = read_small_file(arena, path_in(arena, dir, "socket-dir"));
    while (text.len && (text.ptr[text.len - 1] == '\n'))
        text.len--;
    if (text.len) return arena_copy_str(arena, text);
    return str_cstr(path_in(arena, dir, "socket"));
}

static struct str make_url(struct arena *arena, struct str socket_dir, const char *database) {
    struct buf url = {0};
    buf_printf(&url, "postgresql://sandbox@/%s?host=", database);
    for (size_t i = 0; i < socket_dir.len; i++) {
        unsigned char c = (unsigned char)socket_dir.ptr[i];
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/-_.~", c);
        if (plain)
            buf_append_char(&url, (char)c);
        else
            buf_printf(&url, "%%%02X", c);
    }
    struct str text = arena_copy_str(arena, buf_str(&url));
    buf_release(&url);
    return text;
}

static void look(struct arena *arena, struct str dir, struct sandbox *out) {
    *out = (struct sandbox){.dir = dir};
    out->exists = exists(path_in(arena, dir, "data/PG_VERSION"));
    out->socket_dir = recorded_socket_dir(arena, dir);
    out->url = make_url(arena, out->socket_dir, "mig");
    out->log_file = str_cstr(path_in(arena, dir, "log"));
    int64_t pid = out->exists ? server_pid(arena, dir) : 0;
    out->running =
        pid != 0 && exists(arena_printf(arena, "%.*s%s", STR_ARG(out->socket_dir), SOCKET_FILE).ptr);
    out->pid = out->running ? pid : 0;
}

bool sandbox_status(struct arena *arena, struct str dir, struct sandbox *out, struct diag_list *diags) {
    dir = absolute_path(arena, dir);
    look(arena, dir, out);
    if (out->exists || access(arena_copy_cstr(arena, dir), R_OK | X_OK) == 0 || errno == ENOENT) return true;
    struct sandbox_context x = {.arena = arena, .diags = diags, .dir = dir};
    fail(&x, "read", arena_copy_cstr(arena, dir));
    return false;
}

/* -- making the cluster */

static struct str last_lines(struct arena *arena, const char *path, uint32_t lines) {
    FILE *f = fopen(path, "re");
    if (f == NULL) return STR("");
    fseek(f, 0, SEEK_END);
    long size = ftell(f), from = size > FILE_TEXT_MAX ? size - FILE_TEXT_MAX : 0;
    fseek(f, from, SEEK_SET);
    char *text = arena_alloc(arena, FILE_TEXT_MAX + 1);
    size_t n = fread(text, 1, FILE_TEXT_MAX, f), at = n;
    fclose(f);
    while (at > 0 && (lines > 0 || text[at - 1] != '\n'))
        if (text[--at] == '\n' && at + 1 < n) lines--;
    while (n > at && text[n - 1] == '\n')
        n--;
    if (at < n && text[at] == '\n') at++;
    return str_from(text + at, n - at);
}

static void fail_with_log(struct sandbox_context *x, const char *what) {
    const char *log = path_in(x->arena, x->dir, "log");
    struct diag *d = diag_report(x->diags, X_PG_SANDBOX, (struct span){0}, "could not %s", what);
    struct str tail = last_lines(x->arena, log, 4);
    if (tail.len) diag_help(x->diags, d, "The log says: %.*s", STR_ARG(tail));
    diag_help(x->diags, d, "The whole log: %s", log);
}

/* The server's user must be able to walk down to the folder. */
static bool check_reachable(struct sandbox_context *x) {
    if (sandbox_can_reach(x)) return true;
    struct diag *d =
        diag_report(x->diags, X_PG_SANDBOX, (struct span){0},
                    "user `%s`, which the sandbox's server runs as, cannot reach the folder %.*s",
                    x->user.name, STR_ARG(x->dir));
    diag_help(x->diags, d,
              "PostgreSQL refuses to run as root. Choose a folder that others may reach, for instance "
              "MIG_SANDBOX=/var/lib/mig/sandbox.");
    return false;
}

static bool run_initdb(struct sandbox_context *x, const char *fresh, const char *locale) {
    char *const args[] = {path_in(x->arena, x->programs, "initdb"),
                          (char *)"-D",
                          (char *)fresh,
                          (char *)"-U",
                          (char *)"sandbox",
                          (char *)"-A",
                          (char *)"trust",
                          (char *)"--no-sync",
                          (char *)"-E",
                          (char *)"UTF8",
                          (char *)arena_printf(x->arena, "--locale=%s", locale).ptr,
                          NULL};
    return sandbox_run(x, args) == 0;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *walk) {
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* Removes a folder and all below it; symbolic links are removed, not followed. */
static bool remove_tree(const char *path) {
    if (!exists(path)) return true;
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

/* Into a folder that gets its name when it is complete. */
static bool make_cluster(struct sandbox_context *x) {
    char *fresh = path_in(x->arena, x->dir, "data.new"), *data = path_in(x->arena, x->dir, "data");
    remove_tree(fresh);
    bool ok = run_initdb(x, fresh, "C.UTF-8");
    if (!ok) {
        remove_tree(fresh);
        ok = run_initdb(x, fresh, "C");
    }
    if (!ok) return fail_with_log(x, "make the sandbox's cluster (initdb)"), false;
    struct str include = STR("\ninclude = 'mig.conf'\n");
    FILE *f = open_for_writing(path_in(x->arena, str_cstr(fresh), "postgresql.conf"), O_APPEND, "a");
    ok = f && fwrite(include.ptr, 1, include.len, f) == include.len;
    if (f) ok = fclose(f) == 0 && ok;
    if (!ok || rename(fresh, data) != 0) return fail(x, "finish the cluster in", data), false;
    return true;
}

/* The folder of the socket: short enough for a socket address, and the server's own. */
static bool choose_socket_dir(struct sandbox_context *x, struct str *socket_dir) {
    char *near = path_in(x->arena, x->dir, "socket"), *record = path_in(x->arena, x->dir, "socket-dir");
    if (strlen(near) + sizeof SOCKET_FILE - 1 <= SOCKET_PATH_MAX) {
        if (mkdir(near, 0700) != 0 && errno != EEXIST) return fail(x, "make", near), false;
        unlink(record);
        *socket_dir = str_cstr(near);
        return sandbox_give(x, near);
    }
    struct str recorded = recorded_socket_dir(x->arena, x->dir);
    struct stat st;
    bool ours = exists(record) && lstat(arena_copy_cstr(x->arena, recorded), &st) == 0 &&
                S_ISDIR(st.st_mode) && st.st_uid == x->user.uid && (st.st_mode & 077) == 0;
    *socket_dir = recorded;
    if (ours) return true;
    char *fresh = arena_copy_cstr(x->arena, STR("/tmp/mig-sandbox-XXXXXX"));
    if (mkdtemp(fresh) == NULL) return fail(x, "make", fresh), false;
    *socket_dir = str_cstr(fresh);
    if (!write_small_file(record, *socket_dir)) return fail(x, "write", record), false;
    return sandbox_give(x, fresh);
}

static bool write_conf(struct sandbox_context *x, struct str socket_dir) {
    struct buf conf = {0};
    buf_append_cstr(&conf, "# Written by mig at each start.\nlisten_addresses = ''\nport = 5432\n"
                           "unix_socket_directories = '");
    for (size_t i = 0; i < socket_dir.len; i++) {
        if (socket_dir.ptr[i] == '\'' || socket_dir.ptr[i] == '\\') buf_append_char(&conf, socket_dir.ptr[i]);
        buf_append_char(&conf, socket_dir.ptr[i]);
    }
    buf_append_cstr(&conf, "'\nunix_socket_permissions = 0700\nmax_connections = 40\nshared_buffers = 128MB\n"
                           "max_wal_size = 1GB\n# Survives a killed server, not a power cut.\nfsync = off\n");
    char *path = path_in(x->arena, x->dir, "data/mig.conf");
    bool ok = write_small_file(path, buf_str(&conf));
    buf_release(&conf);
    if (!ok) return fail(x, "write", path), false;
    return sandbox_give(x, path);
}

/* -- starting */

/* What a killed server leaves behind. PostgreSQL takes a zombie for a live server, so its files go first. */
static void clear_remains(struct sandbox_context *x, struct str socket_dir) {
    if (server_pid(x->arena, x->dir) != 0) return;
    unlink(path_in(x->arena, x->dir, "data/postmaster.pid"));
    unlink(arena_printf(x->arena, "%.*s%s", STR_ARG(socket_dir), SOCKET_FILE).ptr);
    unlink(arena_printf(x->arena, "%.*s%s.lock", STR_ARG(socket_dir), SOCKET_FILE).ptr);
}

static bool start_server(struct sandbox_context *x) {
    char *const args[] = {path_in(x->arena, x->programs, "pg_ctl"),
                          (char *)"-D",
                          path_in(x->arena, x->dir, "data"),
                          (char *)"-l",
                          path_in(x->arena, x->dir, "log"),
                          (char *)"-w",
                          (char *)"-t",
                          (char *)"60",
                          (char *)"start",
                          NULL};
    if (sandbox_run(x, args) == 0) return true;
    fail_with_log(x, "start the sandbox's server");
    return false;
}

static bool make_database(struct sandbox_context *x, struct str socket_dir) {
    struct pg_connection *c = pg_connect(make_url(x->arena, socket_dir, "postgres"), NULL, NULL, x->diags);
    if (c == NULL) return false;
    struct pg_result *r =
        pg_query(c, "SELECT FROM pg_catalog.pg_database WHERE datname = 'mig'", NULL, 0, x->diags);
    bool ok = r != NULL;
    if (ok && pg_result_rows(r) == 0) ok = pg_exec(c, "CREATE DATABASE mig", x->diags);
    pg_result_free(r);
    pg_close(c);
    return ok;
}

static bool prepare_folder(struct sandbox_context *x) {
    char *dir = arena_copy_cstr(x->arena, x->dir), *marker = path_in(x->arena, x->dir, "mig-sandbox");
    if (!make_folders(x, dir)) return false;
    if (!exists(marker) &&
        !write_small_file(marker, STR("A private PostgreSQL server made by mig sandbox.\n")))
        return fail(x, "write", marker), false;
    char *log = path_in(x->arena, x->dir, "log");
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return fail(x, "open", log), false;
    close(fd);
    return sandbox_give(x, dir) && sandbox_give(x, log) && check_reachable(x);
}

static bool start_locked(struct sandbox_context *x, struct sandbox *out) {
    look(x->arena, x->dir, out);
    if (out->running) return make_database(x, out->socket_dir);
    x->programs = sandbox_find_programs(x->arena);
    if (x->programs.len == 0) {
        struct diag *d = diag_report(x->diags, X_PG_NO_SERVER, (struct span){0},
                                     "no PostgreSQL server is installed (initdb and pg_ctl were not found)");
        diag_help(x->diags, d,
                  "On Debian and Ubuntu: apt-get install postgresql. Or name the folder of its programs in "
                  "MIG_PG_BIN.");
        return false;
    }
    struct str socket_dir;
    if (!out->exists && !make_cluster(x)) return false;
    if (!choose_socket_dir(x, &socket_dir) || !write_conf(x, socket_dir)) return false;
    clear_remains(x, socket_dir);
    if (!start_server(x)) return false;
    look(x->arena, x->dir, out);
    return make_database(x, socket_dir);
}

static bool open_context(struct sandbox_context *x, struct arena *arena, struct str dir,
                         struct diag_list *diags) {
    *x = (struct sandbox_context){.arena = arena, .diags = diags, .dir = absolute_path(arena, dir)};
    return sandbox_choose_user(x);
}

bool sandbox_start(struct arena *arena, struct str dir, struct sandbox *out, struct diag_list *diags) {
    struct sandbox_context x;
    if (!open_context(&x, arena, dir, diags) || !prepare_folder(&x)) return false;
    int lock = lock_folder(&x);
    if (lock < 0) return false;
    bool ok = start_locked(&x, out);
    close(lock);
    return ok;
}

/* -- stopping and removing */

static bool stop_locked(struct sandbox_context *x) {
    if (server_pid(x->arena, x->dir) == 0) return true;
    x->programs = sandbox_find_programs(x->arena);
    char *const args[] = {path_in(x->arena, x->programs, "pg_ctl"),
                          (char *)"-D",
                          path_in(x->arena, x->dir, "data"),
                          (char *)"-m",
                          (char *)"fast",
                          (char *)"-w",
                          (char *)"stop",
                          NULL};
    if (sandbox_run(x, args) == 0) return true;
    fail_with_log(x, "stop the sandbox's server");
    return false;
}

bool sandbox_stop(struct arena *arena, struct str dir, struct diag_list *diags) {
    struct sandbox_context x;
    if (!open_context(&x, arena, dir, diags)) return false;
    if (!exists(path_in(arena, x.dir, "mig-sandbox"))) return true;
    int lock = lock_folder(&x);
    if (lock < 0) return false;
    bool ok = stop_locked(&x);
    close(lock);
    return ok;
}

bool sandbox_remove(struct arena *arena, struct str dir, struct diag_list *diags) {
    struct sandbox_context x;
    if (!open_context(&x, arena, dir, diags)) return false;
    char *path = arena_copy_cstr(arena, x.dir);
    if (!exists(path)) return true;
    if (!exists(path_in(arena, x.dir, "mig-sandbox"))) {
        struct diag *d =
            diag_report(diags, X_PG_SANDBOX, (struct span){0}, "%s is not a sandbox of mig", path);
        diag_help(diags, d, "Nothing was removed.");
        return false;
    }
    if (!sandbox_stop(arena, x.dir, diags)) return false;
    struct str socket_dir = recorded_socket_dir(arena, x.dir);
    if (str_starts_with(socket_dir, STR("/tmp/mig-sandbox-")))
        remove_tree(arena_copy_cstr(arena, socket_dir));
    if (remove_tree(path)) return true;
    fail(&x, "remove", path);
    return false;
}
