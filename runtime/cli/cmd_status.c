/* mig status: the journal's word on a run, and the next command. */
#include "runtime/cli/cli.h"
#include "runtime/postgres/pg_journal.h"
#include "runtime/postgres/sandbox.h"

#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "Reads the journal in the target database: what the latest run (or RUN) has committed, map by map.\n\n"
    "  mig status --target $PORTAL_URL\n"
    "  mig status --sandbox\n";

static const char *next_command(struct str state) {
    if (str_is(state, "done")) return "nothing is open";
    if (str_is(state, "running"))
        return "the run is under way; if its process is gone, what is committed stands, and the tables it "
               "loaded can be "
               "emptied before a new `mig run`";
    return "read `mig report`; then repair the source or the spec, empty the tables that the run loaded, and "
           "`mig run` "
           "again";
}

static void print_text(const struct journal_run_info *run) {
    char id[37];
    const uint8_t *b = run->run_id.bytes;
    snprintf(id, sizeof id, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    printf("run %s of %.*s version %lld: %.*s\n", id, STR_ARG(run->migration), (long long)run->version,
           STR_ARG(run->state));
    printf("started %.*s by %.*s on %.*s", STR_ARG(run->started_at), STR_ARG(run->who), STR_ARG(run->host));
    if (run->finished_at.len) printf(", finished %.*s", STR_ARG(run->finished_at));
    printf("\n\n");
    for (uint32_t i = 0; i < run->step_count; i++) {
        const struct journal_step_info *step = &run->steps[i];
        const struct journal_counts *c = &step->counts;
        printf("  %-24.*s %-8.*s %llu in, %llu written, %llu updated, %llu unchanged, %llu skipped, %llu "
               "rejected\n",
               STR_ARG(step->map), STR_ARG(step->state), (unsigned long long)c->in,
               (unsigned long long)c->written, (unsigned long long)c->updated,
               (unsigned long long)c->unchanged, (unsigned long long)c->skipped,
               (unsigned long long)c->rejected);
    }
    printf("\nnext: %s\n", next_command(run->state));
}

static void print_json(const struct journal_run_info *run) {
    struct buf out = {0};
    buf_append_cstr(&out, "{\"migration\":");
    buf_append_json(&out, run->migration);
    buf_append_cstr(&out, ",\"state\":");
    buf_append_json(&out, run->state);
    buf_append_cstr(&out, ",\"started_at\":");
    buf_append_json(&out, run->started_at);
    buf_append_cstr(&out, ",\"next\":");
    buf_append_json(&out, str_cstr(next_command(run->state)));
    buf_append_cstr(&out, ",\"maps\":[");
    for (uint32_t i = 0; i < run->step_count; i++) {
        const struct journal_counts *c = &run->steps[i].counts;
        buf_append_cstr(&out, i ? ",{\"map\":" : "{\"map\":");
        buf_append_json(&out, run->steps[i].map);
        buf_append_cstr(&out, ",\"state\":");
        buf_append_json(&out, run->steps[i].state);
        buf_printf(&out,
                   ",\"in\":%llu,\"written\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"skipped\":%llu,"
                   "\"rejected\":%llu}",
                   (unsigned long long)c->in, (unsigned long long)c->written, (unsigned long long)c->updated,
                   (unsigned long long)c->unchanged, (unsigned long long)c->skipped,
                   (unsigned long long)c->rejected);
    }
    buf_append_cstr(&out, "]}\n");
    cli_print(&out);
    buf_release(&out);
}

int cmd_status(struct cli *cli, int argc, char **argv) {
    struct str url = {0}, sandbox_dir = {0};
    bool use_sandbox = false;
    const struct option options[] = {
        {"target", 0, OPTION_TEXT, &url, "URL", "the target database"},
        {"sandbox", 0, OPTION_FLAG, &use_sandbox, NULL, "the sandbox"},
        {"sandbox-dir", 0, OPTION_TEXT, &sandbox_dir, "DIR", "the sandbox's folder (implies --sandbox)"},
        OPTION_END,
    };
    struct arguments arguments;
    enum pg_error error;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1) return cli_usage(cli, "one run, please");
    if (url.len == 0 && !use_sandbox && sandbox_dir.len == 0)
        return cli_usage(cli, "say which database: --target URL or --sandbox");
    if (url.len == 0) {
        struct sandbox sandbox;
        struct str dir = sandbox_dir.len ? sandbox_dir : sandbox_default_dir(&cli->arena);
        if (!sandbox_start(&cli->arena, dir, &sandbox, &cli->diags)) {
            cli_show_diags(cli);
            return EXIT_UNREACHABLE;
        }
        url = sandbox.url;
    }
    struct pg_connection *connection = pg_connect(url, NULL, &error, &cli->diags);
    struct str wanted = arguments.words.count ? arguments.words.items[0] : STR("");
    struct journal_run_info *run =
        connection ? journal_read_run(connection, &cli->arena, wanted, &cli->diags) : NULL;
    if (run && cli->json)
        print_json(run);
    else if (run)
        print_text(run);
    pg_close(connection);
    fflush(stdout);
    if (run == NULL) cli_show_diags(cli);
    return run ? EXIT_WELL : connection ? EXIT_USAGE : EXIT_UNREACHABLE;
}
