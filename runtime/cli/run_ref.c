/* See run_ref.h. */
#include "runtime/cli/run_ref.h"

#include "runtime/postgres/sandbox.h"
#include "runtime/value/uuid.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What WORK_DIR says of the run, if it knows it. */
struct local_run {
    bool found;
    struct str id;
    struct invocation invocation;
    struct plan *plan;
};

/* The folder in WORK_DIR whose name starts with the word; empty: where `latest` points. */
static struct str find_folder(struct cli *cli, struct str work_dir, struct str word) {
    struct str found = STR("");
    if (word.len == 0) {
        char name[64];
        ssize_t n =
            readlink(arena_printf(&cli->arena, "%.*s/latest", STR_ARG(work_dir)).ptr, name, sizeof name);
        return n > 0 && n < (ssize_t)sizeof name ? arena_copy_str(&cli->arena, str_from(name, (size_t)n))
                                                 : found;
    }
    DIR *dir = opendir(arena_copy_cstr(&cli->arena, work_dir));
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        if (str_starts_with(str_cstr(entry->d_name), word)) {
            if (found.len) { /* two: let the journal say so */
                found = STR("");
                break;
            }
            found = arena_copy_str(&cli->arena, str_cstr(entry->d_name));
        }
    if (dir) closedir(dir);
    return found;
}

struct str run_ref_only_report(struct cli *cli, const struct run_ref_arguments *a, struct str word) {
    struct str work_dir = a->work_dir.len ? a->work_dir : STR(".mig");
    if (a->target_url.len || a->environment.len || a->sandbox || a->sandbox_dir.len) return STR("");
    struct str id = find_folder(cli, work_dir, word);
    if (id.len == 0) return STR("");
    struct str folder = arena_printf(&cli->arena, "%.*s/%.*s", STR_ARG(work_dir), STR_ARG(id));
    bool journaled =
        access(arena_printf(&cli->arena, "%.*s/invocation.json", STR_ARG(folder)).ptr, F_OK) == 0;
    bool told = access(arena_printf(&cli->arena, "%.*s/report.json", STR_ARG(folder)).ptr, F_OK) == 0;
    return told && !journaled ? folder : STR("");
}

static bool read_local(struct cli *cli, struct str work_dir, struct str word, struct local_run *local) {
    struct str id = find_folder(cli, work_dir, word), bytes;
    if (id.len == 0) return true;
    struct str path = arena_printf(&cli->arena, "%.*s/%.*s/invocation.json", STR_ARG(work_dir), STR_ARG(id));
    if (access(path.ptr, F_OK) != 0) return true;
    if (!cli_read_file(cli, path, 1 << 20, &bytes) ||
        !invocation_read(bytes, &cli->arena, &local->invocation, &cli->diags))
        return false;
    path = arena_printf(&cli->arena, "%.*s/%.*s/plan.migc", STR_ARG(work_dir), STR_ARG(id));
    if (!cli_read_file(cli, path, PLAN_MAX_BYTES, &bytes)) return false;
    local->plan = plan_read(&cli->arena, bytes, path, &cli->diags);
    local->id = id;
    local->found = local->plan != NULL;
    return local->found;
}

static struct str find_url(struct cli *cli, const struct run_ref_arguments *a,
                           const struct local_run *local) {
    struct str sandbox_dir = a->sandbox_dir;
    if (a->target_url.len) return a->target_url;
    if (sandbox_dir.len == 0 && a->sandbox) sandbox_dir = sandbox_default_dir(&cli->arena);
    if (sandbox_dir.len == 0 && a->environment.len == 0) sandbox_dir = local->invocation.sandbox_dir;
    if (sandbox_dir.len) {
        struct sandbox sandbox;
        return sandbox_start(&cli->arena, sandbox_dir, &sandbox, &cli->diags) ? sandbox.url : STR("");
    }
    if (local->found && !(local->invocation.url_given && a->environment.len == 0)) {
        struct str environment = a->environment.len ? a->environment : local->invocation.environment;
        return run_target_url(local->plan, environment, STR(""), &cli->arena, &cli->diags);
    }
    struct diag *diag =
        diag_report(&cli->diags, X_NO_TARGET_URL, (struct span){0},
                    local->found ? "the run was given its target on the command line, which is not kept"
                                 : "there is no run in %.*s",
                    STR_ARG(a->work_dir.len ? a->work_dir : STR(".mig")));
    diag_help(&cli->diags, diag,
              local->found ? "Give the same --target URL again."
                           : "Say where its reports are (--work-dir DIR) or which target it ran into "
                             "(--target URL, --sandbox).");
    return STR("");
}

static bool take_plan(struct cli *cli, struct run_ref *ref, const struct local_run *local) {
    uint8_t hash[32];
    char hex[65];
    struct str bytes;
    const struct plan *plan = NULL;
    for (int pass = 0; pass < 2 && plan == NULL; pass++) {
        plan = local->plan;
        if (pass == 1) {
            if (!journal_read_plan(ref->connection, ref->info->run_id, &cli->arena, &bytes, &cli->diags))
                return false;
            plan = plan_read(&cli->arena, bytes, STR("the journal's plan"), &cli->diags);
            if (plan == NULL) return false;
        }
        if (plan == NULL) continue;
        plan_hash(plan, hash);
        for (int i = 0; i < 32; i++)
            snprintf(hex + 2 * i, 3, "%02x", hash[i]);
        if (!str_is(ref->info->plan_hash, hex)) plan = NULL; /* an older copy, or one that was touched */
    }
    ref->plan = plan;
    if (plan) return true;
    diag_report(&cli->diags, X_PG_JOURNAL, (struct span){0},
                "the journal's plan of the run is not the one that it ran: its hash differs");
    return false;
}

/* The parameters as the journal has them; secrets come anew. */
static void take_params(struct cli *cli, struct run_ref *ref, struct run_param_list *params) {
    cJSON *root = cJSON_ParseWithLength(ref->info->params_json.ptr, ref->info->params_json.len);
    const cJSON *item;
    cJSON_ArrayForEach(item, root) {
        struct run_param param = {.name = arena_copy_str(&cli->arena, str_cstr(item->string))};
        if (cJSON_IsString(item)) param.value = arena_copy_str(&cli->arena, str_cstr(item->valuestring));
        VEC_PUSH(&cli->arena, &params->items, param);
    }
    cJSON_Delete(root);
}

static bool take_options(struct cli *cli, const struct run_ref_arguments *a, const struct local_run *local,
                         struct str url, struct run_ref *ref) {
    struct invocation invocation = local->invocation;
    struct run_param_list params = {0};
    const char *temp = getenv("TMPDIR");
    if (!local->found && ref->info->options_json.len &&
        !invocation_read(ref->info->options_json, &cli->arena, &invocation, &cli->diags))
        return false;
    take_params(cli, ref, &params);
    if (a->param_file.len && !cli_read_param_file(cli, a->param_file, &params)) return false;
    struct str work_dir = a->work_dir.len ? a->work_dir : STR(".mig");
    ref->options = (struct run_options){
        .environment = ref->info->environment,
        .phase = invocation.phase,
        .target_url = arena_copy_str(&cli->arena, url),
        .base_dir = a->data.len ? a->data : invocation.data_dir,
        .work_dir = work_dir,
        .temp_dir = str_cstr(temp && *temp ? temp : "/tmp"),
        .sandbox_dir = a->sandbox_dir.len ? a->sandbox_dir : invocation.sandbox_dir,
        .params = params.items.items,
        .param_count = params.items.count,
        .only = invocation.only,
        .only_count = invocation.only_count,
        .allow_extern = a->allow_extern,
    };
    return true;
}

struct pg_connection *run_ref_connect(struct cli *cli, const struct run_ref_arguments *a, int *exit_code) {
    struct local_run local = {0};
    enum pg_error error = PG_OK;
    *exit_code = EXIT_USAGE;
    bool named = a->target_url.len || a->sandbox_dir.len || a->sandbox;
    if (!named && !read_local(cli, a->work_dir.len ? a->work_dir : STR(".mig"), STR(""), &local)) return NULL;
    struct str url = find_url(cli, a, &local);
    if (url.len == 0) return NULL;
    struct pg_connection *connection = pg_connect(url, NULL, &error, &cli->diags);
    if (connection == NULL && error != PG_BAD_URL) *exit_code = EXIT_UNREACHABLE;
    return connection;
}

bool run_ref_open(struct cli *cli, const struct run_ref_arguments *a, struct str word, struct run_ref *ref,
                  int *exit_code) {
    struct local_run local = {0};
    struct str work_dir = a->work_dir.len ? a->work_dir : STR(".mig");
    enum pg_error error = PG_OK;
    *ref = (struct run_ref){0};
    *exit_code = EXIT_USAGE;
    if (!read_local(cli, work_dir, word, &local)) return false;
    struct str url = find_url(cli, a, &local);
    if (url.len == 0) return false;
    ref->connection = pg_connect(url, NULL, &error, &cli->diags);
    if (ref->connection == NULL) {
        *exit_code = error == PG_BAD_URL ? EXIT_USAGE : EXIT_UNREACHABLE;
        return false;
    }
    if (word.len == 0 && local.found && a->target_url.len == 0 && a->environment.len == 0) word = local.id;
    ref->info = journal_read_run(ref->connection, &cli->arena, word, &cli->diags);
    /* The folder's run may be another than the journal's. */
    if (ref->info && !str_eq(local.id, uuid_format(&cli->arena, ref->info->run_id)))
        local = (struct local_run){0};
    if (ref->info && take_plan(cli, ref, &local) && take_options(cli, a, &local, url, ref)) return true;
    if (!pg_is_alive(ref->connection)) *exit_code = EXIT_UNREACHABLE;
    return false;
}

void run_ref_close(struct run_ref *ref) {
    pg_close(ref->connection);
    ref->connection = NULL;
}
