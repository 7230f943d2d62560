/* Parameters: defaults, --param and --param-file, secrets from the environment only. */
#include "runtime/engine/engine.h"

#include "runtime/base/utf8.h"
#include "runtime/value/convert.h"

#include <ctype.h>
#include <stdlib.h>

/* The last value given. */
static bool given_param(const struct engine *engine, struct str name, struct str *value) {
    bool found = false;
    for (uint32_t i = 0; i < engine->options->param_count; i++)
        if (str_eq(engine->options->params[i].name, name)) {
            *value = engine->options->params[i].value;
            found = true;
        }
    return found;
}

/* MIG_PARAM_SIGNING_KEY for signing_key. */
static struct str environment_name(struct arena *arena, struct str name) {
    struct str variable = arena_printf(arena, "MIG_PARAM_%.*s", STR_ARG(name));
    for (size_t i = 0; i < variable.len; i++)
        ((char *)variable.ptr)[i] = (char)toupper((unsigned char)variable.ptr[i]);
    return variable;
}

static bool report_missing(struct engine *engine, const struct plan_param *param, struct str variable) {
    struct diag *diag = diag_report(engine->diags, X_PARAM_MISSING, no_span(),
                                    "parameter `%.*s` has no value", STR_ARG(param->name));
    if (param->type.kind == TYPE_SECRET)
        diag_help(engine->diags, diag, "It is a secret: set %.*s in the environment, or use --param-file.",
                  STR_ARG(variable));
    else
        diag_help(engine->diags, diag,
                  "Give it with --param '%.*s=…' (type %s), or set %.*s in the environment.",
                  STR_ARG(param->name), type_kind_name((enum type_kind)param->type.kind), STR_ARG(variable));
    return engine_fail(engine, RUN_USAGE);
}

/* What a value of the type looks like; NULL: nothing needs to be said. */
static const char *example_of(enum type_kind kind) {
    switch (kind) {
    case TYPE_DATE: return "2025-09-19";
    case TYPE_TIME: return "13:45:00";
    case TYPE_TIMESTAMP: return "2025-09-19 00:00";
    case TYPE_TIMESTAMPTZ: return "2025-09-19 00:00 Australia/Sydney";
    case TYPE_INT: return "1200";
    case TYPE_DECIMAL: return "12.50";
    case TYPE_FLOAT: return "1.5";
    case TYPE_BOOL: return "true";
    case TYPE_INTERVAL: return "14 days";
    case TYPE_UUID: return "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    default: return NULL;
    }
}

static bool refuse_value(struct engine *engine, const struct plan_param *param, struct str text) {
    enum type_kind kind = (enum type_kind)param->type.kind;
    size_t shown = utf8_offset(text, 60);
    struct diag *diag =
        diag_report(engine->diags, X_PARAM_VALUE, no_span(), "parameter `%.*s` is not of type %s: `%.*s%s`",
                    STR_ARG(param->name), type_kind_name(kind), (int)shown, text.ptr ? text.ptr : "",
                    shown < text.len ? "…" : "");
    const char *example = example_of(kind);
    if (kind == TYPE_ENUM) {
        const struct plan_enum *e = &engine->plan->enums[param->type.ref];
        struct str labels = {0};
        for (uint32_t i = 0; i < e->labels_count && i < 20; i++)
            labels = arena_printf(engine->arena, "%.*s%s`%.*s`", STR_ARG(labels), i ? ", " : "",
                                  STR_ARG(e->labels[i].text));
        diag_help(engine->diags, diag, "It is one of %.*s.", STR_ARG(labels));
    } else if (example) {
        diag_help(engine->diags, diag, "It is written like `%s`.", example);
    }
    return engine_fail(engine, RUN_USAGE);
}

static bool parse_param(struct engine *engine, const struct plan_param *param, struct str text,
                        struct value *value) {
    if (param->type.kind == TYPE_TEXT || param->type.kind == TYPE_SECRET) {
        *value = (struct value){.kind = (enum type_kind)param->type.kind,
                                .as_text = arena_copy_str(engine->arena, text)};
        return true;
    }
    if (param->type.kind == TYPE_ENUM) {
        const struct plan_enum *e = &engine->plan->enums[param->type.ref];
        for (uint32_t i = 0; i < e->labels_count; i++)
            if (str_eq(e->labels[i].text, text)) {
                *value = (struct value){.kind = TYPE_ENUM, .as_int = i};
                return true;
            }
    } else if (value_parse(engine->arena, (enum type_kind)param->type.kind,
                           arena_copy_str(engine->arena, text), engine->zones, value) == FAULT_NONE) {
        return true;
    }
    return refuse_value(engine, param, text);
}

static void report_unknown(struct engine *engine) {
    const struct plan *plan = engine->plan;
    struct str *names = ARENA_ARRAY(engine->arena, struct str, plan->params_count + 1);
    for (uint32_t i = 0; i < plan->params_count; i++)
        names[i] = plan->params[i].name;
    for (uint32_t p = 0; p < engine->options->param_count; p++) {
        struct str name = engine->options->params[p].name;
        bool known = false;
        for (uint32_t i = 0; i < plan->params_count; i++)
            known |= str_eq(plan->params[i].name, name);
        if (known) continue;
        struct diag *diag = diag_report(engine->diags, X_PARAM_UNKNOWN, no_span(),
                                        "the spec has no parameter `%.*s`", STR_ARG(name));
        struct str close = diag_closest_name(name, names, plan->params_count);
        if (close.len) diag_help(engine->diags, diag, "Did you mean `%.*s`?", STR_ARG(close));
        if (plan->params_count == 0) diag_help(engine->diags, diag, "It declares none: leave `--param` out.");
        engine_fail(engine, RUN_USAGE);
    }
}

static bool same_value(struct engine *engine, const struct plan_type *type, const struct value *a,
                       const struct value *b) {
    if (a->kind == TYPE_NULL || b->kind == TYPE_NULL) return a->kind == b->kind;
    return str_eq(engine_value_text(engine, type, a), engine_value_text(engine, type, b));
}

/* Coming back to a run: its parameters are the journal's, which come first among those given. A file with
 * secrets may have the others too, as they were. */
static bool bind_again(struct engine *engine, uint32_t index) {
    const struct plan_param *param = &engine->plan->params[index];
    struct value *bound = NULL;
    for (uint32_t i = 0; i < engine->options->param_count; i++) {
        const struct run_param *given = &engine->options->params[i];
        struct value value = {.kind = TYPE_NULL};
        if (!str_eq(given->name, param->name)) continue;
        if (given->value.ptr && !parse_param(engine, param, given->value, &value)) return false;
        if (bound == NULL) {
            bound = &engine->params[index];
            *bound = value;
        } else if (!same_value(engine, &param->type, bound, &value)) {
            struct diag *diag = diag_report(engine->diags, X_PARAM_OF_RUN, no_span(),
                                            "parameter `%.*s` had another value when the run was started",
                                            STR_ARG(param->name));
            diag_help(
                engine->diags, diag,
                "Leave it out: the run goes on with the values that it was started with, which the journal "
                "has. Only secrets are given again.");
            return engine_fail(engine, RUN_USAGE);
        }
    }
    return true;
}

static bool is_kept(const struct engine *engine, const struct plan_param *param) {
    struct str value;
    return engine->options->again && param->type.kind != TYPE_SECRET &&
           given_param(engine, param->name, &value);
}

/* A default may use parameters above it: their values are in place by then. */
static bool bind_param(struct engine *engine, uint32_t index) {
    const struct plan_param *param = &engine->plan->params[index];
    struct str variable = environment_name(engine->arena, param->name), text;
    if (is_kept(engine, param)) return bind_again(engine, index);
    if (given_param(engine, param->name, &text))
        return parse_param(engine, param, text, &engine->params[index]);
    const char *set = getenv(variable.ptr);
    if (set) return parse_param(engine, param, str_cstr(set), &engine->params[index]);
    if (param->default_program == 0) {
        if (param->type.nullable) return true;
        return report_missing(engine, param, variable);
    }
    struct program_set *programs = program_set_new(engine->plan, &engine->values, engine->diags);
    bool good = programs && program_evaluate(programs, param->default_program - 1, 0, engine->arena,
                                             &engine->params[index], engine->diags);
    program_set_free(programs);
    return good || engine_fail(engine, RUN_USAGE);
}

bool engine_bind_params(struct engine *engine) {
    const struct plan *plan = engine->plan;
    report_unknown(engine);
    engine->params = ARENA_ARRAY(engine->arena, struct value, plan->params_count + 1);
    for (uint32_t i = 0; i < plan->params_count; i++)
        engine->params[i].kind = TYPE_NULL;
    engine->values.params = engine->params;
    for (uint32_t i = 0; i < plan->params_count; i++)
        bind_param(engine, i);
    return !engine_stopped(engine);
}
