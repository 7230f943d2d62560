/* Reading workbook.xml, its relations, styles.xml and sharedStrings.xml. */
#include "runtime/reader/xlsx_book.h"

#include "runtime/base/utf8.h"
#include "runtime/value/text.h"

#include <stdlib.h>

enum { MAX_STYLES = 65536 * 2 };

struct relation {
    struct str id, type, target;
};

struct custom_format {
    uint32_t id;
    enum xlsx_format format;
};

/* State of the parts' parsing. */
struct loading {
    struct xlsx_book *book;
    VEC(struct relation) relations;
    VEC(struct custom_format) formats;
    bool in_cell_styles;
    struct buf text; /* of the string being read */
    bool in_item, in_text;
    uint32_t phonetic; /* depth inside phonetic runs */
    struct arena arena;
};

static struct loading *loading_of(void *data) {
    return ((struct xlsx_feed *)data)->owner;
}

static struct str copy_attribute(struct arena *arena, const char **attributes, const char *name) {
    const char *value = xlsx_attribute(attributes, name);
    return value ? arena_copy_str(arena, str_cstr(value)) : STR("");
}

/* ---- relations */

static void relation_start(void *data, const char *name, const char **attributes) {
    struct loading *l = loading_of(data);
    if (strcmp(xlsx_local_name(name), "Relationship") != 0) return;
    struct relation r = {copy_attribute(&l->arena, attributes, "Id"),
                         copy_attribute(&l->arena, attributes, "Type"),
                         copy_attribute(&l->arena, attributes, "Target")};
    VEC_PUSH(&l->arena, &l->relations, r);
}

/* The part that a target names, seen from the folder of `from`: /xl/a.xml, a.xml, ../a.xml. */
static struct str resolve_target(struct arena *arena, struct str from, struct str target) {
    struct buf path = {0};
    const char *slash = memrchr(from.ptr, '/', from.len);
    if (target.len && target.ptr[0] == '/')
        target = str_from(target.ptr + 1, target.len - 1);
    else if (slash)
        buf_append(&path, from.ptr, (size_t)(slash - from.ptr) + 1);
    while (str_starts_with(target, STR("../")) || str_starts_with(target, STR("./"))) {
        bool up = target.ptr[1] == '.';
        target = str_from(target.ptr + (up ? 3 : 2), target.len - (up ? 3 : 2));
        if (up && path.len) path.len--;
        while (up && path.len && path.ptr[path.len - 1] != '/')
            path.len--;
    }
    buf_append_str(&path, target);
    struct str part = arena_copy_str(arena, buf_str(&path));
    buf_release(&path);
    return part;
}

static struct str relations_part(struct arena *arena, struct str part) {
    const char *slash = memrchr(part.ptr, '/', part.len);
    size_t folder = slash ? (size_t)(slash - part.ptr) + 1 : 0;
    return arena_printf(arena, "%.*s_rels/%.*s.rels", (int)folder, part.ptr, (int)(part.len - folder),
                        part.ptr + folder);
}

static bool run_part(struct loading *l, struct str part, XML_StartElementHandler start,
                     XML_EndElementHandler end, XML_CharacterDataHandler text, struct diag_list *diags) {
    struct xlsx_feed feed;
    bool good = xlsx_feed_open(&feed, &l->book->package, part, l->book->package.limits->max_unpacked_bytes,
                               start, end, text, l, diags) &&
                xlsx_feed_all(&feed, diags);
    xlsx_feed_close(&feed);
    return good;
}

static bool read_relations(struct loading *l, struct str of, struct diag_list *diags) {
    memset(&l->relations, 0, sizeof l->relations);
    return run_part(l, relations_part(&l->arena, of), relation_start, NULL, NULL, diags);
}

/* The target of the first relation of this type (its last path step). */
static bool find_relation(struct loading *l, struct str from, struct str type, struct str *part) {
    for (uint32_t i = 0; i < l->relations.count; i++)
        if (str_ends_with(l->relations.items[i].type, type)) {
            *part = resolve_target(&l->arena, from, l->relations.items[i].target);
            return true;
        }
    return false;
}

/* ---- the workbook */

static bool is_true(const char *value) {
    return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0 || strcmp(value, "on") == 0);
}

static void workbook_start(void *data, const char *name, const char **attributes) {
    struct loading *l = loading_of(data);
    name = xlsx_local_name(name);
    if (strcmp(name, "workbookPr") == 0) {
        /* Extensions have an element of this name too, without the attribute. */
        l->book->date1904 = l->book->date1904 || is_true(xlsx_attribute(attributes, "date1904"));
    } else if (strcmp(name, "sheet") == 0) {
        struct xlsx_sheet_entry sheet = {.title = copy_attribute(&l->book->arena, attributes, "name")};
        /* r:id, beside sheetId: with its prefix, whatever that is. */
        for (const char **a = attributes; a[0]; a += 2)
            if (strcmp(xlsx_local_name(a[0]), "id") == 0)
                sheet.relation = arena_copy_str(&l->book->arena, str_cstr(a[1]));
        VEC_PUSH(&l->book->arena, &l->book->sheets, sheet);
    }
}

static void place_sheets(struct loading *l, struct str workbook) {
    for (uint32_t i = 0; i < l->book->sheets.count; i++) {
        struct xlsx_sheet_entry *sheet = &l->book->sheets.items[i];
        sheet->part = STR("");
        for (uint32_t r = 0; r < l->relations.count; r++)
            if (str_eq(l->relations.items[r].id, sheet->relation))
                sheet->part = resolve_target(&l->book->arena, workbook, l->relations.items[r].target);
    }
}

/* ---- styles */

static enum xlsx_format find_format(const struct loading *l, uint32_t id) {
    for (uint32_t i = 0; i < l->formats.count; i++)
        if (l->formats.items[i].id == id) return l->formats.items[i].format;
    return xlsx_builtin_format(id);
}

static uint32_t number_attribute(const char **attributes, const char *name) {
    const char *value = xlsx_attribute(attributes, name);
    return value ? (uint32_t)strtoul(value, NULL, 10) : 0;
}

static void styles_start(void *data, const char *name, const char **attributes) {
    struct loading *l = loading_of(data);
    name = xlsx_local_name(name);
    if (strcmp(name, "numFmt") == 0) {
        const char *code = xlsx_attribute(attributes, "formatCode");
        struct custom_format format = {number_attribute(attributes, "numFmtId"),
                                       xlsx_format_of(str_cstr(code))};
        if (l->formats.count < MAX_STYLES) VEC_PUSH(&l->arena, &l->formats, format);
    } else if (strcmp(name, "cellXfs") == 0) {
        l->in_cell_styles = true;
    } else if (l->in_cell_styles && strcmp(name, "xf") == 0) {
        if (l->book->style_formats.count >= MAX_STYLES) xlsx_feed_refuse(data, "it has too many cell styles");
        uint8_t format = (uint8_t)find_format(l, number_attribute(attributes, "numFmtId"));
        VEC_PUSH(&l->book->arena, &l->book->style_formats, format);
    }
}

static void styles_end(void *data, const char *name) {
    if (strcmp(xlsx_local_name(name), "cellXfs") == 0) loading_of(data)->in_cell_styles = false;
}

/* ---- shared strings: runs are joined, what tells how to pronounce them is not */

static void strings_start(void *data, const char *name, const char **attributes) {
    struct loading *l = loading_of(data);
    (void)attributes;
    name = xlsx_local_name(name);
    if (strcmp(name, "si") == 0) {
        l->in_item = true;
        buf_clear(&l->text);
    } else if (strcmp(name, "rPh") == 0) {
        l->phonetic++;
    } else if (strcmp(name, "t") == 0) {
        l->in_text = l->in_item && l->phonetic == 0;
    }
}

static void strings_end(void *data, const char *name) {
    struct loading *l = loading_of(data);
    name = xlsx_local_name(name);
    if (strcmp(name, "si") == 0) {
        VEC_PUSH(&l->book->arena, &l->book->strings, xlsx_decode_text(&l->book->arena, buf_str(&l->text)));
        l->in_item = false;
    } else if (strcmp(name, "rPh") == 0 && l->phonetic) {
        l->phonetic--;
    } else if (strcmp(name, "t") == 0) {
        l->in_text = false;
    }
}

static void strings_text(void *data, const char *text, int len) {
    struct loading *l = loading_of(data);
    if (l->in_text) buf_append(&l->text, text, (size_t)len);
}

/* ---- all of it */

static bool load(struct loading *l, struct diag_list *diags) {
    struct str workbook, part;
    if (!xlsx_package_has(&l->book->package, STR("_rels/.rels"))) {
        struct diag *d = xlsx_error(&l->book->package, diags, "the file is a zip, but no xlsx workbook");
        diag_help(diags, d, "unpack it if it holds the data, or save the workbook as .xlsx");
        return false;
    }
    if (!read_relations(l, STR(""), diags)) return false;
    if (!find_relation(l, STR(""), STR("/officeDocument"), &workbook)) workbook = STR("xl/workbook.xml");
    if (str_ends_with(workbook, STR(".bin"))) {
        struct diag *d = xlsx_error(&l->book->package, diags, "the workbook is in the binary form (.xlsb)");
        diag_help(diags, d, "save it as .xlsx");
        return false;
    }
    if (!run_part(l, workbook, workbook_start, NULL, NULL, diags) || !read_relations(l, workbook, diags))
        return false;
    place_sheets(l, workbook);
    if (find_relation(l, workbook, STR("/styles"), &part) &&
        !run_part(l, part, styles_start, styles_end, NULL, diags))
        return false;
    if (find_relation(l, workbook, STR("/sharedStrings"), &part) &&
        !run_part(l, part, strings_start, strings_end, strings_text, diags))
        return false;
    return true;
}

bool xlsx_book_open(struct xlsx_book *book, const struct source_file *file,
                    const struct reader_limits *limits, struct diag_list *diags) {
    *book = (struct xlsx_book){0};
    struct loading l = {.book = book};
    bool good = xlsx_package_open(&book->package, file, limits, diags) && load(&l, diags);
    buf_release(&l.text);
    arena_release(&l.arena);
    return good;
}

void xlsx_book_close(struct xlsx_book *book) {
    xlsx_package_close(&book->package);
    arena_release(&book->arena);
}

static bool loosely_equal(struct str a, struct str b) {
    return diag_edit_distance(text_trim(a), text_trim(b)) == 0;
}

const struct xlsx_sheet_entry *xlsx_book_find_sheet(const struct xlsx_book *book, struct str title,
                                                    struct diag_list *diags) {
    uint32_t count = book->sheets.count;
    struct xlsx_sheet_entry *sheets = book->sheets.items;
    if (title.len == 0 && count == 1) return &sheets[0];
    for (uint32_t i = 0; i < count; i++)
        if (str_eq(sheets[i].title, title)) return &sheets[i];
    for (uint32_t i = 0; i < count; i++)
        if (loosely_equal(sheets[i].title, title)) return &sheets[i];
    struct str *titles = ARENA_ARRAY(diags->arena, struct str, count);
    for (uint32_t i = 0; i < count; i++)
        titles[i] = sheets[i].title;
    struct diag *d = reader_error(diags, X_MISSING_SHEET, book->package.file->name,
                                  title.len ? "the workbook has no sheet `%.*s`"
                                            : "the workbook has several sheets, and the spec names none%.*s",
                                  STR_ARG(title));
    struct str close = diag_closest_name(title, titles, count);
    if (close.len) diag_help(diags, d, "did you mean `%.*s`?", STR_ARG(close));
    diag_help(diags, d, "the workbook's sheets: %.*s", STR_ARG(list_names(diags->arena, titles, count)));
    return NULL;
}

static int32_t escaped_unit(struct str text, size_t at) {
    int32_t unit = 0;
    if (text.len - at < 7 || text.ptr[at + 1] != 'x' || text.ptr[at + 6] != '_') return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        char c = text.ptr[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                           : -1;
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit >= 0xd800 && unit < 0xe000 ? -1 : unit;
}

struct str xlsx_decode_text(struct arena *arena, struct str text) {
    if (text.len == 0) return STR("");
    char *out = arena_alloc(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len;) {
        int32_t unit = text.ptr[i] == '_' ? escaped_unit(text, i) : -1;
        if (unit < 0) {
            out[len++] = text.ptr[i++];
            continue;
        }
        len += utf8_encode(unit, out + len);
        i += 7;
    }
    return str_from(out, len);
}
