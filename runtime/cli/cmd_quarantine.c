/* mig quarantine: rejected rows, for those who look after them. */
#include "runtime/cli/quarantine_export.h"
#include "runtime/postgres/pg_journal_ledger.h"
#include "runtime/seal/seal.h"
#include "runtime/value/uuid.h"

#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "Rejected rows of the latest run, or RUN: `show` lists them by map and reason, without personal data;\n"
    "`export` writes them into files to repair, one for each map, for `mig retry`.\n\n"
    "  mig quarantine show\n"
    "  mig quarantine show 2cde99ae --map orders --limit 0\n"
    "  mig quarantine export -o repair                  needs the key that the run sealed them with\n"
    "  mig quarantine export 2cde99ae -o repair --key-env PROD_QUARANTINE_KEY --as ndjson\n\n"
    "Exit codes: 0 done; 2 usage; 5 target unreachable; 7 refused: no key, another one, expired, changed.\n";

struct quarantine_arguments {
    struct run_ref_arguments ref;
    struct str map, limit, folder, key_variable, as;
    bool closed;
};

/* ---------------------------------------------------------------- show */

static bool same_reason(const struct ledger_entry *a, const struct ledger_entry *b) {
    return str_eq(a->map, b->map) && str_eq(a->fault, b->fault) && str_eq(a->spec_file, b->spec_file) &&
           a->spec_line == b->spec_line && str_eq(a->spec, b->spec);
}

static int compare_reasons(const void *a, const void *b) {
    const struct ledger_entry *x = *(const struct ledger_entry *const *)a,
                              *y = *(const struct ledger_entry *const *)b;
    int order = str_compare(x->map, y->map);
    if (order == 0) order = str_compare(x->fault, y->fault);
    if (order == 0) order = str_compare(x->spec_file, y->spec_file);
    if (order == 0) order = (x->spec_line > y->spec_line) - (x->spec_line < y->spec_line);
    if (order == 0) order = str_compare(x->spec, y->spec);
    return order ? order : (x > y) - (x < y); /* as read: by place */
}

static void print_entry(const struct ledger_entry *e) {
    printf("      %.*s:%llu:%u  ", STR_ARG(e->map), (unsigned long long)e->row_ordinal, e->nth);
    if (e->file.len) printf("%.*s ", STR_ARG(e->file));
    if (e->line)
        printf("line %llu", (unsigned long long)e->line);
    else
        printf("source row %llu", (unsigned long long)e->row_ordinal + 1);
    if (e->message.len) printf("  %.*s", STR_ARG(e->message));
    if (!e->open) printf("  [%.*s]", STR_ARG(e->resolution));
    printf("\n");
}

static void print_reasons(const struct ledger_entry **order, uint32_t count, uint32_t limit) {
    for (uint32_t i = 0; i < count;) {
        uint32_t end = i + 1;
        const struct ledger_entry *e = order[i];
        while (end < count && same_reason(e, order[end]))
            end++;
        if (i == 0 || !str_eq(order[i - 1]->map, e->map)) printf("\n%.*s\n", STR_ARG(e->map));
        printf("  %u %s %.*s", end - i, end - i == 1 ? "row" : "rows", STR_ARG(e->fault));
        if (e->spec_line)
            printf("  %.*s:%u  %.*s", STR_ARG(e->spec_file), e->spec_line, STR_ARG(e->spec));
        else if (e->by_server)
            printf("  by the server");
        printf("\n");
        for (uint32_t k = i; k < end && (limit == 0 || k < i + limit); k++)
            print_entry(order[k]);
        if (limit && end - i > limit) printf("      … and %u more (--limit 0 shows all)\n", end - i - limit);
        i = end;
    }
}

static void print_json(struct cli *cli, const struct run_ref *ref, const struct ledger_totals *totals,
                       const struct ledger_entry *entries, uint32_t count) {
    struct buf out = {0};
    buf_printf(&out, "{\"run\":\"%.*s\",\"open\":%llu,\"closed\":%llu,\"rows\":[",
               STR_ARG(uuid_format(&cli->arena, ref->info->run_id)), (unsigned long long)totals->open,
               (unsigned long long)totals->closed);
    for (uint32_t i = 0; i < count; i++) {
        const struct ledger_entry *e = &entries[i];
        buf_printf(&out, "%s{\"id\":\"%.*s:%llu:%u\",\"map\":", i ? "," : "", STR_ARG(e->map),
                   (unsigned long long)e->row_ordinal, e->nth);
        buf_append_json(&out, e->map);
        buf_printf(&out, ",\"state\":\"%s\",\"by_server\":%s,\"file\":", e->open ? "open" : "closed",
                   e->by_server ? "true" : "false");
        buf_append_json(&out, e->file);
        buf_printf(&out, ",\"line\":%llu,\"row\":%llu,\"code\":", (unsigned long long)e->line,
                   (unsigned long long)e->row);
        buf_append_json(&out, e->fault);
        buf_append_cstr(&out, ",\"message\":");
        buf_append_json(&out, e->message);
        buf_append_cstr(&out, ",\"spec_file\":");
        buf_append_json(&out, e->spec_file);
        buf_printf(&out, ",\"spec_line\":%u,\"resolution\":", e->spec_line);
        buf_append_json(&out, e->resolution);
        buf_append_char(&out, '}');
    }
    buf_append_cstr(&out, "]}\n");
    cli_print(&out);
    buf_release(&out);
}

static int show(struct cli *cli, const struct quarantine_arguments *a, const struct run_ref *ref) {
    struct ledger_totals totals;
    struct ledger_entry *entries;
    uint32_t count;
    if (!ledger_count(ref->connection, ref->info->run_id, &totals, &cli->diags) ||
        !ledger_read(ref->connection, ref->info->run_id, a->map, !a->closed, &cli->arena, &entries, &count,
                     &cli->diags))
        return EXIT_UNREACHABLE;
    if (cli->json) {
        print_json(cli, ref, &totals, entries, count);
        return EXIT_WELL;
    }
    struct str run = uuid_format(&cli->arena, ref->info->run_id);
    printf("run %.8s of %.*s version %lld: %llu rejected rows are open, %llu closed\n", run.ptr,
           STR_ARG(ref->info->migration), (long long)ref->info->version, (unsigned long long)totals.open,
           (unsigned long long)totals.closed);
    const struct ledger_entry **order = ARENA_ARRAY(&cli->arena, const struct ledger_entry *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        order[i] = &entries[i];
    qsort(order, count, sizeof *order, compare_reasons);
    print_reasons(order, count, (uint32_t)strtoul(arena_copy_cstr(&cli->arena, a->limit), NULL, 10));
    if (totals.open)
        printf("\nnext: `mig quarantine export %.8s -o DIR`, repair the rows, `mig retry %.8s --from DIR`\n",
               run.ptr, run.ptr);
    return EXIT_WELL;
}

/* ---------------------------------------------------------------- both */

static bool is_number(struct str text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
    return text.len > 0 && text.len < 9;
}

/* NULL: fine. */
static const char *find_misuse(const struct quarantine_arguments *a, bool exports) {
    if (exports && a->folder.len == 0) return "into which folder? -o DIR";
    if (exports && a->closed) return "--closed is for `show`: what is closed needs no repair";
    if (!exports && a->folder.len) return "-o is for `export`";
    if (a->as.len && !str_is(a->as, "csv") && !str_is(a->as, "ndjson")) return "--as csv or ndjson";
    if (!is_number(a->limit)) return "--limit takes a number";
    return NULL;
}

int cmd_quarantine(struct cli *cli, int argc, char **argv) {
    struct quarantine_arguments a = {.limit = STR("5"), .key_variable = STR(SEAL_KEY_VARIABLE)};
    const struct option options[] = {
        {"map", 'm', OPTION_TEXT, &a.map, "MAP", "of this map only"},
        {"limit", 0, OPTION_TEXT, &a.limit, "N", "show: rows of each reason (default: 5; 0: all)"},
        {"closed", 0, OPTION_FLAG, &a.closed, NULL, "show: those that were loaded or dismissed since, too"},
        {"output", 'o', OPTION_TEXT, &a.folder, "DIR", "export: the files' folder"},
        {"as", 0, OPTION_TEXT, &a.as, "FORMAT", "export: csv (default) or ndjson"},
        {"key-env", 0, OPTION_TEXT, &a.key_variable, "NAME",
         "export: the variable that holds the key (default: " SEAL_KEY_VARIABLE ")"},
        RUN_REF_OPTIONS(a.ref),
        OPTION_END,
    };
    struct arguments arguments;
    struct run_ref ref = {0};
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "show or export?");
    if (arguments.words.count > 2) return cli_usage(cli, "one run, please");
    struct str verb = arguments.words.items[0];
    bool exports = str_is(verb, "export");
    if (!exports && !str_is(verb, "show")) return cli_usage(cli, "show or export, not %.*s", STR_ARG(verb));
    const char *misuse = find_misuse(&a, exports);
    if (misuse) return cli_usage(cli, "%s", misuse);
    struct str word = arguments.words.count > 1 ? arguments.words.items[1] : STR("");
    if (run_ref_open(cli, &a.ref, word, &ref, &code)) {
        struct export_options export = {a.folder, a.map, a.key_variable, str_is(a.as, "ndjson")};
        code = exports ? quarantine_export(cli, &ref, &export) : show(cli, &a, &ref);
    }
    run_ref_close(&ref);
    fflush(stdout);
    if (code != EXIT_WELL) cli_show_diags(cli);
    return code;
}
