/* Profiles as one HTML page: no scripts, no other files, histograms as inline SVG. */
#include "runtime/profile/report.h"

#include "runtime/profile/personal.h"

static const char STYLE[] =
    ":root{--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;--back:#f4f6f9;--bar:#3b73b9;--warn:#"
    "8a5a00;"
    "--warnback:#fff4d6}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa6b5;--line:#343c48;--paper:#1b2129;"
    "--back:#12171d;--bar:#6ba4ea;--warn:#ffd27a;--warnback:#3a2f14}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
    "main{max-width:1200px;margin:0 auto;padding:1rem}"
    "h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.2rem;margin:2rem 0 .25rem;overflow-wrap:anywhere}"
    "h3{font-size:1rem;margin:0;overflow-wrap:anywhere}"
    "p{margin:.25rem 0}.soft{color:var(--soft);overflow-wrap:anywhere}"
    "nav ul{padding-left:1.2rem;margin:.5rem 0}a{color:var(--bar)}"
    ".grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:.75rem;"
    "margin-top:.75rem}"
    "article{background:var(--paper);border:1px solid "
    "var(--line);border-radius:8px;padding:.75rem;min-width:0}"
    "dl{display:grid;grid-template-columns:5.5rem minmax(0,1fr);gap:.1rem .5rem;margin:.5rem "
    "0;font-size:.9rem}"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}"
    "code{font:.85em ui-monospace,monospace;background:var(--back);border-radius:3px;padding:0 .2em;"
    "overflow-wrap:anywhere;white-space:pre-wrap}"
    "table{border-collapse:collapse;width:100%;font-size:.85rem;table-layout:fixed}"
    "td{padding:.1rem .25rem;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}"
    "td.n{width:5rem;text-align:right;font-variant-numeric:tabular-nums}"
    "td.b{width:28%}td.b "
    "i{display:block;height:.7em;margin-top:.35em;background:var(--bar);border-radius:2px}"
    "svg{display:block;width:100%;height:64px}svg rect{fill:var(--bar)}"
    ".ends{display:flex;justify-content:space-between;gap:1rem;font-size:.8rem;color:var(--soft)}"
    "caption{text-align:left;color:var(--soft);padding:.3rem 0 0}"
    ".warn{overflow-wrap:anywhere;background:var(--warnback);color:var(--warn);border-radius:4px;padding:."
    "1rem "
    ".4rem;font-size:.85rem;"
    "margin:.2rem 0}";

static void put(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len; i++)
        switch (text.ptr[i]) {
        case '<': buf_append_cstr(out, "&lt;"); break;
        case '>': buf_append_cstr(out, "&gt;"); break;
        case '&': buf_append_cstr(out, "&amp;"); break;
        case '"': buf_append_cstr(out, "&quot;"); break;
        case '\'': buf_append_cstr(out, "&#39;"); break;
        default: buf_append_char(out, text.ptr[i]);
        }
}

static void put_in(struct buf *out, const char *before, struct str text, const char *after) {
    buf_append_cstr(out, before);
    put(out, text);
    buf_append_cstr(out, after);
}

static void put_term(struct buf *out, const char *term, struct str text) {
    buf_printf(out, "<dt>%s</dt>", term);
    put_in(out, "<dd>", text, "</dd>\n");
}

static void put_types(struct buf *out, struct arena *arena, const struct column_profile *column,
                      const struct report_options *options) {
    const struct guess *type = column_type(column), *closest = &column->answers[0];
    buf_append_cstr(out, "<dt>type</dt><dd>");
    put_in(out, "<b>", report_type(arena, type), "</b>");
    if (type->kind != GUESS_TEXT && type->share < 1)
        put_in(out, " (", report_share(arena, type->share), " fit)");
    for (uint32_t i = 0; i < column->answer_count; i++) {
        const struct guess *other = &column->answers[i];
        if (other == type || other->kind == GUESS_TEXT) continue;
        put_in(out, "; ", report_type(arena, other), " ");
        put(out, report_share(arena, other->share));
    }
    buf_append_cstr(out, "</dd>\n");
    if (closest->candidate == NULL || closest->candidate->misfits == 0) return;
    buf_printf(out, "<dt>not fitting</dt><dd>");
    for (uint32_t i = 0; i < GUESS_MISFITS && i < closest->candidate->misfits; i++) {
        const struct guess_text *text = &closest->candidate->misfit[i];
        put_in(out, i ? ", <code>" : "<code>",
               report_value(arena, column, options, str_from(text->bytes, text->len), text->cut), "</code>");
        put_in(out, " in row ", report_count(arena, closest->candidate->misfit_row[i]), "");
    }
    buf_append_cstr(out, "</dd>\n");
}

static void put_facts(struct buf *out, struct arena *arena, const struct column_profile *column,
                      const struct report_options *options) {
    struct buf line = {0};
    buf_append_cstr(out, "<dl>\n");
    buf_printf(&line, "%.*s", STR_ARG(report_count(arena, column->values)));
    if (column->nulls) buf_printf(&line, ", %.*s null", STR_ARG(report_count(arena, column->nulls)));
    if (column->empty) buf_printf(&line, ", %.*s empty", STR_ARG(report_count(arena, column->empty)));
    if (column->blank) buf_printf(&line, ", %.*s blank", STR_ARG(report_count(arena, column->blank)));
    put_term(out, "values", buf_str(&line));
    buf_release(&line);
    put_term(out, "distinct", report_distinct(arena, column));
    if (column->values) {
        const struct guess *type = column_type(column);
        const struct guess_text *lo = &column->text_min, *hi = &column->text_max;
        if (type->candidate && type->candidate->hi > type->candidate->lo) {
            lo = &type->candidate->lo_text;
            hi = &type->candidate->hi_text;
        }
        put_types(out, arena, column, options);
        if (!column->nested) {
            buf_append_cstr(out, "<dt>range</dt><dd>");
            put_in(out, "<code>", report_value(arena, column, options, str_from(lo->bytes, lo->len), lo->cut),
                   "</code> to ");
            put_in(out, "<code>", report_value(arena, column, options, str_from(hi->bytes, hi->len), hi->cut),
                   "</code></dd>\n");
        }
        put_term(out, "length",
                 column->length_min == column->length_max
                     ? arena_printf(arena, "%u", column->length_min)
                     : arena_printf(arena, "%u to %u", column->length_min, column->length_max));
    }
    buf_append_cstr(out, "</dl>\n");
}

static void put_table(struct buf *out, struct arena *arena, const char *title,
                      const struct column_profile *column, const struct counted *counted, uint32_t limit,
                      const struct report_options *options) {
    const struct counted_value **top;
    uint32_t n = counted_top(counted, arena, limit, &top);
    if (n == 0) return;
    buf_printf(out, "<table><caption>%s</caption><tbody>\n", title);
    for (uint32_t i = 0; i < n; i++) {
        struct str text = str_from(top[i]->text, top[i]->len);
        if (options) text = report_value(arena, column, options, text, top[i]->cut);
        put_in(out, "<tr><td><code>", text, "</code></td>");
        put_in(out, counted->missed ? "<td class=\"n\">&ge;" : "<td class=\"n\">",
               report_count(arena, top[i]->count), "</td>");
        buf_printf(out, "<td class=\"b\"><i style=\"width:%.1f%%\"></i></td></tr>\n",
                   100.0 * (double)top[i]->count / (double)top[0]->count);
    }
    buf_append_cstr(out, "</tbody></table>\n");
    if (counted->count > n)
        buf_printf(out, "<p class=\"soft\">and %s%u more %s</p>\n", counted->missed ? "at least " : "",
                   counted->count - n, title);
}

static void put_histogram(struct buf *out, const struct column_profile *column,
                          const struct report_options *options) {
    uint64_t most = 0;
    for (uint32_t i = 0; i < column->bar_count; i++)
        if (column->bars[i] > most) most = column->bars[i];
    if (column->bar_count < 2 || most == 0) return;
    bool of_values = str_is(column->bars_of, "value");
    buf_printf(out,
               "<svg viewBox=\"0 0 %u 64\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"histogram "
               "of %s\">",
               column->bar_count * 10, of_values ? "values" : "lengths");
    for (uint32_t i = 0; i < column->bar_count; i++) {
        if (column->bars[i] == 0) continue;
        double height = 2 + 60.0 * (double)column->bars[i] / (double)most;
        buf_printf(out, "<rect x=\"%u\" y=\"%.1f\" width=\"9\" height=\"%.1f\"><title>%llu</title></rect>",
                   i * 10, 64 - height, height, (unsigned long long)column->bars[i]);
    }
    bool masked = of_values && report_masks(column, options);
    put_in(out, "</svg>\n<div class=\"ends\"><span>", masked ? STR("***") : column->bars_from, "</span>");
    buf_printf(out, "<span>%s%s</span>", of_values ? "values" : "lengths",
               column->bars_sampled ? ", of a sample" : "");
    put_in(out, "<span>", masked ? STR("***") : column->bars_to, "</span></div>\n");
}

static void put_column(struct buf *out, const struct column_profile *column,
                       const struct report_options *options) {
    struct arena arena = {0};
    struct report_remarks remarks = report_remarks(&arena, column);
    put_in(out, "<article>\n<h3>", column->from.len ? column->from : column->name, "</h3>\n");
    for (uint32_t i = 0; i < remarks.count; i++)
        put_in(out, "<p class=\"warn\">", remarks.list[i], "</p>\n");
    put_facts(out, &arena, column, options);
    put_histogram(out, column, options);
    if (!column->nested && column->values) {
        put_table(out, &arena, "patterns", column, &column->patterns, REPORT_PATTERNS, NULL);
        if (column->distinct.count < column->values || column->values <= REPORT_TOP)
            put_table(out, &arena, "values", column, &column->top, REPORT_TOP, options);
    }
    buf_append_cstr(out, "</article>\n");
    arena_release(&arena);
}

static void put_profile(struct buf *out, const struct table_profile *profile, uint32_t number,
                        const struct report_options *options) {
    struct arena arena = {0};
    buf_printf(out, "<section id=\"t%u\">\n", number);
    put_in(out, "<h2>", profile->name, "</h2>\n");
    put_in(out, "<p class=\"soft\">", profile->source->location, "");
    put_in(out, " (", report_source(&arena, profile), ")</p>\n");
    put_in(out, "<p>", report_count(&arena, profile->rows), " rows");
    if (profile->child_rows)
        put_in(out, ", ", report_count(&arena, profile->child_rows), " of them below others");
    buf_printf(out, ", %u columns</p>\n", profile->column_count);
    if (profile->ragged)
        put_in(out, "<p class=\"warn\">", report_count(&arena, profile->ragged),
               " rows with too few or too many fields</p>\n");
    if (profile->malformed)
        put_in(out, "<p class=\"warn\">", report_count(&arena, profile->malformed), " malformed rows</p>\n");
    if (profile->bad_encoding)
        put_in(out, "<p class=\"warn\">", report_count(&arena, profile->bad_encoding),
               " rows with bytes that are not of the encoding</p>\n");
    for (uint32_t i = 0; i < profile->fault_example_count; i++)
        put_in(out, "<p class=\"soft\">", profile->fault_examples[i], "</p>\n");
    buf_append_cstr(out, "<div class=\"grid\">\n");
    for (uint32_t i = 0; i < profile->column_count; i++)
        put_column(out, &profile->columns[i], options);
    buf_append_cstr(out, "</div>\n</section>\n");
    arena_release(&arena);
}

void profile_write_html(const struct table_profile *const *profiles, uint32_t count, const struct str *notes,
                        uint32_t note_count, const struct report_options *options, struct buf *out) {
    bool masked = false;
    buf_printf(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        "<link rel=\"icon\" href=\"data:,\"><title>Profile</title>\n<style>%s</style></head>\n<body><main>\n"
        "<h1>Profile</h1>\n",
        STYLE);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t c = 0; c < profiles[i]->column_count; c++)
            masked = masked || report_masks(&profiles[i]->columns[c], options);
    if (masked)
        buf_append_cstr(out, "<p>Values of columns that seem to hold personal data are masked.</p>\n");
    for (uint32_t i = 0; i < note_count; i++)
        put_in(out, "<p class=\"warn\">", notes[i], "</p>\n");
    if (count > 1) {
        buf_append_cstr(out, "<nav aria-label=\"tables\"><ul>\n");
        for (uint32_t i = 0; i < count; i++) {
            struct arena arena = {0};
            buf_printf(out, "<li><a href=\"#t%u\">", i);
            put(out, profiles[i]->name);
            put_in(out, "</a> <span class=\"soft\">", report_count(&arena, profiles[i]->rows),
                   " rows</span></li>\n");
            arena_release(&arena);
        }
        buf_append_cstr(out, "</ul></nav>\n");
    }
    for (uint32_t i = 0; i < count; i++)
        put_profile(out, profiles[i], i, options);
    buf_append_cstr(out, "</main></body></html>\n");
}
