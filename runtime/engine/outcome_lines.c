/* See outcome_lines.h. */
#include "runtime/engine/outcome_lines.h"

#include "runtime/base/buf.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

enum { LONGEST_LINE = 4 << 20 };

struct outcome_lines {
    struct str path;
    FILE *file;
    ZSTD_DCtx *unpacker;
    struct buf packed, text;
    size_t packed_at, packed_len, text_at;
    bool at_end, between; /* between: a frame has just ended */
    uint64_t number;
    struct arena arena, path_arena;
};

struct outcome_lines *outcome_lines_open(struct str path, struct diag_list *diags) {
    struct outcome_lines *l = memory_zalloc(sizeof *l);
    l->path = arena_copy_str(&l->path_arena, path);
    l->file = fopen(arena_copy_cstr(&l->path_arena, path), "re");
    l->unpacker = ZSTD_createDCtx();
    if (l->unpacker == NULL) memory_exhausted(0);
    if (l->file) return l;
    struct diag *diag = diag_report(diags, X_FILE_UNREADABLE, (struct span){0}, "cannot read %.*s: %s",
                                    STR_ARG(path), strerror(errno));
    diag_help(diags, diag, "A run or rehearsal leaves it in WORK_DIR/RUN; name both by their ids.");
    outcome_lines_close(l);
    return NULL;
}

void outcome_lines_close(struct outcome_lines *l) {
    if (l == NULL) return;
    if (l->file) fclose(l->file);
    ZSTD_freeDCtx(l->unpacker);
    buf_release(&l->packed);
    buf_release(&l->text);
    arena_release(&l->arena);
    arena_release(&l->path_arena);
    free(l);
}

static int damaged(struct outcome_lines *l, struct diag_list *diags, const char *why) {
    struct diag *diag = diag_report(diags, X_NOT_A_REPORT, (struct span){0}, "line %llu cannot be read: %s",
                                    (unsigned long long)l->number + 1, why);
    diag_place(diags, diag, "%.*s", STR_ARG(l->path));
    return -1;
}

/* More text, at least a byte of it, unless at the end. */
static bool unpack_more(struct outcome_lines *l, struct diag_list *diags) {
    size_t in_cap = ZSTD_DStreamInSize(), out_cap = ZSTD_DStreamOutSize();
    if (l->text_at) { /* what is read goes */
        memmove(l->text.ptr, l->text.ptr + l->text_at, l->text.len - l->text_at);
        l->text.len -= l->text_at;
        l->text_at = 0;
    }
    size_t before = l->text.len;
    while (l->text.len == before && !l->at_end) {
        if (l->packed_at == l->packed_len) {
            buf_clear(&l->packed);
            l->packed_len = fread(buf_reserve(&l->packed, in_cap), 1, in_cap, l->file);
            l->packed_at = 0;
            if (l->packed_len == 0) {
                l->at_end = true;
                return l->between ||
                       damaged(l, diags, "the file was cut short, as of a run that was killed") > 0;
            }
        }
        ZSTD_inBuffer in = {l->packed.ptr, l->packed_len, l->packed_at};
        ZSTD_outBuffer out = {buf_reserve(&l->text, out_cap), out_cap, 0};
        size_t left = ZSTD_decompressStream(l->unpacker, &out, &in);
        if (ZSTD_isError(left)) return damaged(l, diags, ZSTD_getErrorName(left)) > 0;
        l->between = left == 0;
        l->packed_at = in.pos;
        l->text.len += out.pos;
    }
    return true;
}

static struct str get_text(struct outcome_lines *l, const cJSON *root, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    return cJSON_IsString(item) ? arena_copy_str(&l->arena, str_cstr(item->valuestring)) : STR("");
}

static uint64_t get_number(const cJSON *root, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    return cJSON_IsNumber(item) && item->valuedouble > 0 ? (uint64_t)item->valuedouble : 0;
}

static int parse_line(struct outcome_lines *l, struct str text, struct outcome_line *line,
                      struct diag_list *diags) {
    arena_reset(&l->arena);
    cJSON *root = cJSON_ParseWithLength(text.ptr, text.len);
    *line = (struct outcome_line){
        .map = get_text(l, root, "map"),
        .file = get_text(l, root, "file"),
        .outcome = get_text(l, root, "outcome"),
        .code = get_text(l, root, "code"),
        .at = get_text(l, root, "at"),
        .message = get_text(l, root, "message"),
        .line = get_number(root, "line"),
        .row = get_number(root, "row"),
    };
    cJSON_Delete(root);
    if (line->map.len == 0 || line->outcome.len == 0) return damaged(l, diags, "it is not as mig wrote it");
    l->number++;
    return 1;
}

int outcome_lines_next(struct outcome_lines *l, struct outcome_line *line, struct diag_list *diags) {
    size_t seen = 0;
    for (;;) {
        size_t len = l->text.len - l->text_at;
        const char *start = l->text.ptr + l->text_at;
        const char *end = len > seen ? memchr(start + seen, '\n', len - seen) : NULL;
        if (end) {
            l->text_at += (size_t)(end - start) + 1;
            return parse_line(l, str_from(start, (size_t)(end - start)), line, diags);
        }
        if (len > LONGEST_LINE) return damaged(l, diags, "it is too long");
        if (l->at_end) return len ? damaged(l, diags, "it does not end") : 0;
        seen = len;
        if (!unpack_more(l, diags)) return -1;
    }
}
