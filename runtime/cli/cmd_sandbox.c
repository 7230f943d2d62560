/* mig sandbox: the private Postgres. */
#include "runtime/cli/cli.h"
#include "runtime/postgres/pg_connection.h"
#include "runtime/postgres/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HELP[] = "A private Postgres in a folder of your own, on a Unix socket only. `mig run SPEC "
                           "--sandbox` starts it by itself.\n\n"
                           "  mig sandbox start            start it (and make it, the first time)\n"
                           "  mig sandbox psql             look around; what follows goes to psql: mig "
                           "sandbox psql -- -c 'select 1'\n"
                           "  mig sandbox url              its connection URL\n"
                           "  mig sandbox load FILE.sql    run a file of SQL in it\n"
                           "  mig sandbox status|stop\n"
                           "  mig sandbox reset            stop it and remove everything in it\n";

static int finish(struct cli *cli, bool good) {
    fflush(stdout);
    cli_show_diags(cli);
    return good ? EXIT_WELL : EXIT_UNREACHABLE;
}

static int show_status(struct cli *cli, struct str dir) {
    struct sandbox sandbox;
    if (!sandbox_status(&cli->arena, dir, &sandbox, &cli->diags)) return finish(cli, false);
    if (cli->json) {
        struct buf out = {0};
        buf_printf(&out, "{\"exists\":%s,\"running\":%s,\"dir\":", sandbox.exists ? "true" : "false",
                   sandbox.running ? "true" : "false");
        buf_append_json(&out, sandbox.dir);
        buf_append_cstr(&out, ",\"url\":");
        buf_append_json(&out, sandbox.url);
        buf_append_cstr(&out, "}\n");
        cli_print(&out);
        buf_release(&out);
        return EXIT_WELL;
    }
    printf("%s, in %.*s\n",
           !sandbox.exists   ? "there is no sandbox yet"
           : sandbox.running ? "running"
                             : "stopped",
           STR_ARG(dir));
    if (sandbox.running) printf("%.*s\nlog: %.*s\n", STR_ARG(sandbox.url), STR_ARG(sandbox.log_file));
    return EXIT_WELL;
}

/* Replaces this process by psql. */
static int run_psql(struct cli *cli, const struct sandbox *sandbox, const struct arguments *arguments) {
    struct str programs = sandbox_find_programs(&cli->arena);
    struct str psql = arena_printf(&cli->arena, "%.*s/psql", STR_ARG(programs));
    char **argv = ARENA_ARRAY(&cli->arena, char *, arguments->words.count + 3);
    int n = 0;
    argv[n++] = (char *)"psql";
    argv[n++] = arena_copy_cstr(&cli->arena, sandbox->url);
    for (uint32_t i = 1; i < arguments->words.count; i++)
        argv[n++] = arena_copy_cstr(&cli->arena, arguments->words.items[i]);
    if (programs.len == 0 || access(psql.ptr, X_OK) != 0)
        execvp("psql", argv);
    else
        execv(psql.ptr, argv);
    struct diag *diag =
        diag_report(&cli->diags, X_PG_NO_SERVER, (struct span){0}, "cannot start psql: %s", strerror(errno));
    diag_help(&cli->diags, diag, "Install it: apt-get install postgresql-client");
    return finish(cli, false);
}

static int load_file(struct cli *cli, const struct sandbox *sandbox, const struct arguments *arguments) {
    struct str sql;
    enum pg_error error;
    if (arguments->words.count != 2) return cli_usage(cli, "load which file?");
    if (!cli_read_file(cli, arguments->words.items[1], 256 << 20, &sql)) return finish(cli, false);
    struct pg_connection *connection = pg_connect(sandbox->url, NULL, &error, &cli->diags);
    bool good = connection && pg_exec(connection, sql.ptr, &cli->diags);
    pg_close(connection);
    return finish(cli, good);
}

int cmd_sandbox(struct cli *cli, int argc, char **argv) {
    struct str dir = {0};
    const struct option options[] = {
        {"dir", 0, OPTION_TEXT, &dir, "DIR",
         "its folder (default: $MIG_SANDBOX, else ~/.local/share/mig/sandbox)"},
        OPTION_END,
    };
    struct arguments arguments;
    struct sandbox sandbox;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) {
        if (code == EXIT_USAGE && argc > 0 && strcmp(argv[0], "psql") == 0)
            fputs("psql's own options follow `--`: mig sandbox psql -- -c 'select 1'\n", stderr);
        return code;
    }
    if (arguments.words.count == 0) return cli_usage(cli, "start, stop, status, url, psql, load or reset?");
    if (dir.len == 0) dir = sandbox_default_dir(&cli->arena);
    struct str verb = arguments.words.items[0];
    if (str_is(verb, "status")) return show_status(cli, dir);
    if (str_is(verb, "stop")) return finish(cli, sandbox_stop(&cli->arena, dir, &cli->diags));
    if (str_is(verb, "reset")) return finish(cli, sandbox_remove(&cli->arena, dir, &cli->diags));
    bool start = str_is(verb, "start"), psql = str_is(verb, "psql"), load = str_is(verb, "load");
    if (!start && !psql && !load && !str_is(verb, "url"))
        return cli_usage(cli, "start, stop, status, url, psql, load or reset, not %.*s", STR_ARG(verb));
    if (!sandbox_start(&cli->arena, dir, &sandbox, &cli->diags)) return finish(cli, false);
    if (psql) return run_psql(cli, &sandbox, &arguments);
    if (load) return load_file(cli, &sandbox, &arguments);
    printf("%.*s\n", STR_ARG(sandbox.url));
    return finish(cli, true);
}
