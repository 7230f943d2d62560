/* mig purge: removes what has expired. */
#include "runtime/cli/run_ref.h"
#include "runtime/engine/target_postgres.h"
#include "runtime/postgres/pg_journal_ledger.h"
#include "runtime/seal/seal.h"
#include "runtime/value/uuid.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HELP[] = "Removes what the latest run, or RUN, has kept of rows and what has expired by "
                           "now: after the `retention` of "
                           "its environment\n"
                           "its folder under WORK_DIR (quarantine, report), the ledger's content, images of "
                           "changed rows; after `keep "
                           "crosswalk` the crosswalk.\n"
                           "Counts, checksums and the audit trail stay. A run that is purged can no longer "
                           "be rolled back, resumed or "
                           "retried.\n\n"
                           "  mig purge --all --dry-run        what would go, of all runs into the target\n"
                           "  mig purge --all\n"
                           "  mig purge 2cde99ae\n\n"
                           "Files that `mig quarantine export` wrote are yours: mig does not know where they "
                           "went. Exit codes: 0 done;\n"
                           "2 usage; 5 target unreachable; 7 refused.\n";

struct purge {
    struct cli *cli;
    struct str work_dir;
    struct pg_connection *connection;
    bool dry_run;
    uint32_t touched;
    struct buf json;
};

/* ---------------------------------------------------------------- folders */

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    (void)where;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

/* `latest` must not point to what is gone. */
static void drop_latest(struct purge *p, struct str name) {
    char target[64];
    struct str link = arena_printf(&p->cli->arena, "%.*s/latest", STR_ARG(p->work_dir));
    ssize_t n = readlink(link.ptr, target, sizeof target);
    if (n > 0 && str_eq(str_from(target, (size_t)n), name)) unlink(link.ptr);
}

static bool remove_folder(struct purge *p, struct str name) {
    struct str path = arena_printf(&p->cli->arena, "%.*s/%.*s", STR_ARG(p->work_dir), STR_ARG(name));
    if (nftw(path.ptr, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0) {
        drop_latest(p, name);
        return true;
    }
    struct diag *diag = diag_report(&p->cli->diags, X_OUTPUT_WRITE, (struct span){0},
                                    "could not remove the run's folder: %s", strerror(errno));
    diag_place(&p->cli->diags, diag, "%.*s", STR_ARG(path));
    diag_help(&p->cli->diags, diag, "Remove it yourself, or run `mig purge` as the user that it belongs to.");
    return false;
}

static bool has_folder(struct purge *p, struct str name) {
    struct stat info;
    struct str path = arena_printf(&p->cli->arena, "%.*s/%.*s", STR_ARG(p->work_dir), STR_ARG(name));
    return lstat(path.ptr, &info) == 0 && S_ISDIR(info.st_mode);
}

/* A folder of a run into another target: its sealed files say when they expire. */
static bool folder_has_expired(struct purge *p, struct str name) {
    struct str path =
        arena_printf(&p->cli->arena, "%.*s/%.*s/quarantine", STR_ARG(p->work_dir), STR_ARG(name));
    DIR *dir = opendir(path.ptr);
    bool expired = false;
    int64_t at;
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        if (str_ends_with(str_cstr(entry->d_name), STR(".sealed")) &&
            seal_peek_expiry(arena_printf(&p->cli->arena, "%.*s/%s", STR_ARG(path), entry->d_name).ptr, &at))
            expired |= at != 0 && at <= timestamptz_now();
    if (dir) closedir(dir);
    return expired;
}

/* ---------------------------------------------------------------- one run */

static void tell_run(struct purge *p, const struct purge_run *run, struct str name, bool folder) {
    if (p->cli->json) {
        buf_printf(&p->json, "%s{\"run\":\"%.*s\",\"expires_at\":", p->touched ? "," : "", STR_ARG(name));
        buf_append_json(&p->json, run->expires_at);
        buf_printf(&p->json, ",\"rejects\":%llu,\"crosswalk\":%llu,\"images\":%llu,\"folder\":%s}",
                   (unsigned long long)run->rejects, (unsigned long long)run->crosswalk,
                   (unsigned long long)run->images, folder ? "true" : "false");
        return;
    }
    printf("run %.8s of %.*s version %lld (%.*s)", name.ptr, STR_ARG(run->migration), (long long)run->version,
           STR_ARG(run->state));
    if (run->expired) printf(", expired %.*s", STR_ARG(run->expires_at));
    printf("\n  %s: %llu rejected rows' content, %llu crosswalk rows, %llu images of earlier rows",
           p->dry_run ? "would remove" : "removed", (unsigned long long)run->rejects,
           (unsigned long long)run->crosswalk, (unsigned long long)run->images);
    if (folder) printf(", %.*s/%.*s", STR_ARG(p->work_dir), STR_ARG(name));
    printf("\n");
    if (run->expired)
        printf("  It %s no longer be rolled back, resumed or retried.\n", p->dry_run ? "could then" : "can");
}

static bool purge_one(struct purge *p, const struct purge_run *run) {
    struct str name = uuid_format(&p->cli->arena, run->run_id);
    bool folder = run->expired && has_folder(p, name);
    if (!folder && run->rejects + run->crosswalk + run->images == 0) return true;
    if (!p->dry_run) {
        struct str more = folder ? STR(",\"folder\":true") : STR("");
        if (!purge_remove(p->connection, run, more, timestamptz_now(), &p->cli->diags)) return false;
        if (folder && !remove_folder(p, name)) return false;
    }
    tell_run(p, run, name, folder);
    p->touched++;
    return true;
}

/* Folders in WORK_DIR of runs that this target does not know. */
static bool purge_strangers(struct purge *p, const struct purge_run *runs, uint32_t count) {
    DIR *dir = opendir(arena_copy_cstr(&p->cli->arena, p->work_dir));
    bool good = true;
    for (struct dirent *entry; good && dir && (entry = readdir(dir)) != NULL;) {
        struct uuid id;
        struct str name = arena_copy_str(&p->cli->arena, str_cstr(entry->d_name));
        bool known = uuid_parse(name, &id) != FAULT_NONE || !has_folder(p, name);
        for (uint32_t i = 0; !known && i < count; i++)
            known = memcmp(runs[i].run_id.bytes, id.bytes, sizeof id.bytes) == 0;
        if (known || !folder_has_expired(p, name)) continue;
        struct purge_run stranger = {
            .run_id = id, .migration = STR("another target"), .state = STR("its folder")};
        good = p->dry_run || remove_folder(p, name);
        if (good) tell_run(p, &stranger, name, true);
        p->touched++;
    }
    if (dir) closedir(dir);
    return good;
}

static bool purge_runs(struct purge *p, const struct uuid *only) {
    struct cli *cli = p->cli;
    struct purge_run *runs;
    uint32_t count;
    if (!purge_look(p->connection, only, &cli->arena, &runs, &count, &cli->diags)) return false;
    bool good = true;
    for (uint32_t i = 0; good && i < count; i++)
        good = purge_one(p, &runs[i]);
    if (good && only == NULL) good = purge_strangers(p, runs, count);
    if (!good) return false;
    if (cli->json) {
        struct buf *out = &p->json;
        buf_append_cstr(out, "]}\n");
        cli_print(out);
    } else if (p->touched == 0 && only && runs->expires_at.len == 0)
        printf("nothing has expired: the run's environment has no `retention`\n");
    else if (p->touched == 0 && only)
        printf("nothing has expired: the run is kept until %.*s\n", STR_ARG(runs->expires_at));
    else if (p->touched == 0)
        printf("nothing has expired (runs looked at: %u)\n", count);
    return true;
}

int cmd_purge(struct cli *cli, int argc, char **argv) {
    enum { LOCK_PATIENCE_MS = 3000 };
    struct run_ref_arguments a = {0};
    bool all = false;
    struct purge p = {.cli = cli};
    const struct option options[] = {
        {"all", 0, OPTION_FLAG, &all, NULL, "all runs into the target"},
        {"dry-run", 0, OPTION_FLAG, &p.dry_run, NULL, "say what would go; remove nothing"},
        RUN_REF_OPTIONS(a),
        OPTION_END,
    };
    struct arguments arguments;
    struct run_ref ref = {0};
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1 || (all && arguments.words.count))
        return cli_usage(cli, "one run, or --all");
    struct str word = arguments.words.count ? arguments.words.items[0] : STR("");
    if (run_ref_open(cli, &a, word, &ref, &code)) {
        p.work_dir = ref.options.work_dir;
        p.connection = ref.connection;
        buf_append_cstr(&p.json,
                        p.dry_run ? "{\"dry_run\":true,\"runs\":[" : "{\"dry_run\":false,\"runs\":[");
        bool good = p.dry_run || journal_lock(p.connection, LOCK_PATIENCE_MS, &cli->diags);
        code = good && purge_runs(&p, all ? NULL : &ref.info->run_id) ? EXIT_WELL : EXIT_REFUSED;
        buf_release(&p.json);
    }
    run_ref_close(&ref);
    fflush(stdout);
    if (code != EXIT_WELL) cli_show_diags(cli);
    return code;
}
