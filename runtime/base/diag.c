/* Collecting diagnostics and finding close names. Drawing is in diag_render.c. */
#include "runtime/base/diag.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static const struct {
    const char *id, *title;
    enum diag_severity severity;
} CODES[] = {
#define DIAG_CODE(symbol, id, severity, title) [symbol] = {id, title, severity},
#include "runtime/base/codes.def"
#undef DIAG_CODE
};

const char *diag_code_id(enum diag_code code) {
    return CODES[code].id;
}
const char *diag_code_title(enum diag_code code) {
    return CODES[code].title;
}
enum diag_severity diag_code_severity(enum diag_code code) {
    return CODES[code].severity;
}

bool diag_code_find(struct str id, enum diag_code *code) {
    for (int i = 0; i < DIAG_CODE_COUNT; i++)
        if (strlen(CODES[i].id) == id.len && strncasecmp(CODES[i].id, id.ptr, id.len) == 0) {
            *code = (enum diag_code)i;
            return true;
        }
    return false;
}

void diag_list_init(struct diag_list *list, struct arena *arena) {
    *list = (struct diag_list){.arena = arena};
}

static struct str format_text(struct arena *arena, const char *format, va_list args) {
    struct buf text = {0};
    buf_vprintf(&text, format, args);
    struct str copy = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static void count_diag(struct diag_list *list, enum diag_severity severity, uint32_t by) {
    if (severity == DIAG_ERROR) list->error_count += by;
    if (severity == DIAG_WARNING) list->warning_count += by;
}

void diag_add(struct diag_list *list, struct diag *diag) {
    VEC_PUSH(list->arena, &list->items, diag);
    count_diag(list, diag->severity, 1);
}

void diag_set_severity(struct diag_list *list, struct diag *diag, enum diag_severity severity) {
    count_diag(list, diag->severity, UINT32_MAX); /* one less */
    diag->severity = severity;
    count_diag(list, severity, 1);
}

struct diag *diag_report(struct diag_list *list, enum diag_code code, struct span span, const char *message,
                         ...) {
    va_list args;
    struct diag *diag = ARENA_NEW(list->arena, struct diag);
    diag->code = code;
    diag->severity = CODES[code].severity;
    diag->primary.span = span;
    va_start(args, message);
    diag->message = format_text(list->arena, message, args);
    va_end(args);
    diag_add(list, diag);
    return diag;
}

void diag_label(struct diag_list *list, struct diag *diag, struct span span, const char *text, ...) {
    va_list args;
    va_start(args, text);
    struct diag_label label = {span, format_text(list->arena, text, args)};
    va_end(args);
    if (span.source == diag->primary.span.source && span.start == diag->primary.span.start &&
        span.end == diag->primary.span.end)
        diag->primary.text = label.text;
    else
        VEC_PUSH(list->arena, &diag->secondary, label);
}

void diag_help(struct diag_list *list, struct diag *diag, const char *text, ...) {
    va_list args;
    va_start(args, text);
    struct str help = format_text(list->arena, text, args);
    va_end(args);
    VEC_PUSH(list->arena, &diag->help, help);
}

void diag_place(struct diag_list *list, struct diag *diag, const char *text, ...) {
    va_list args;
    va_start(args, text);
    diag->place = format_text(list->arena, text, args);
    va_end(args);
}

void diag_fix(struct diag_list *list, struct diag *diag, struct span span, struct str replacement) {
    diag->has_fix = true;
    diag->fix_span = span;
    diag->fix_text = arena_copy_str(list->arena, replacement);
}

static int compare_diags(const struct diag *a, const struct diag *b) {
    const struct source_text *sa = a->primary.span.source, *sb = b->primary.span.source;
    if (sa != sb) {
        if (sa == NULL || sb == NULL) return sa == NULL ? 1 : -1;
        int c = str_compare(sa->name, sb->name);
        if (c) return c;
    }
    if (a->primary.span.start != b->primary.span.start)
        return a->primary.span.start < b->primary.span.start ? -1 : 1;
    return 0;
}

static bool same_diag(const struct diag *a, const struct diag *b) {
    return a->code == b->code && a->primary.span.source && a->primary.span.source == b->primary.span.source &&
           a->primary.span.start == b->primary.span.start && a->primary.span.end == b->primary.span.end;
}

static void drop_diag(struct diag_list *list, uint32_t at) {
    count_diag(list, list->items.items[at]->severity, UINT32_MAX); /* one less */
    memmove(&list->items.items[at], &list->items.items[at + 1],
            (list->items.count - at - 1) * sizeof *list->items.items);
    list->items.count--;
}

void diag_list_sort(struct diag_list *list) {
    struct diag **d = list->items.items;
    for (uint32_t i = 1; i < list->items.count; i++) { /* insertion sort: short, stable, nearly sorted */
        struct diag *moving = d[i];
        uint32_t j = i;
        for (; j > 0 && compare_diags(d[j - 1], moving) > 0; j--)
            d[j] = d[j - 1];
        d[j] = moving;
    }
    for (uint32_t i = 1; i < list->items.count;)
        if (same_diag(list->items.items[i - 1], list->items.items[i]))
            drop_diag(list, i);
        else
            i++;
}

uint32_t diag_edit_distance(struct str a, struct str b) {
    enum { LONGEST = 64 };
    uint32_t rows[3][LONGEST + 1];
    if (a.len > LONGEST || b.len > LONGEST) return UINT32_MAX;
    for (uint32_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *two_up = rows[(i + 1) % 3];
        now[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            int ca = tolower((unsigned char)a.ptr[i - 1]), cb = tolower((unsigned char)b.ptr[j - 1]);
            uint32_t best = above[j - 1] + (ca != cb);
            if (above[j] + 1 < best) best = above[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b.ptr[j - 2]) &&
                cb == tolower((unsigned char)a.ptr[i - 2]) && two_up[j - 2] + 1 < best)
                best = two_up[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a.len % 3][b.len];
}

struct str diag_closest_name(struct str wanted, const struct str *names, uint32_t count) {
    uint32_t allowed = wanted.len < 6 ? 1 + (wanted.len > 3) : (uint32_t)wanted.len / 3, best = UINT32_MAX;
    struct str closest = STR("");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t d = diag_edit_distance(wanted, names[i]);
        if (d <= allowed && d < best) {
            best = d;
            closest = names[i];
        }
    }
    return closest;
}

void diag_list_move(struct diag_list *from, struct diag_list *to) {
    for (uint32_t i = 0; i < from->items.count; i++) {
        const struct diag *d = from->items.items[i];
        struct diag *copy = diag_report(to, d->code, d->primary.span, "%.*s", STR_ARG(d->message));
        if (d->place.len) diag_place(to, copy, "%.*s", STR_ARG(d->place));
        for (uint32_t h = 0; h < d->help.count; h++)
            diag_help(to, copy, "%.*s", STR_ARG(d->help.items[h]));
        for (uint32_t l = 0; l < d->secondary.count; l++)
            diag_label(to, copy, d->secondary.items[l].span, "%.*s", STR_ARG(d->secondary.items[l].text));
    }
    from->items.count = from->error_count = from->warning_count = 0;
}
