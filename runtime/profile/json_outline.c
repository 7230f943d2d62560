/* The outline of a JSON file. */
#include "runtime/profile/json_outline.h"

#include <stdlib.h>

enum { DEEPEST = 4, MOST_MEMBERS = 400, LONGEST_KEY = 200 };

struct outline_scan {
    struct json_outline *outline;
    struct arena *arena;
    uint32_t depth;         /* open brackets */
    char open[DEEPEST + 1]; /* of the outer ones */
    bool in_string, escape, in_scalar, is_key;
    bool expect_key[DEEPEST + 1];
    bool element_seen[DEEPEST + 1];
    struct buf key;
    struct str keys[DEEPEST + 1]; /* the present member's, by depth */
};

static void add_member(struct outline_scan *scan, struct str inner, char kind) {
    if (scan->outline->members.count >= MOST_MEMBERS) return;
    VEC_PUSH(scan->arena, &scan->outline->members,
             (struct outline_member){.key = scan->keys[1], .inner_key = inner, .kind = kind});
}

/* A value begins, inside `depth` brackets. */
static void begin_value(struct outline_scan *scan, char kind) {
    struct json_outline *outline = scan->outline;
    uint32_t d = scan->depth;
    if (d == 0) {
        if (outline->documents < 2) outline->documents++;
        if (outline->documents == 1) outline->top = kind;
        return;
    }
    if (outline->documents > 1 || d > DEEPEST) return;
    bool array = scan->open[d] == '[', first = !scan->element_seen[d];
    scan->element_seen[d] = true;
    if (d == 1 && array && first) outline->element = kind;
    if (d == 1 && !array) add_member(scan, STR(""), kind);
    if (outline->top != '{' || outline->members.count == 0) return;
    struct outline_member *last = &outline->members.items[outline->members.count - 1];
    if (d == 2 && array && first && last->inner_key.len == 0) last->element = kind;
    if (d == 2 && !array) add_member(scan, scan->keys[2], kind);
    if (d == 3 && array && first && scan->open[2] == '{') last->element = kind;
}

static void end_string(struct outline_scan *scan) {
    if (!scan->is_key) return;
    uint32_t d = scan->depth;
    scan->keys[d] = arena_copy_str(scan->arena, buf_str(&scan->key));
    scan->is_key = false;
}

static void take_sign(struct outline_scan *scan, char c) {
    uint32_t d = scan->depth;
    bool shallow = d > 0 && d <= DEEPEST;
    switch (c) {
    case '"':
        scan->in_string = true;
        scan->is_key = shallow && d <= 2 && scan->expect_key[d] && scan->outline->documents == 1;
        buf_clear(&scan->key);
        if (!(shallow && scan->expect_key[d])) begin_value(scan, c);
        break;
    case '{':
    case '[':
        begin_value(scan, c);
        if (++scan->depth > DEEPEST) break;
        scan->open[scan->depth] = c;
        scan->expect_key[scan->depth] = c == '{';
        scan->element_seen[scan->depth] = false;
        break;
    case '}':
    case ']':
        if (scan->depth > 0) scan->depth--;
        break;
    case ',':
        if (shallow) scan->expect_key[d] = scan->open[d] == '{';
        break;
    case ':':
        if (shallow) scan->expect_key[d] = false;
        break;
    default: begin_value(scan, c); scan->in_scalar = true;
    }
}

static void take_byte(struct outline_scan *scan, char c) {
    if (scan->in_string) {
        if (scan->escape) {
            scan->escape = false;
        } else if (c == '\\') {
            scan->escape = true;
        } else if (c == '"') {
            scan->in_string = false;
            end_string(scan);
            return;
        }
        if (scan->is_key && scan->key.len < LONGEST_KEY) buf_append_char(&scan->key, c);
        return;
    }
    if (scan->in_scalar) {
        if (!strchr(",]} \t\r\n", c)) return;
        scan->in_scalar = false;
    }
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') take_sign(scan, c);
}

bool json_outline_read(struct json_outline *outline, struct arena *arena, const struct source_file *file,
                       const struct reader_limits *limits, struct diag_list *diags) {
    enum { BLOCK = 1 << 16 };
    struct outline_scan scan = {.outline = outline, .arena = arena};
    struct input *input = input_open(file, STR(""), limits, diags);
    ptrdiff_t n = -1;
    *outline = (struct json_outline){0};
    if (input == NULL) return false;
    char *block = memory_alloc(BLOCK);
    while (outline->documents < 2 && (n = input_read(input, block, BLOCK, diags)) > 0)
        for (ptrdiff_t i = 0; i < n; i++)
            take_byte(&scan, block[i]);
    free(block);
    buf_release(&scan.key);
    input_close(input);
    return n >= 0;
}
