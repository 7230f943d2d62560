/* mig approve: one person's word that a plan may run in an environment. */
#include "runtime/cli/run_ref.h"
#include "runtime/postgres/pg_approval.h"
#include "runtime/postgres/sandbox.h"

#include <stdio.h>

static const char HELP[] =
    "Notes in the target's journal that you agree with exactly this plan, for this environment. A run in an "
    "environment\nwith `approvals N` starts once N different people have. Another spec, schema or file name "
    "is "
    "another plan, to be\napproved anew.\n\n"
    "  mig approve portal.mig --env prod --note 'ticket 4711, rehearsed on Tuesday'\n"
    "  mig approve portal.migc --env prod --as 'Ada Lovelace'\n"
    "  mig approve --list --target $PORTAL_URL\n\n"
    "A person is a database role, which the server vouches for; two roles used from one account of one "
    "machine count as one.\n";

struct approve_arguments {
    struct str environment, alias, note, target_url, sandbox_dir;
    bool sandbox, list;
};

static const struct plan_environment *find_environment(struct cli *cli, const struct plan *plan,
                                                       struct str wanted) {
    struct str *names = ARENA_ARRAY(&cli->arena, struct str, plan->environments_count + 1);
    for (uint32_t i = 0; i < plan->environments_count; i++) {
        names[i] = plan->environments[i].name;
        if (str_eq(names[i], wanted)) return &plan->environments[i];
    }
    struct diag *diag = diag_report(&cli->diags, X_ENVIRONMENT_UNKNOWN, (struct span){0},
                                    "the spec has no environment `%.*s`", STR_ARG(wanted));
    struct str close = diag_closest_name(wanted, names, plan->environments_count);
    if (close.len) diag_help(&cli->diags, diag, "Did you mean `%.*s`?", STR_ARG(close));
    return NULL;
}

/* The connection to the environment's target, or where the options lead. */
static struct pg_connection *connect_target(struct cli *cli, const struct approve_arguments *a,
                                            const struct plan *plan, int *code) {
    struct run_ref_arguments where = {
        .target_url = a->target_url, .sandbox_dir = a->sandbox_dir, .sandbox = a->sandbox};
    bool named = a->target_url.len || a->sandbox_dir.len || a->sandbox;
    if (!named && plan) {
        *code = EXIT_USAGE;
        where.target_url = run_target_url(plan, a->environment, STR(""), &cli->arena, &cli->diags);
        if (where.target_url.len == 0) return NULL;
    }
    return run_ref_connect(cli, &where, code);
}

/* ---------------------------------------------------------------- listing */

static void append_hash(struct buf *out, const uint8_t hash[32], int bytes) {
    for (int i = 0; i < bytes; i++)
        buf_printf(out, "%02x", hash[i]);
}

static void list_text(const struct approval *approvals, uint32_t count, struct buf *out) {
    for (uint32_t i = 0; i < count; i++) {
        const struct approval *a = &approvals[i];
        bool same = i && memcmp(a->plan_hash, approvals[i - 1].plan_hash, 32) == 0 &&
                    str_eq(a->environment, approvals[i - 1].environment);
        if (!same) {
            buf_printf(out, "%splan ", i ? "\n" : "");
            append_hash(out, a->plan_hash, 6);
            buf_printf(out, " of %.*s version %lld, for %.*s\n", STR_ARG(a->migration), (long long)a->version,
                       STR_ARG(a->environment));
        }
        buf_printf(out, "  %.*s  %.*s, %.*s", STR_ARG(a->at), STR_ARG(a->role), STR_ARG(a->account));
        if (a->alias.len) buf_printf(out, ", as %.*s", STR_ARG(a->alias));
        if (a->note.len) buf_printf(out, ": %.*s", STR_ARG(a->note));
        buf_append_cstr(out, a->counts ? "\n" : " (same account as one above: counts once)\n");
    }
    if (count == 0) buf_append_cstr(out, "nothing is approved\n");
}

static void append_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, ",\"%s\":", name);
    buf_append_json(out, text);
}

static void list_json(const struct approval *approvals, uint32_t count, struct buf *out) {
    buf_append_cstr(out, "{\"approvals\":[");
    for (uint32_t i = 0; i < count; i++) {
        const struct approval *a = &approvals[i];
        buf_append_cstr(out, i ? ",{\"plan_hash\":\"" : "{\"plan_hash\":\"");
        append_hash(out, a->plan_hash, 32);
        buf_append_char(out, '"');
        append_text(out, "environment", a->environment);
        append_text(out, "migration", a->migration);
        buf_printf(out, ",\"version\":%lld", (long long)a->version);
        append_text(out, "role", a->role);
        append_text(out, "account", a->account);
        append_text(out, "as", a->alias);
        append_text(out, "note", a->note);
        append_text(out, "at", a->at);
        buf_printf(out, ",\"counts\":%s}", a->counts ? "true" : "false");
    }
    buf_printf(out, "],\"people\":%u}\n", approval_people(approvals, count));
}

static int show_approvals(struct cli *cli, struct pg_connection *connection, const uint8_t *hash,
                          struct str environment) {
    struct approval *approvals;
    uint32_t count;
    struct buf out = {0};
    if (!approval_read(connection, hash, environment, &cli->arena, &approvals, &count, &cli->diags))
        return EXIT_UNREACHABLE;
    if (cli->json)
        list_json(approvals, count, &out);
    else
        list_text(approvals, count, &out);
    cli_print(&out);
    buf_release(&out);
    return EXIT_WELL;
}

/* ---------------------------------------------------------------- approving */

/* The journal, made where there is none: approvals come before the first run. */
static bool find_journal(struct cli *cli, struct pg_connection *connection) {
    struct pg_result *r = pg_query(connection, "SELECT pg_catalog.to_regclass('mig.approval') IS NOT NULL",
                                   NULL, 0, &cli->diags);
    bool there = r && pg_result_bool(r, 0, 0);
    bool asked = r != NULL;
    pg_result_free(r);
    return there || (asked && journal_prepare(connection, &cli->diags));
}

static int approve(struct cli *cli, const struct approve_arguments *a, const struct plan *plan,
                   const struct plan_environment *environment, struct pg_connection *connection) {
    struct approval approval = {.environment = a->environment,
                                .migration = plan->migration,
                                .version = plan->version,
                                .account = approval_account(&cli->arena),
                                .alias = a->alias,
                                .note = a->note};
    bool again = false;
    plan_hash(plan, approval.plan_hash);
    if (!find_journal(cli, connection)) return EXIT_REFUSED;
    if (!approval_write(connection, &approval, &again, &cli->diags)) {
        if (pg_last_failure(connection)->kind == PG_PERMISSION) {
            struct diag *diag = cli->diags.items.items[cli->diags.items.count - 1];
            diag_help(
                &cli->diags, diag,
                "An approver needs, from the journal's owner: GRANT USAGE ON SCHEMA mig, GRANT SELECT, "
                "INSERT "
                "ON mig.approval and GRANT SELECT, INSERT, UPDATE ON mig.event (which takes no updates, but "
                "whose lock asks for the right).");
        }
        return EXIT_REFUSED;
    }
    if (again) fprintf(stderr, "mig: this role had approved this plan before; nothing is added\n");
    int code = show_approvals(cli, connection, approval.plan_hash, a->environment);
    if (code == EXIT_WELL && !cli->json) {
        struct approval *all;
        uint32_t count;
        if (!approval_read(connection, approval.plan_hash, a->environment, &cli->arena, &all, &count,
                           &cli->diags))
            return EXIT_UNREACHABLE;
        uint32_t people = approval_people(all, count);
        if (people < environment->approvals)
            printf("\n%u of %u: %u more to go\n", people, environment->approvals,
                   environment->approvals - people);
        else
            printf("\n%u of %u: it may run\n", people, environment->approvals);
    }
    return code;
}

static int load_and_approve(struct cli *cli, const struct approve_arguments *a, struct str path) {
    struct str base;
    int code = EXIT_USAGE;
    const struct plan *plan = cli_load_plan(cli, path, &base, &code);
    if (plan == NULL) return code;
    const struct plan_environment *environment = find_environment(cli, plan, a->environment);
    if (environment == NULL) return EXIT_USAGE;
    if (environment->approvals == 0 && !a->list) {
        struct diag *diag = diag_report(&cli->diags, X_NOTHING_TO_APPROVE, (struct span){0},
                                        "environment `%.*s` asks for no approvals: it runs without",
                                        STR_ARG(environment->name));
        diag_help(&cli->diags, diag, "Write `approvals 2` into the environment, if two people are to agree.");
        return EXIT_USAGE;
    }
    struct pg_connection *connection = connect_target(cli, a, plan, &code);
    if (connection == NULL) return code;
    uint8_t hash[32];
    plan_hash(plan, hash);
    code = a->list ? show_approvals(cli, connection, hash, a->environment)
                   : approve(cli, a, plan, environment, connection);
    pg_close(connection);
    return code;
}

static int list_all(struct cli *cli, const struct approve_arguments *a) {
    int code;
    struct pg_connection *connection = connect_target(cli, a, NULL, &code);
    if (connection == NULL) return code;
    code = show_approvals(cli, connection, NULL, a->environment);
    pg_close(connection);
    return code;
}

int cmd_approve(struct cli *cli, int argc, char **argv) {
    struct approve_arguments a = {0};
    const struct option options[] = {
        {"env", 'e', OPTION_TEXT, &a.environment, "NAME", "the environment that it may run in"},
        {"as", 0, OPTION_TEXT, &a.alias, "WHO", "your name, as the list shows it beside the role"},
        {"note", 0, OPTION_TEXT, &a.note, "TEXT", "why: a ticket, what was rehearsed"},
        {"list", 0, OPTION_FLAG, &a.list, NULL, "only show who has approved what"},
        {"target", 0, OPTION_TEXT, &a.target_url, "URL", "the target instead of the environment's"},
        {"sandbox", 0, OPTION_FLAG, &a.sandbox, NULL, "the target is the sandbox"},
        {"sandbox-dir", 0, OPTION_TEXT, &a.sandbox_dir, "DIR", "the sandbox's folder (implies --sandbox)"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1 || (arguments.words.count == 0 && !a.list))
        return cli_usage(cli, "one spec or plan, please");
    if (arguments.words.count && a.environment.len == 0)
        return cli_usage(cli, "say for which environment: --env NAME");
    code = arguments.words.count ? load_and_approve(cli, &a, arguments.words.items[0]) : list_all(cli, &a);
    fflush(stdout);
    if (code != EXIT_WELL) cli_show_diags(cli);
    return code;
}
