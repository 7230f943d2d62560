/* Applying fixes to a text. */
#include "compiler/lint/lint.h"

struct edit {
    uint32_t start, end;
    struct str text;
};

struct edits {
    VEC(struct edit) items; /* by start, not overlapping */
};

static void add_edit(struct arena *arena, struct edits *edits, struct edit edit) {
    uint32_t at = edits->items.count;
    while (at > 0 && edits->items.items[at - 1].start > edit.start)
        at--;
    /* Two insertions at one place overlap as well: their order would be a guess. */
    const struct edit *before = at > 0 ? &edits->items.items[at - 1] : NULL;
    const struct edit *behind = at < edits->items.count ? &edits->items.items[at] : NULL;
    if (before && (before->end > edit.start || before->start == edit.start)) return;
    if (behind && (edit.end > behind->start || edit.start == behind->start)) return;
    VEC_PUSH(arena, &edits->items, edit);
    for (uint32_t i = edits->items.count - 1; i > at; i--)
        edits->items.items[i] = edits->items.items[i - 1];
    edits->items.items[at] = edit;
}

static uint32_t count_syntax_errors(struct arena *arena, const struct source_text *text) {
    struct diag_list diags;
    diag_list_init(&diags, arena);
    parse_file(arena, text, &diags);
    return diags.error_count;
}

struct str lint_apply_fixes(struct arena *arena, const struct source_text *source,
                            const struct diag_list *diags, uint32_t *count) {
    struct edits edits = {0};
    struct buf text = {0};
    uint32_t at = 0;
    *count = 0;
    for (uint32_t i = 0; i < diags->items.count; i++) {
        const struct diag *diag = diags->items.items[i];
        if (diag->has_fix && diag->fix_span.source == source && diag->fix_span.end <= source->text.len &&
            diag->fix_span.start <= diag->fix_span.end)
            add_edit(arena, &edits, (struct edit){diag->fix_span.start, diag->fix_span.end, diag->fix_text});
    }
    if (edits.items.count == 0) return source->text;
    for (uint32_t i = 0; i < edits.items.count; i++) {
        const struct edit *edit = &edits.items.items[i];
        buf_append(&text, source->text.ptr + at, edit->start - at);
        buf_append_str(&text, edit->text);
        at = edit->end;
    }
    buf_append(&text, source->text.ptr + at, source->text.len - at);
    struct str fixed = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    uint32_t before = count_syntax_errors(arena, source);
    uint32_t after = count_syntax_errors(arena, source_text_new(arena, source->name, fixed));
    if (after > 0 && after >= before) return source->text;
    *count = edits.items.count;
    return fixed;
}
