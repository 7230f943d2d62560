/* Runs the rules over a checked spec, and keeps what settings and comments switch off out of the result. */
#include "compiler/lint/rules.h"

/* Whether the text allows this finding; the suppression then counts as used. */
static bool lint_is_allowed(struct lint *lint, enum diag_code code, struct span span) {
    bool allowed = false;
    for (uint32_t f = 0; f < lint->files.count; f++) {
        struct lint_comments *file = lint->files.items[f];
        for (uint32_t i = 0; span.source == file->source && i < file->allows.count; i++) {
            struct lint_allow *allow = &file->allows.items[i];
            if (allow->rule->code != code || span.start < allow->covers.start ||
                span.start >= allow->covers.end)
                continue;
            allow->used = allowed = true;
        }
    }
    return allowed;
}

struct diag *lint_report(struct lint *lint, enum diag_code code, struct span span, const char *message, ...) {
    const struct lint_setting *setting = &lint->settings->rules[code];
    if (setting->off || lint_is_allowed(lint, code, span)) return NULL;
    struct buf text = {0};
    va_list args;
    va_start(args, message);
    buf_vprintf(&text, message, args);
    va_end(args);
    struct diag *diag = diag_report(lint->diags, code, span, "%.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
    diag_set_severity(lint->diags, diag, setting->severity);
    return diag;
}

void lint_group_add(struct lint *lint, struct lint_group *group, enum diag_code code, struct span span,
                    struct str name) {
    enum { MOST_NAMES = 6 };
    if (lint->settings->rules[code].off || lint_is_allowed(lint, code, span)) return;
    uint32_t before = group->spans.count;
    VEC_PUSH(lint->arena, &group->spans, span);
    if (before < MOST_NAMES)
        group->names = arena_printf(lint->arena, "%.*s%s`%.*s`", STR_ARG(group->names), before ? ", " : "",
                                    STR_ARG(name));
}

struct str lint_group_names(struct lint *lint, const struct lint_group *group) {
    enum { MOST_NAMES = 6 };
    if (group->spans.count <= MOST_NAMES) return group->names;
    return arena_printf(lint->arena, "%.*s and %u more", STR_ARG(group->names),
                        group->spans.count - MOST_NAMES);
}

/* ---------------------------------------------------------------- suppressions that nothing needs */

static void report_unused_allows(struct lint *lint) {
    for (uint32_t f = 0; f < lint->files.count; f++) {
        struct lint_comments *file = lint->files.items[f];
        for (uint32_t i = 0; i < file->allows.count; i++) {
            const struct lint_allow *allow = &file->allows.items[i];
            if (allow->used || lint->settings->rules[allow->rule->code].off) continue;
            bool nothing = allow->covers.end <= allow->covers.start;
            struct diag *diag =
                lint_report(lint, L_UNUSED_SUPPRESSION, allow->comment,
                            nothing ? "nothing follows for which `%s` could be allowed"
                                    : "`%s` is allowed here, but has nothing to say of the next item",
                            allow->rule->name);
            LINT_HELP(lint, diag, "take the comment out, or move it directly above the item that it is for");
        }
    }
}

/* ---------------------------------------------------------------- what the compiler has said */

/* Its warnings follow settings and comments too; its errors do not. */
static void take_compiler_diags(struct lint *lint, const struct diag_list *found) {
    for (uint32_t i = 0; i < found->items.count; i++) {
        struct diag *diag = found->items.items[i];
        const struct rule *rule = diag->severity == DIAG_ERROR ? NULL : rule_of_code(diag->code);
        if (rule && lint->settings->rules[diag->code].off) continue;
        if (rule && lint_is_allowed(lint, diag->code, diag->primary.span)) continue;
        diag_add(lint->diags, diag);
        if (rule) diag_set_severity(lint->diags, diag, lint->settings->rules[diag->code].severity);
    }
}

static void read_all_comments(struct lint *lint, const struct compile *compile) {
    for (uint32_t i = 0; i < compile->files.count; i++) {
        bool is_spec = compile->files.items[i]->source == compile->spec;
        struct diag_list unheard; /* a module's comments are the business of those who lint the module */
        diag_list_init(&unheard, lint->arena);
        struct lint_comments *comments =
            lint_read_comments(lint->arena, compile->files.items[i], is_spec ? lint->diags : &unheard);
        if (!is_spec) comments->allows.count = 0;
        VEC_PUSH(lint->arena, &lint->files, comments);
    }
    const struct schema *schema = compile->checker.target_schema;
    if (schema)
        VEC_PUSH(lint->arena, &lint->files, lint_read_sql_comments(lint->arena, schema->source, lint->diags));
}

void lint_checked(struct arena *arena, struct compile *compile, const struct diag_list *found,
                  const struct lint_settings *settings, struct diag_list *diags) {
    struct lint lint = {.arena = arena, .compile = compile, .settings = settings, .diags = diags};
    read_all_comments(&lint, compile);
    take_compiler_diags(&lint, found);
    rules_expressions(&lint);
    rules_maps(&lint);
    rules_codes(&lint);
    rules_tests(&lint);
    rules_spec(&lint);
    rules_schema(&lint);
    report_unused_allows(&lint);
}

void lint_spec(struct arena *arena, const struct source_text *spec, const struct compile_files *files,
               const struct lint_settings *settings, struct diag_list *diags) {
    struct diag_list found;
    diag_list_init(&found, arena);
    struct compile *compile = compile_check_spec(arena, spec, files, &found);
    if (compile) {
        lint_checked(arena, compile, &found, settings, diags);
        return;
    }
    for (uint32_t i = 0; i < found.items.count; i++)
        diag_add(diags, found.items.items[i]);
}

void lint_drop_suppressed(struct arena *arena, const struct source_text *spec, struct diag_list *diags) {
    struct diag_list unheard;
    diag_list_init(&unheard, arena);
    struct lint lint = {.arena = arena};
    const struct ast_file *file = parse_file(arena, spec, &unheard);
    VEC_PUSH(arena, &lint.files, lint_read_comments(arena, file, &unheard));
    struct diag_list kept;
    diag_list_init(&kept, diags->arena);
    for (uint32_t i = 0; i < diags->items.count; i++) {
        struct diag *diag = diags->items.items[i];
        bool drop = diag->severity != DIAG_ERROR && diag->primary.span.source &&
                    str_eq(diag->primary.span.source->name, spec->name);
        struct span span = {spec, diag->primary.span.start, diag->primary.span.end};
        if (!drop || !lint_is_allowed(&lint, diag->code, span)) diag_add(&kept, diag);
    }
    *diags = kept;
}
