/* Environments, phases, strategy, schema changes. */
#include "compiler/check/decl.h"

/* ---------------------------------------------------------------- environments */

/* `window 90 minutes else rollback` */
static bool environment_otherwise(struct checker *checker, const struct ast_setting *setting,
                                  struct plan_environment *plan) {
    bool window = str_is(setting->name.text, "window");
    plan->window_rollback = window && str_is(setting->otherwise.text, "rollback");
    if (plan->window_rollback || (window && str_is(setting->otherwise.text, "stop"))) return true;
    if (!window) {
        struct diag *diag = diag_report(checker->diags, E_SETTING, setting->otherwise.span,
                                        "`%.*s` takes no `else`", STR_ARG(setting->name.text));
        diag_help(checker->diags, diag, "only a window has one: `window 90 minutes else rollback`");
        return false;
    }
    struct str names[] = {STR("rollback"), STR("stop")};
    struct diag *diag = diag_report(checker->diags, E_SETTING, setting->otherwise.span,
                                    "a run that does not fit into its window cannot `%.*s`",
                                    STR_ARG(setting->otherwise.text));
    decl_suggest(checker, diag, setting->otherwise, names, 2);
    return false;
}

static void environment_setting(struct compile *compile, const struct ast_setting *setting,
                                struct plan_environment *plan) {
    struct checker *checker = &compile->checker;
    struct str name = setting->name.text;
    int64_t count = 0;
    if (setting->is_env) {
        if (checker->target_name.len && str_eq(name, checker->target_name)) {
            plan->target_env = setting->env_name.text;
            return;
        }
        struct diag *diag = diag_report(checker->diags, E_SETTING, setting->name.span,
                                        "there is no target `%.*s` to connect to", STR_ARG(name));
        decl_suggest(checker, diag, setting->name, &checker->target_name, checker->target_name.len ? 1 : 0);
        return;
    }
    if (setting->rules.count && !str_is(name, "tolerance")) {
        struct diag *diag = diag_report(checker->diags, E_SETTING, setting->rules.items[0].span,
                                        "`%.*s` is one value, without a list behind it", STR_ARG(name));
        diag_help(checker->diags, diag, "rules such as `10 of R0106` belong to `tolerance`");
        return;
    }
    if (setting->otherwise.text.len && !environment_otherwise(checker, setting, plan)) return;
    if (setting->value == NULL) return;
    if (str_is(name, "tolerance")) {
        decl_read_tolerance(checker, setting->value, setting->percent, E_SETTING, &plan->tolerance_kind,
                            &plan->tolerance);
    } else if (str_is(name, "approvals")) {
        if (decl_read_int(checker, setting->value, E_SETTING, "the number of approvals", 0, 100, &count))
            plan->approvals = (uint32_t)count;
    } else if (str_is(name, "window")) {
        decl_read_seconds(checker, setting->value, E_SETTING, "the window", &plan->window_seconds);
    } else if (str_is(name, "retention")) {
        decl_read_seconds(checker, setting->value, E_SETTING, "the retention", &plan->retention_seconds);
    } else {
        struct str names[] = {STR("tolerance"), STR("approvals"), STR("window"), STR("retention")};
        struct diag *diag = diag_report(checker->diags, E_SETTING, setting->name.span,
                                        "an environment has no setting `%.*s`", STR_ARG(name));
        if (checker->target_name.len && str_eq(name, checker->target_name))
            diag_help(checker->diags, diag, "say where its URL comes from: `%.*s = env 'DATABASE_URL'`",
                      STR_ARG(name));
        else
            decl_suggest(checker, diag, setting->name, names, 4);
    }
}

static void environment_check(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    struct plan_environment plan = {.name = decl->name.text,
                                    .span = plan_builder_span(checker->builder, decl->span)};
    for (uint32_t i = 0; i < checker->builder->environments.count; i++)
        if (str_eq(checker->builder->environments.items[i].name, plan.name)) {
            struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, decl->name.span,
                                            "environment `%.*s` is declared twice", STR_ARG(plan.name));
            diag_help(checker->diags, diag, "put all its settings into one block");
        }
    for (uint32_t i = 0; i < decl->environment.settings.count; i++) {
        const struct ast_setting *setting = &decl->environment.settings.items[i];
        bool twice = false;
        for (uint32_t j = 0; j < i; j++)
            twice = twice || str_eq(decl->environment.settings.items[j].name.text, setting->name.text);
        if (twice) {
            struct diag *diag = diag_report(checker->diags, E_SETTING, setting->name.span,
                                            "`%.*s` is set twice", STR_ARG(setting->name.text));
            diag_help(checker->diags, diag, "keep one of the two");
        }
        environment_setting(compile, setting, &plan);
    }
    VEC_PUSH(checker->arena, &checker->builder->environments, plan);
}

void decl_check_environments(struct compile *compile) {
    for (uint32_t i = 0; i < compile->decls.count; i++)
        if (compile->decls.items[i]->kind == DECL_ENVIRONMENT)
            environment_check(compile, compile->decls.items[i]);
}

/* ---------------------------------------------------------------- phases */

static const struct checked_map *phase_find_map(const struct checker *checker, struct str name) {
    for (uint32_t i = 0; i < checker->maps.count; i++)
        if (str_eq(checker->maps.items[i]->name, name)) return checker->maps.items[i];
    return NULL;
}

struct phase_place {
    uint32_t phase; /* index + 1; 0: none */
    struct span span;
};

static void phase_check(struct compile *compile, const struct ast_decl *decl, struct phase_place *places) {
    struct checker *checker = &compile->checker;
    struct plan_phase plan = {.name = decl->name.text,
                              .maps = ARENA_ARRAY(checker->arena, uint32_t, decl->phase.maps.count)};
    for (uint32_t i = 0; i < checker->builder->phases.count; i++)
        if (str_eq(checker->builder->phases.items[i].name, plan.name)) {
            struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, decl->name.span,
                                            "phase `%.*s` is declared twice", STR_ARG(plan.name));
            diag_help(checker->diags, diag, "put all its maps into one block");
        }
    for (uint32_t i = 0; i < decl->phase.maps.count; i++) {
        struct ast_name name = decl->phase.maps.items[i];
        const struct checked_map *map = phase_find_map(checker, name.text);
        if (map == NULL) {
            struct str *names = ARENA_ARRAY(checker->arena, struct str, checker->maps.count);
            for (uint32_t j = 0; j < checker->maps.count; j++)
                names[j] = checker->maps.items[j]->name;
            struct diag *diag = diag_report(checker->diags, E_UNKNOWN_NAME, name.span,
                                            "there is no map `%.*s`", STR_ARG(name.text));
            decl_suggest(checker, diag, name, names, checker->maps.count);
            continue;
        }
        struct phase_place *place = &places[map->index];
        if (place->phase) {
            struct diag *diag = diag_report(checker->diags, E_PHASE, name.span, "map `%.*s` is in two phases",
                                            STR_ARG(name.text));
            diag_label(checker->diags, diag, place->span, "it is here already");
            diag_help(checker->diags, diag, "remove it from one of them");
            continue;
        }
        *place = (struct phase_place){checker->builder->phases.count + 1, name.span};
        plan.maps[plan.maps_count++] = map->index;
    }
    VEC_PUSH(checker->arena, &checker->builder->phases, plan);
}

/* A phase runs after those above it: a map cannot need one of a later phase, nor one of none. */
static void phase_check_order(struct compile *compile, const struct phase_place *places) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < checker->maps.count; i++) {
        const struct checked_map *map = checker->maps.items[i];
        const struct phase_place *place = &places[map->index];
        uint32_t depends_count;
        const uint32_t *depends = map_depends(compile, map->index, &depends_count);
        if (place->phase == 0) {
            struct diag *diag = diag_report(checker->diags, E_PHASE, map->span, "map `%.*s` is in no phase",
                                            STR_ARG(map->name));
            diag_help(checker->diags, diag,
                      "once there are phases, each map belongs to one: add it to a `phase`");
            continue;
        }
        for (uint32_t j = 0; j < depends_count; j++) {
            const struct phase_place *other = &places[depends[j]];
            if (other->phase == 0 || other->phase <= place->phase) continue;
            struct diag *diag = diag_report(checker->diags, E_PHASE, place->span,
                                            "map `%.*s` needs rows of a later phase", STR_ARG(map->name));
            diag_label(checker->diags, diag, other->span, "this map has to come first");
            diag_help(checker->diags, diag, "move one of the two");
        }
    }
}

static void strategy_check(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    struct ast_name kind = decl->strategy.kind;
    if (kind.text.len == 0 || str_is(kind.text, "big_bang") || str_is(kind.text, "phased")) return;
    if (str_is(kind.text, "blue_green") || str_is(kind.text, "parallel_run")) {
        struct diag *diag = diag_report(checker->diags, E_NOT_SUPPORTED, kind.span,
                                        "this version cannot run a `%.*s` migration", STR_ARG(kind.text));
        if (str_is(kind.text, "blue_green"))
            diag_help(checker->diags, diag,
                      "load into a schema of its own, named in the target's DDL and URL, and swap the "
                      "schemas by SQL when the checks have passed");
        else
            diag_help(checker->diags, diag,
                      "use `strategy phased`, with a phase for each part that moves, and keep the old system "
                      "running beside it");
        return;
    }
    struct str names[] = {STR("big_bang"), STR("phased"), STR("blue_green"), STR("parallel_run")};
    struct diag *diag =
        diag_report(checker->diags, E_PHASE, kind.span, "there is no strategy `%.*s`", STR_ARG(kind.text));
    decl_suggest(checker, diag, kind, names, 4);
}

void decl_check_phases(struct compile *compile) {
    struct checker *checker = &compile->checker;
    struct phase_place *places = ARENA_ARRAY(checker->arena, struct phase_place, checker->maps.count);
    uint32_t phases = 0;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind == DECL_PHASE) {
            phase_check(compile, decl, places);
            phases++;
        } else if (decl->kind == DECL_STRATEGY) {
            strategy_check(compile, decl);
        } else if (decl->kind == DECL_CHANGE) {
            struct diag *diag = diag_report(checker->diags, E_NOT_SUPPORTED, decl->name.span,
                                            "this version cannot run schema changes");
            diag_help(checker->diags, diag,
                      "apply the DDL with your own tool before the run, and fill new columns by a map with "
                      "`on conflict (…) update (column)`");
        }
    }
    if (phases > 0) phase_check_order(compile, places);
}
