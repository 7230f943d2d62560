/* A tolerance with its rules in words. */
#include "compiler/document/collect.h"
#include "runtime/base/fault.h"

static const char *title_of(struct str code) {
    for (int f = 1; f < FAULT_COUNT; f++)
        if (str_is(code, fault_id((enum fault)f))) return fault_title((enum fault)f);
    return "";
}

struct str collect_tolerance(struct arena *arena, struct str general, const struct ast_tolerance_rule *rules,
                             uint32_t count) {
    struct str text = general;
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_tolerance_rule *rule = &rules[i];
        if (rule->amount == NULL) continue;
        text = arena_printf(arena, "%.*s%s%.*s%s ", STR_ARG(text), text.len ? "; " : "",
                            STR_ARG(rule->amount->text), rule->percent ? " %" : "");
        if (rule->message)
            text = arena_printf(arena, "%.*swith the message %.*s", STR_ARG(text),
                                STR_ARG(span_text(rule->span)));
        else if (rule->is_validate)
            text = arena_printf(arena, "%.*sthat fail %.*s", STR_ARG(text), STR_ARG(rule->name.text));
        else
            text = arena_printf(arena, "%.*sof %.*s (%s)", STR_ARG(text), STR_ARG(rule->name.text),
                                title_of(rule->name.text));
    }
    return text;
}
