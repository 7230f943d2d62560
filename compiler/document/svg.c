/* The lineage as SVG that takes its colours from the page. */
#include "compiler/document/page.h"

enum {
    BOX_WIDTH = 226,
    BOX_HEIGHT = 38,
    ROW_HEIGHT = 52,
    GAP = 102, /* between columns */
    TOP = 34,
    MARGIN = 8,
    MOST_CHARACTERS = 29
};

static double box_x(enum lineage_kind kind) {
    return MARGIN + (double)kind * (BOX_WIDTH + GAP);
}

static double row_y(double row) {
    return TOP + row * ROW_HEIGHT + ROW_HEIGHT / 2.0;
}

/* The first characters, by code points; … where some are cut off. */
static void append_short(struct buf *out, struct str text, uint32_t most) {
    uint32_t count = 0;
    size_t at = 0, kept = 0;
    while (at < text.len) {
        size_t next = at + 1;
        while (next < text.len && ((unsigned char)text.ptr[next] & 0xc0) == 0x80)
            next++;
        if (++count == most) kept = at;
        if (count > most) {
            html_append(out, str_from(text.ptr, kept));
            buf_append_cstr(out, "…");
            return;
        }
        at = next;
    }
    html_append(out, text);
}

static void append_edge(struct buf *out, const struct lineage *lineage, const struct lineage_edge *edge) {
    const struct lineage_node *from = &lineage->nodes.items[edge->from];
    const struct lineage_node *to = &lineage->nodes.items[edge->to];
    const char *class = edge->finds ? "finds" : "flows";
    double y1 = row_y(from->y), y2 = row_y(to->y);
    double x1 = box_x(from->kind) + BOX_WIDTH, x2 = box_x(to->kind);
    if (from->kind == to->kind) { /* of maps: an arc on their right */
        double rows = to->y > from->y ? to->y - from->y : from->y - to->y;
        double reach = 22 + 12 * rows > GAP - 14 ? GAP - 14 : 22 + 12 * rows;
        double shift = to->y > from->y ? 9 : -9;
        buf_printf(
            out,
            "<path class=\"%s\" marker-end=\"url(#%s)\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>\n",
            class, class, x1, y1 + shift, x1 + reach, y1 + shift, x1 + reach, y2 - shift, x1 + 5, y2 - shift);
        return;
    }
    double middle = (x1 + x2) / 2;
    buf_printf(
        out, "<path class=\"%s\" marker-end=\"url(#%s)\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>\n",
        class, class, x1, y1, middle, y1, middle, y2, x2 - 5, y2);
}

static void append_node(struct buf *out, const struct lineage_node *node) {
    static const char *const CLASSES[] = {"source", "map", "table"};
    double x = box_x(node->kind), y = row_y(node->y);
    bool links = node->kind != LINEAGE_TABLE && !node->looked_up;
    if (links) {
        buf_append_cstr(out, "<a href=\"#");
        html_append(out, node->anchor);
        buf_append_cstr(out, "\">");
    }
    buf_printf(out, "<g class=\"%s\"><title>", node->looked_up ? "looked" : CLASSES[node->kind]);
    html_append(out, node->label);
    if (node->detail.len) {
        buf_append_cstr(out, ", ");
        html_append(out, node->detail);
    }
    buf_printf(out, "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" rx=\"6\"/>", x,
               y - BOX_HEIGHT / 2.0, BOX_WIDTH, BOX_HEIGHT);
    buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\">", x + 12, y + (node->detail.len ? -2 : 4.5));
    append_short(out, node->label, MOST_CHARACTERS);
    buf_append_cstr(out, "</text>");
    if (node->detail.len) {
        buf_printf(out, "<text class=\"detail\" x=\"%.1f\" y=\"%.1f\">", x + 12, y + 13.0);
        append_short(out, node->detail, MOST_CHARACTERS + 6);
        buf_append_cstr(out, "</text>");
    }
    buf_append_cstr(out, links ? "</g></a>\n" : "</g>\n");
}

static void append_marker(struct buf *out, const char *class) {
    buf_printf(out,
               "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"3\" refY=\"4\" markerWidth=\"7\" "
               "markerHeight=\"7\" orient=\"auto-start-reverse\"><path class=\"head-%s\" "
               "d=\"M0 0.6L7 4L0 7.4z\"/></marker>",
               class, class);
}

void lineage_render_svg(const struct lineage *lineage, struct buf *out) {
    static const char *const HEADS[] = {"Sources", "Maps, in their order", "Target tables"};
    double width = box_x(LINEAGE_TABLE) + BOX_WIDTH + MARGIN, height = TOP + lineage->rows * ROW_HEIGHT + 6;
    buf_printf(out,
               "<svg class=\"lineage\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" "
               "aria-label=\"Which sources feed which maps, and which tables they fill\">\n<defs>",
               width, height, width, height);
    append_marker(out, "flows");
    append_marker(out, "finds");
    buf_append_cstr(out, "</defs>\n");
    for (int kind = LINEAGE_SOURCE; kind <= LINEAGE_TABLE; kind++)
        buf_printf(out, "<text class=\"column\" x=\"%.1f\" y=\"18\">%s</text>\n",
                   box_x((enum lineage_kind)kind), HEADS[kind]);
    for (uint32_t i = 0; i < lineage->edges.count; i++)
        append_edge(out, lineage, &lineage->edges.items[i]);
    for (uint32_t i = 0; i < lineage->nodes.count; i++)
        append_node(out, &lineage->nodes.items[i]);
    buf_append_cstr(out, "</svg>\n");
}
