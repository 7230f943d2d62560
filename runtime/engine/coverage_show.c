/* Coverage as people, programs and lcov's readers want it. */
#include "runtime/engine/coverage.h"

static void put_kinds(const struct coverage *coverage, enum coverage_kind from, enum coverage_kind to,
                      struct buf *out) {
    const char *comma = "";
    for (enum coverage_kind kind = from; kind < to; kind++) {
        struct coverage_count count = coverage->kinds[kind];
        if (count.total == 0) continue;
        buf_printf(out, "%s%s%s %u of %u", comma, coverage_kind_name(kind),
                   kind == COVERAGE_BRANCH ? "es" : "s", count.covered, count.total);
        comma = ", ";
    }
}

static const char *missing_text(enum coverage_kind kind) {
    switch (kind) {
    case COVERAGE_TARGET_COLUMN: return "gets no value, has no default, and is not `ignored … because`";
    case COVERAGE_SOURCE_COLUMN: return "is read by nothing, and is not `ignored`";
    case COVERAGE_HANDLER: return "no test makes it act";
    default: return "no test comes here";
    }
}

void coverage_text(const struct coverage *coverage, struct buf *out) {
    static const struct {
        const char *name;
        enum coverage_kind from, to;
    } PARTS[] = {{"mapping", COVERAGE_TARGET_COLUMN, COVERAGE_KIND_COUNT},
                 {"transform", COVERAGE_LINE, COVERAGE_TARGET_COLUMN}};
    for (uint32_t p = 0; p < 2; p++) {
        struct coverage_count count = p == 0 ? coverage->mapping : coverage->transform;
        buf_printf(out, "%-9s coverage %3u%%  %u of %u", PARTS[p].name, coverage_percent(count),
                   count.covered, count.total);
        if (count.total) buf_append_cstr(out, ": ");
        put_kinds(coverage, PARTS[p].from, PARTS[p].to, out);
        buf_append_char(out, '\n');
        for (uint32_t i = 0; i < coverage->items.count; i++) {
            const struct coverage_item *item = &coverage->items.items[i];
            if (item->covered || item->kind < PARTS[p].from || item->kind >= PARTS[p].to) continue;
            buf_printf(out, "  %.*s:%u: %s `%.*s`: %s\n", STR_ARG(item->file), item->line,
                       coverage_kind_name((enum coverage_kind)item->kind), STR_ARG(item->text),
                       missing_text((enum coverage_kind)item->kind));
        }
    }
}

static void json_count(const char *name, struct coverage_count count, struct buf *out) {
    buf_printf(out, "\"%s\":{\"percent\":%u,\"covered\":%u,\"total\":%u}", name, coverage_percent(count),
               count.covered, count.total);
}

void coverage_json(const struct coverage *coverage, struct buf *out) {
    buf_append_char(out, '{');
    json_count("mapping", coverage->mapping, out);
    buf_append_char(out, ',');
    json_count("transform", coverage->transform, out);
    buf_append_cstr(out, ",\"kinds\":{");
    for (enum coverage_kind kind = 0; kind < COVERAGE_KIND_COUNT; kind++) {
        if (kind) buf_append_char(out, ',');
        json_count(coverage_kind_name(kind), coverage->kinds[kind], out);
    }
    buf_append_cstr(out, "},\"missing\":[");
    bool first = true;
    for (uint32_t i = 0; i < coverage->items.count; i++) {
        const struct coverage_item *item = &coverage->items.items[i];
        if (item->covered) continue;
        buf_printf(out, "%s{\"kind\":\"%s\",\"file\":", first ? "" : ",",
                   coverage_kind_name((enum coverage_kind)item->kind));
        buf_append_json(out, item->file);
        buf_printf(out, ",\"line\":%u,\"text\":", item->line);
        buf_append_json(out, item->text);
        buf_append_char(out, '}');
        first = false;
    }
    buf_append_cstr(out, "]}");
}

static bool is_branch(const struct coverage_item *item) {
    return item->kind == COVERAGE_BRANCH || item->kind == COVERAGE_HANDLER;
}

/* The items of one file, which stand together, by line: DA for each line with something on it, BRDA for each
 * branch. */
static void lcov_file(const struct coverage_item *items, uint32_t count, struct buf *out) {
    uint32_t lines = 0, hit_lines = 0, branches = 0, hit_branches = 0;
    buf_printf(out, "TN:\nSF:%.*s\n", STR_ARG(items[0].file));
    for (uint32_t i = 0; i < count;) {
        uint32_t end = i, nth = 0;
        bool hit = false;
        for (; end < count && items[end].line == items[i].line; end++)
            hit |= items[end].covered;
        for (uint32_t k = i; k < end; k++) {
            if (!is_branch(&items[k])) continue;
            buf_printf(out, "BRDA:%u,0,%u,%s\n", items[k].line, nth++,
                       items[k].covered ? "1"
                       : hit            ? "0"
                                        : "-");
            branches++;
            hit_branches += items[k].covered;
        }
        buf_printf(out, "DA:%u,%d\n", items[i].line, hit);
        lines++;
        hit_lines += hit;
        i = end;
    }
    buf_printf(out, "BRF:%u\nBRH:%u\nLF:%u\nLH:%u\nend_of_record\n", branches, hit_branches, lines,
               hit_lines);
}

void coverage_lcov(const struct coverage *coverage, struct buf *out) {
    VEC(struct coverage_item) transform = {0};
    for (uint32_t i = 0; i < coverage->items.count; i++)
        if (coverage->items.items[i].kind < COVERAGE_TARGET_COLUMN)
            VEC_PUSH(coverage->arena, &transform, coverage->items.items[i]);
    for (uint32_t i = 0; i < transform.count;) {
        uint32_t end = i;
        while (end < transform.count && transform.items[end].span.file == transform.items[i].span.file)
            end++;
        lcov_file(&transform.items[i], end - i, out);
        i = end;
    }
}
