/* The project file: which rules hold, and how severe they are. */
#include "compiler/lint/lint.h"

void lint_settings_init(struct lint_settings *settings) {
    for (int code = 0; code < DIAG_CODE_COUNT; code++)
        settings->rules[code] = (struct lint_setting){.severity = diag_code_severity((enum diag_code)code)};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word of the line; empty at its end or where a comment starts. */
static struct span next_word(const struct source_text *text, uint32_t *at, uint32_t end) {
    const char *bytes = text->text.ptr;
    while (*at < end && is_blank(bytes[*at]))
        ++*at;
    uint32_t start = *at;
    if (end - start >= 2 && bytes[start] == '-' && bytes[start + 1] == '-') *at = end;
    if (*at == end) return (struct span){text, end, end};
    while (*at < end && !is_blank(bytes[*at]))
        ++*at;
    return (struct span){text, start, *at};
}

static void report_rule(struct diag_list *diags, struct span word) {
    struct str name = span_text(word);
    struct diag *diag = diag_report(diags, L_BAD_SETTINGS, word, "there is no rule `%.*s`", STR_ARG(name));
    const struct rule *closest = rule_closest(name);
    if (closest) {
        diag_help(diags, diag, "did you mean `%s`?", closest->name);
        diag_fix(diags, diag, word, str_cstr(closest->name));
    } else {
        diag_help(diags, diag, "`mig lint --rules` lists them");
    }
}

static bool read_severity(struct lint_setting *setting, struct span word, struct diag_list *diags) {
    static const char *const NAMES[] = {"note", "warning", "error"};
    struct str name = span_text(word);
    setting->off = str_is(name, "off");
    for (int i = 0; i < 3; i++)
        if (str_is(name, NAMES[i])) setting->severity = (enum diag_severity)i;
    if (setting->off || str_is(name, NAMES[setting->severity])) return true;
    struct diag *diag =
        name.len ? diag_report(diags, L_BAD_SETTINGS, word, "there is no severity `%.*s`", STR_ARG(name))
                 : diag_report(diags, L_BAD_SETTINGS, word, "the line does not say how severe the rule is");
    diag_help(diags, diag, "write off, note, warning or error behind the rule's name");
    return false;
}

static bool read_line(struct lint_settings *settings, const struct source_text *text, uint32_t start,
                      uint32_t end, struct diag_list *diags) {
    uint32_t at = start;
    struct span name = next_word(text, &at, end);
    if (name.start == name.end) return true;
    const struct rule *rule = rule_find(span_text(name));
    struct lint_setting setting = {0};
    if (rule == NULL) {
        report_rule(diags, name);
        return false;
    }
    setting.severity = settings->rules[rule->code].severity;
    if (!read_severity(&setting, next_word(text, &at, end), diags)) return false;
    struct span rest = next_word(text, &at, end);
    if (rest.start != rest.end) {
        struct diag *diag =
            diag_report(diags, L_BAD_SETTINGS, rest, "`%.*s` is one word too many", STR_ARG(span_text(rest)));
        diag_help(diags, diag, "a line is a rule's name and its severity; `--` starts a comment");
        return false;
    }
    settings->rules[rule->code] = setting;
    return true;
}

bool lint_settings_read(struct lint_settings *settings, const struct source_text *text,
                        struct diag_list *diags) {
    bool good = true;
    for (uint32_t line = 1; line <= text->line_count; line++) {
        uint32_t start = text->line_start[line - 1];
        uint32_t end = start + (uint32_t)source_text_line(text, line).len;
        good = read_line(settings, text, start, end, diags) && good;
    }
    return good;
}
