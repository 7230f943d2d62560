/* Lists of runs. */
#include "compiler/document/phrase.h"

#include <stdio.h>

void phrase_link(struct arena *arena, struct phrase *phrase, enum run_kind kind, struct str text,
                 struct str anchor) {
    VEC_PUSH(arena, &phrase->runs, (struct phrase_run){kind, text, anchor});
}

void phrase_add(struct arena *arena, struct phrase *phrase, enum run_kind kind, struct str text) {
    phrase_link(arena, phrase, kind, text, (struct str){0});
}

void phrase_print(struct arena *arena, struct phrase *phrase, const char *format, ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    phrase_add(arena, phrase, RUN_TEXT, arena_copy_str(arena, buf_str(&text)));
    buf_release(&text);
}

void phrase_append(struct arena *arena, struct phrase *phrase, const struct phrase *more) {
    for (uint32_t i = 0; i < more->runs.count; i++)
        VEC_PUSH(arena, &phrase->runs, more->runs.items[i]);
}

void phrase_plain(const struct phrase *phrase, struct buf *out) {
    for (uint32_t i = 0; i < phrase->runs.count; i++) {
        const struct phrase_run *run = &phrase->runs.items[i];
        const char *before = "", *after = "";
        if (run->kind == RUN_NAME) before = after = "`";
        if (run->kind == RUN_VALUE) before = "“", after = "”";
        if (run->kind == RUN_SLOT) before = "‹", after = "›";
        if (run->kind == RUN_BREAK) {
            buf_append_cstr(out, "; ");
            continue;
        }
        buf_append_cstr(out, before);
        buf_append_str(out, run->text);
        buf_append_cstr(out, after);
    }
}

struct str phrase_anchor(struct arena *arena, const char *kind, struct str name) {
    struct buf text = {0};
    buf_append_cstr(&text, kind);
    buf_append_char(&text, '-');
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool stays = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_';
        if (stays)
            buf_append_char(&text, (char)c);
        else
            buf_printf(&text, ".%02x", c);
    }
    struct str copy = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    return copy;
}
