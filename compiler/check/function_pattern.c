/* Patterns that functions take as constant texts: templates, regular expressions, zones, JSON paths. They are
 * compiled now, so that a wrong one is a mistake of the spec at its own character. */
#include "compiler/check/expr.h"

#include "runtime/value/json.h"
#include "runtime/value/pattern.h"
#include "runtime/value/regex.h"
#include "runtime/value/zone.h"

/* The pattern's own character where the literal stands for itself; else the whole literal. */
static struct span pattern_at(const struct texpr *arg, size_t at) {
    struct span span = arg->span;
    struct str written = span_text(span);
    struct str text = arg->value.as_text;
    if (written.len != text.len + 2 || written.ptr[0] != '\'') return span;
    if (at > text.len) at = text.len;
    span.start += 1 + (uint32_t)at;
    span.end = span.start + 1;
    return span;
}

static bool pattern_bad(struct scope *scope, struct span span, const char *what, struct str error,
                        const char *help) {
    struct diag *diag =
        diag_report(scope->checker->diags, E_BAD_PATTERN, span, "%s: %.*s", what, STR_ARG(error));
    diag_help(scope->checker->diags, diag, "%s", help);
    return false;
}

static bool pattern_check_regex(struct scope *scope, const struct texpr *arg) {
    struct regex *regex = NULL;
    struct str error;
    size_t at = 0;
    if (regex_compile(scope->checker->arena, arg->value.as_text, &regex, &error, &at)) {
        regex_free(regex);
        return true;
    }
    return pattern_bad(scope, pattern_at(arg, at), "the regular expression is malformed", error,
                       "regular expressions are PCRE2's: `\\d{4}`, `^[A-Z]+$`; `\\` before a character makes "
                       "it stand for itself");
}

static bool pattern_check_zone(struct scope *scope, const struct texpr *arg) {
    const struct zone *zone;
    if (zone_open(scope->checker->arena, arg->value.as_text, &zone) == FAULT_NONE) return true;
    struct diag *diag = diag_report(scope->checker->diags, E_BAD_PATTERN, arg->span,
                                    "'%.*s' is not a time zone", STR_ARG(arg->value.as_text));
    diag_help(scope->checker->diags, diag,
              "zones have their IANA names: 'Australia/Sydney', 'Europe/Berlin', 'UTC'");
    return false;
}

static bool pattern_check_path(struct scope *scope, const struct texpr *arg) {
    struct json_path path;
    struct str error;
    if (json_path_compile(scope->checker->arena, arg->value.as_text, &path, &error)) return true;
    return pattern_bad(scope, arg->span, "the path is malformed", error,
                       "a path is written `a.b[0].'odd name'`");
}

static enum type_kind pattern_kind_of_letter(char letter) {
    for (enum type_kind kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
        if (type_kind_letter(kind) == letter) return kind;
    return TYPE_NONE;
}

static bool pattern_check_template(struct scope *scope, const struct texpr *arg, bool prints,
                                   enum type_kind kind) {
    struct arena *arena = scope->checker->arena;
    const struct pattern *pattern;
    struct str error = {0};
    size_t at = 0;
    bool number = kind == TYPE_INT || kind == TYPE_DECIMAL || kind == TYPE_FLOAT;
    const char *percent =
        arg->value.as_text.len == 0 ? NULL : memchr(arg->value.as_text.ptr, '%', arg->value.as_text.len);
    const char *help =
        percent && !number ? "patterns are Postgres' own: `DD/MM/YYYY` for `%d/%m/%Y`"
        : number
            ? "number patterns are written `999G990D00`: 9 and 0 are digits, D the point, G the separator"
            : "fields are YYYY MM DD HH24 MI SS MON …; text between them stands in \"double quotes\"";
    if (!pattern_compile(arena, arg->value.as_text, number ? PATTERN_NUMBER : PATTERN_DATETIME, &pattern,
                         &error, &at))
        return pattern_bad(scope, pattern_at(arg, at), "the pattern is malformed", error, help);
    bool good = prints ? pattern_check_printing(arena, pattern, kind, &error)
                       : pattern_check_reading(arena, pattern, kind, &error);
    if (!good) return pattern_bad(scope, arg->span, "the pattern does not fit its type", error, help);
    if (!prints && kind == TYPE_TIMESTAMPTZ && !pattern_has_offset(pattern))
        return pattern_bad(scope, arg->span, "the pattern does not fit its type",
                           STR("it has no offset from UTC"),
                           "name the zone: `at_zone(timestamp(x, 'DD/MM/YYYY HH24:MI'), "
                           "'Australia/Sydney')`; or the pattern has TZH");
    return true;
}

bool function_pattern(struct scope *scope, enum opcode opcode, enum imm_kind kind, const struct texpr *arg,
                      uint32_t *imm) {
    struct checker *checker = scope->checker;
    if (!node_is_text_const(arg)) {
        struct diag *diag =
            diag_report(checker->diags, E_NOT_CONSTANT, arg->span, "%s must be a constant text",
                        kind == IMM_ZONE    ? "the zone"
                        : kind == IMM_REGEX ? "the regular expression"
                        : kind == IMM_PATH  ? "the path"
                                            : "the pattern");
        diag_help(checker->diags, diag,
                  "it is checked and compiled before the run: write it in quotes, 'like this'");
        return false;
    }
    const struct opcode_info *info = &OPCODES[opcode];
    struct str text = arg->value.as_text;
    switch (kind) {
    case IMM_REGEX:
        if (!pattern_check_regex(scope, arg)) return false;
        *imm = plan_builder_pattern(checker->builder, PATTERN_REGEX, TYPE_TEXT, text);
        return true;
    case IMM_ZONE:
        if (!pattern_check_zone(scope, arg)) return false;
        *imm = plan_builder_pattern(checker->builder, PATTERN_ZONE, TYPE_TEXT, text);
        return true;
    case IMM_PATH:
        if (!pattern_check_path(scope, arg)) return false;
        *imm = plan_builder_pattern(checker->builder, PATTERN_JSON_PATH, TYPE_JSON, text);
        return true;
    case IMM_TEMPLATE: {
        bool prints = info->result[0] == 't' && info->operands[0] != 't';
        enum type_kind type = pattern_kind_of_letter(prints ? info->operands[0] : info->result[0]);
        if (!pattern_check_template(scope, arg, prints, type)) return false;
        *imm = plan_builder_pattern(checker->builder, PATTERN_TEMPLATE, type, text) + 1;
        return true;
    }
    default: return false;
    }
}
