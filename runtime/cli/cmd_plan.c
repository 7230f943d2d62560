/* mig plan: what a run will do. */
#include "runtime/cli/cli.h"

#include <stdio.h>

static const char HELP[] =
    "Shows what a run will do: sources, maps in their order and why, conflicts, checks, parameters.\n\n"
    "  mig plan portal.mig\n"
    "  mig plan portal.migc\n";

static struct str table_name(struct cli *cli, const struct plan *plan, const struct plan_map *map) {
    if (map->target_table == 0) return arena_printf(&cli->arena, "csv '%.*s'", STR_ARG(map->csv_file));
    const struct plan_target_table *table = &plan->target.tables[map->target_table - 1];
    return arena_printf(&cli->arena, "%.*s.%.*s", STR_ARG(table->schema), STR_ARG(table->name));
}

static struct str source_name(struct cli *cli, const struct plan *plan, const struct plan_map *map) {
    if (map->from_kind == FROM_MAP) return plan->maps[map->source].name;
    const struct plan_source *source = &plan->sources[map->source];
    struct str table = source->tables[map->source_table].name;
    return table.len ? arena_printf(&cli->arena, "%.*s.%.*s", STR_ARG(source->name), STR_ARG(table))
                     : source->name;
}

/* As the spec has it: `5%, 10 of R0106`; empty: none. */
static struct str tolerance_text(struct cli *cli, uint8_t kind, struct str amount,
                                 const struct plan_tolerance_rule *rules, uint32_t count) {
    struct arena *arena = &cli->arena;
    struct str text = kind == TOLERANCE_UNSET ? STR("")
                                              : arena_printf(arena, "%.*s%s", STR_ARG(amount),
                                                             kind == TOLERANCE_PERCENT ? "%" : "");
    for (uint32_t i = 0; i < count; i++) {
        const struct plan_tolerance_rule *r = &rules[i];
        const char *quote = r->kind == RULE_MESSAGE ? "\"" : "";
        text = arena_printf(arena, "%.*s%s%.*s%s of %s%s%.*s%s", STR_ARG(text), text.len ? ", " : "",
                            STR_ARG(r->tolerance), r->tolerance_kind == TOLERANCE_PERCENT ? "%" : "",
                            r->kind == RULE_VALIDATE ? "validate " : "", quote, STR_ARG(r->subject), quote);
    }
    return text;
}

static void print_environments(struct cli *cli, const struct plan *plan) {
    if (plan->environments_count) printf("\nEnvironments\n");
    for (uint32_t i = 0; i < plan->environments_count; i++) {
        const struct plan_environment *e = &plan->environments[i];
        struct str tolerance = tolerance_text(cli, e->tolerance_kind, e->tolerance, e->tolerance_rules,
                                              e->tolerance_rules_count);
        printf("  %.*s: tolerance %.*s", STR_ARG(e->name), tolerance.len ? (int)tolerance.len : 1,
               tolerance.len ? tolerance.ptr : "0");
        if (e->approvals) printf("; approvals %u", e->approvals);
        if (e->window_seconds)
            printf("; window %lld min %lld s, else %s", (long long)e->window_seconds / 60,
                   (long long)e->window_seconds % 60, e->window_rollback ? "rolled back" : "stopped");
        printf("\n");
    }
}

static void print_map(struct cli *cli, const struct plan *plan, uint32_t index) {
    static const char *const CONFLICTS[] = {
        "a row that is there already stops the batch", "rows that are there already stay",
        "rows that are there already are rejected", "rows that are there already are updated"};
    const struct plan_map *map = &plan->maps[index];
    struct str from = source_name(cli, plan, map), to = table_name(cli, plan, map);
    printf("%3u. %.*s: %.*s -> %.*s\n", index + 1, STR_ARG(map->name), STR_ARG(from), STR_ARG(to));
    if (map->doc.len) printf("     %.*s\n", STR_ARG(map->doc));
    if (map->depends_count) {
        printf("     after");
        for (uint32_t d = 0; d < map->depends_count; d++)
            printf("%s %.*s", d ? "," : "", STR_ARG(plan->maps[map->depends[d]].name));
        printf("\n");
    }
    if (map->self_reference) printf("     rows go in waves, parents first\n");
    if (map->conflict != CONFLICT_NONE) printf("     %s\n", CONFLICTS[map->conflict]);
    struct str tolerance = tolerance_text(cli, map->tolerance_kind, map->tolerance, map->tolerance_rules,
                                          map->tolerance_rules_count);
    if (tolerance.len) printf("     tolerance %.*s\n", STR_ARG(tolerance));
    if (map->partition.len) printf("     part: %.*s\n", STR_ARG(map->partition));
}

static void print_text(struct cli *cli, const struct plan *plan) {
    printf("%.*s version %lld\n\nSources\n", STR_ARG(plan->migration), (long long)plan->version);
    for (uint32_t i = 0; i < plan->sources_count; i++)
        printf("  %.*s: %.*s\n", STR_ARG(plan->sources[i].name),
               STR_ARG(plan->sources[i].format == SOURCE_INLINE ? STR("in the spec")
                                                                : plan->sources[i].location));
    if (plan->params_count) printf("\nParameters\n");
    for (uint32_t i = 0; i < plan->params_count; i++)
        printf("  %.*s %s%s\n", STR_ARG(plan->params[i].name),
               type_kind_name((enum type_kind)plan->params[i].type.kind),
               plan->params[i].default_program ? ", has a default" : "");
    printf("\nMaps, in this order\n");
    for (uint32_t i = 0, told = 0; i < plan->maps_count && !told; i++)
        if (plan->maps[i].commit == COMMIT_RUN) {
            printf("  all of them in one transaction, since `%.*s` says `commit per run`: committed after "
                   "the checks, "
                   "or not at all\n",
                   STR_ARG(plan->maps[i].name));
            told = 1;
        }
    for (uint32_t i = 0; i < plan->maps_count; i++)
        print_map(cli, plan, i);
    print_environments(cli, plan);
    if (plan->checks_count) printf("\nChecks\n");
    for (uint32_t i = 0; i < plan->checks_count; i++)
        printf("  %s %.*s\n", plan->checks[i].before ? "before" : "after ",
               STR_ARG(plan->checks[i].title.len ? plan->checks[i].title : plan->checks[i].name));
}

static void json_limits(struct cli *cli, const struct plan *plan, struct buf *out) {
    buf_append_cstr(out, "],\"environments\":[");
    for (uint32_t i = 0; i < plan->environments_count; i++) {
        const struct plan_environment *e = &plan->environments[i];
        buf_append_cstr(out, i ? ",{\"name\":" : "{\"name\":");
        buf_append_json(out, e->name);
        buf_append_cstr(out, ",\"tolerance\":");
        buf_append_json(out, tolerance_text(cli, e->tolerance_kind, e->tolerance, e->tolerance_rules,
                                            e->tolerance_rules_count));
        buf_printf(out, ",\"approvals\":%u,\"window_seconds\":%lld,\"window_else\":\"%s\"}", e->approvals,
                   (long long)e->window_seconds, e->window_rollback ? "rollback" : "stop");
    }
}

static void print_json(struct cli *cli, const struct plan *plan) {
    struct buf out = {0};
    buf_append_cstr(&out, "{\"migration\":");
    buf_append_json(&out, plan->migration);
    bool one_transaction = false;
    for (uint32_t i = 0; i < plan->maps_count; i++)
        one_transaction = one_transaction || plan->maps[i].commit == COMMIT_RUN;
    buf_printf(&out, ",\"version\":%lld,\"one_transaction\":%s,\"maps\":[", (long long)plan->version,
               one_transaction ? "true" : "false");
    for (uint32_t i = 0; i < plan->maps_count; i++) {
        const struct plan_map *map = &plan->maps[i];
        buf_append_cstr(&out, i ? ",{\"name\":" : "{\"name\":");
        buf_append_json(&out, map->name);
        buf_append_cstr(&out, ",\"from\":");
        buf_append_json(&out, source_name(cli, plan, map));
        buf_append_cstr(&out, ",\"into\":");
        buf_append_json(&out, table_name(cli, plan, map));
        buf_append_cstr(&out, ",\"tolerance\":");
        buf_append_json(&out, tolerance_text(cli, map->tolerance_kind, map->tolerance, map->tolerance_rules,
                                             map->tolerance_rules_count));
        buf_printf(&out, ",\"level\":%u,\"after\":[", map->level);
        for (uint32_t d = 0; d < map->depends_count; d++) {
            if (d) buf_append_char(&out, ',');
            buf_append_json(&out, plan->maps[map->depends[d]].name);
        }
        buf_append_cstr(&out, "]}");
    }
    json_limits(cli, plan, &out);
    buf_append_cstr(&out, "]}\n");
    cli_print(&out);
    buf_release(&out);
}

int cmd_plan(struct cli *cli, int argc, char **argv) {
    const struct option options[] = {OPTION_END};
    struct arguments arguments;
    struct str base;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 1) return cli_usage(cli, "one spec or plan, please");
    struct plan *plan = cli_load_plan(cli, arguments.words.items[0], &base, &code);
    if (plan == NULL) {
        cli_show_diags(cli);
        return code;
    }
    if (cli->json)
        print_json(cli, plan);
    else
        print_text(cli, plan);
    return EXIT_WELL;
}
