/* mig trace: from a target row to its source row, and from a source row to all that became of it. */
#include "runtime/cli/run_ref.h"
#include "runtime/engine/trace.h"

#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "Where a row of the target came from, or what became of a row of a source file.\n\n"
    "  mig trace portal.tasks 6f0c1d4e-…           its primary key; several columns: several words\n"
    "  mig trace tasks.csv:17\n\n"
    "Goes through the latest run's sources again (--run: another's). Personal values are masked. Exit code "
    "4: "
    "nothing\n"
    "was found.\n";

/* FILE:LINE; a table's name has no digits behind a colon. */
static bool parse_place(struct str word, struct trace_query *query) {
    size_t colon = word.len;
    while (colon > 0 && word.ptr[colon - 1] != ':')
        colon--;
    if (colon < 2 || colon == word.len || word.len - colon > 18) return false;
    uint64_t line = 0;
    for (size_t i = colon; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9') return false;
        line = line * 10 + (uint64_t)(word.ptr[i] - '0');
    }
    *query = (struct trace_query){.table = UINT32_MAX, .file = str_from(word.ptr, colon - 1), .line = line};
    return true;
}

static bool is_table(const struct plan_target_table *table, struct str word) {
    if (str_eq(table->name, word)) return true;
    struct str schema = table->schema.len ? table->schema : STR("public");
    return word.len == schema.len + 1 + table->name.len && str_starts_with(word, schema) &&
           word.ptr[schema.len] == '.' && str_ends_with(word, table->name);
}

static bool report_unknown_table(struct cli *cli, const struct plan *plan, struct str word) {
    struct str *names = ARENA_ARRAY(&cli->arena, struct str, plan->target.tables_count + 1);
    for (uint32_t i = 0; i < plan->target.tables_count; i++)
        names[i] = plan->target.tables[i].name;
    struct diag *diag = diag_report(&cli->diags, X_TRACE, (struct span){0},
                                    "the run's target has no table `%.*s`", STR_ARG(word));
    struct str close = diag_closest_name(word, names, plan->target.tables_count);
    if (close.len) diag_help(&cli->diags, diag, "Did you mean `%.*s`?", STR_ARG(close));
    diag_help(&cli->diags, diag, "A source row is named by file and line: `mig trace tasks.csv:17`.");
    return false;
}

/* TABLE KEY… */
static bool parse_key(struct cli *cli, const struct plan *plan, const struct arguments *words,
                      struct trace_query *query) {
    struct str word = words->words.items[0];
    uint32_t t = 0;
    while (t < plan->target.tables_count && !is_table(&plan->target.tables[t], word))
        t++;
    if (t == plan->target.tables_count) return report_unknown_table(cli, plan, word);
    const struct plan_target_table *table = &plan->target.tables[t];
    const struct plan_target_key *key = table->keys_count && table->keys[0].primary ? &table->keys[0] : NULL;
    *query =
        (struct trace_query){.table = t, .key = words->words.items + 1, .key_count = words->words.count - 1};
    if (key && key->columns_count == query->key_count) return true;
    struct diag *diag = key ? diag_report(&cli->diags, X_TRACE, (struct span){0},
                                          "the primary key of %.*s has %u columns, and %u values were given",
                                          STR_ARG(table->name), key->columns_count, query->key_count)
                            : diag_report(&cli->diags, X_TRACE, (struct span){0},
                                          "table %.*s has no primary key, so none of its rows can be named",
                                          STR_ARG(table->name));
    diag_help(&cli->diags, diag, "Or start from the source: `mig trace FILE:LINE`.");
    return false;
}

static void print_text(const struct trace_result *result) {
    struct buf out = {0};
    for (uint32_t h = 0; h < result->hits.count; h++) {
        const struct trace_hit *hit = &result->hits.items[h];
        if (h) buf_append_char(&out, '\n');
        buf_printf(&out, "%.*s", STR_ARG(hit->file));
        if (hit->line)
            buf_printf(&out, " line %llu", (unsigned long long)hit->line);
        else
            buf_printf(&out, " row %llu", (unsigned long long)hit->row);
        buf_printf(&out, ", map %.*s: %.*s", STR_ARG(hit->map), STR_ARG(hit->fate));
        if (hit->reason.len) buf_printf(&out, ": %.*s", STR_ARG(hit->reason));
        if (hit->table.len && hit->columns.count)
            buf_printf(&out, "\n  %.*s %.*s", STR_ARG(hit->table), STR_ARG(hit->key));
        if (hit->settled) buf_printf(&out, ", batch %llu", (unsigned long long)hit->batch);
        buf_append_char(&out, '\n');
        int width = 0;
        for (uint32_t c = 0; c < hit->columns.count; c++)
            if ((int)hit->columns.items[c].name.len > width) width = (int)hit->columns.items[c].name.len;
        for (uint32_t c = 0; c < hit->columns.count; c++) {
            const struct trace_column *column = &hit->columns.items[c];
            buf_printf(&out, "    %-*.*s = %.*s", width, STR_ARG(column->name),
                       column->value.ptr ? (int)column->value.len : 4,
                       column->value.ptr ? column->value.ptr : "null");
            if (column->spec_file.len)
                buf_printf(&out, "   -- %.*s:%u  %.*s", STR_ARG(column->spec_file), column->spec_line,
                           STR_ARG(column->text));
            buf_append_char(&out, '\n');
        }
    }
    if (result->cut) buf_printf(&out, "\nmore than %d rows: only these are listed\n", TRACE_MOST_HITS);
    cli_print(&out);
    buf_release(&out);
}

static void json_member(struct buf *out, const char *name, struct str text) {
    buf_printf(out, "\"%s\":", name);
    if (text.ptr)
        buf_append_json(out, text);
    else
        buf_append_cstr(out, "null");
}

static void json_hit(struct buf *out, const struct trace_hit *hit) {
    buf_append_char(out, '{');
    json_member(out, "map", hit->map);
    buf_append_char(out, ',');
    json_member(out, "table", hit->table.ptr ? hit->table : STR(""));
    buf_append_char(out, ',');
    json_member(out, "key", hit->key.ptr ? hit->key : STR(""));
    buf_append_char(out, ',');
    json_member(out, "file", hit->file);
    buf_printf(out, ",\"line\":%llu,\"row\":%llu,", (unsigned long long)hit->line,
               (unsigned long long)hit->row);
    json_member(out, "fate", hit->fate);
    buf_append_char(out, ',');
    json_member(out, "reason", hit->reason.ptr ? hit->reason : STR(""));
    if (hit->settled) buf_printf(out, ",\"batch\":%llu", (unsigned long long)hit->batch);
    buf_append_cstr(out, ",\"columns\":[");
    for (uint32_t c = 0; c < hit->columns.count; c++) {
        const struct trace_column *column = &hit->columns.items[c];
        buf_append_cstr(out, c ? ",{" : "{");
        json_member(out, "name", column->name);
        buf_append_char(out, ',');
        json_member(out, "value", column->value);
        buf_append_char(out, ',');
        json_member(out, "spec_file", column->spec_file.ptr ? column->spec_file : STR(""));
        buf_printf(out, ",\"spec_line\":%u,", column->spec_line);
        json_member(out, "expression", column->text.ptr ? column->text : STR(""));
        buf_append_char(out, '}');
    }
    buf_append_cstr(out, "]}");
}

static void print_json(const struct trace_result *result) {
    struct buf out = {0};
    buf_append_cstr(&out, "{\"rows\":[");
    for (uint32_t h = 0; h < result->hits.count; h++) {
        if (h) buf_append_char(&out, ',');
        json_hit(&out, &result->hits.items[h]);
    }
    buf_printf(&out, "],\"cut\":%s}\n", result->cut ? "true" : "false");
    cli_print(&out);
    buf_release(&out);
}

static int trace(struct cli *cli, struct run_ref *ref, const struct arguments *words) {
    struct trace_query query;
    struct trace_result result;
    bool by_place = words->words.count == 1 && parse_place(words->words.items[0], &query);
    if (!by_place && !parse_key(cli, ref->plan, words, &query)) return EXIT_USAGE;
    enum run_status status =
        trace_rows(ref->plan, &ref->options, ref->info, &query, &cli->arena, &result, &cli->diags);
    if (status != RUN_OK) return run_exit_code(status);
    if (cli->json && result.hits.count)
        print_json(&result);
    else if (!cli->json)
        print_text(&result);
    if (result.hits.count) return EXIT_WELL;
    struct diag *diag = diag_report(&cli->diags, X_TRACE, (struct span){0}, "the run made no such row");
    diag_help(&cli->diags, diag,
              by_place
                  ? "Lines are counted from 1, the header is one; `mig report` lists the files it read."
                  : "The row was there before, or others wrote it; `mig status` shows the run's tables.");
    return EXIT_CHECK;
}

int cmd_trace(struct cli *cli, int argc, char **argv) {
    struct run_ref_arguments a = {0};
    struct str run = {0};
    const struct option options[] = {
        {"run", 0, OPTION_TEXT, &run, "RUN", "a run's id or the start of one (default: the latest)"},
        RUN_REF_OPTIONS(a),
        RUN_REPLAY_OPTIONS(a),
        OPTION_END,
    };
    struct arguments arguments;
    struct run_ref ref;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "say which row: TABLE KEY or FILE:LINE");
    if (run_ref_open(cli, &a, run, &ref, &code)) code = trace(cli, &ref, &arguments);
    run_ref_close(&ref);
    if (!cli->json || code != EXIT_WELL) cli_show_diags(cli);
    return code;
}
