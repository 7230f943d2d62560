/* Positions and file names. */
#include "compiler/lsp/text.h"

#include "runtime/base/utf8.h"

void lsp_text_init(struct lsp_text *lines, struct arena *arena, struct str text) {
    *lines = (struct lsp_text){.text = text};
    VEC_PUSH(arena, &lines->lines, 0);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n') i++;
        if (text.ptr[i] == '\n' || text.ptr[i] == '\r') VEC_PUSH(arena, &lines->lines, (uint32_t)i + 1);
    }
}

static uint32_t lsp_text_offset(const struct lsp_text *text, uint32_t line, uint32_t character) {
    if (line >= text->lines.count) return (uint32_t)text->text.len;
    size_t at = text->lines.items[line];
    while (character > 0 && at < text->text.len && text->text.ptr[at] != '\n' && text->text.ptr[at] != '\r') {
        size_t next = at;
        uint32_t units = utf8_next(text->text, &next) > 0xFFFF ? 2 : 1;
        if (units > character) break;
        character -= units;
        at = next;
    }
    return (uint32_t)at;
}

void lsp_text_position(const struct lsp_text *text, uint32_t offset, uint32_t *line, uint32_t *character) {
    uint32_t low = 0, high = text->lines.count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (text->lines.items[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *line = low;
    *character = 0;
    for (size_t at = text->lines.items[low]; at < offset && at < text->text.len;)
        *character += utf8_next(text->text, &at) > 0xFFFF ? 2 : 1;
}

static cJSON *position_json(const struct lsp_text *text, uint32_t offset) {
    uint32_t line, character;
    lsp_text_position(text, offset, &line, &character);
    cJSON *position = cJSON_CreateObject();
    cJSON_AddNumberToObject(position, "line", line);
    cJSON_AddNumberToObject(position, "character", character);
    return position;
}

cJSON *lsp_text_range(const struct lsp_text *text, uint32_t start, uint32_t end) {
    cJSON *range = cJSON_CreateObject();
    cJSON_AddItemToObject(range, "start", position_json(text, start));
    cJSON_AddItemToObject(range, "end", position_json(text, end));
    return range;
}

static bool read_count(const cJSON *number, uint32_t *count) {
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0)) return false;
    *count = number->valuedouble > INT32_MAX ? INT32_MAX : (uint32_t)number->valuedouble;
    return true;
}

bool lsp_text_read_position(const struct lsp_text *text, const cJSON *position, uint32_t *offset) {
    uint32_t line, character;
    if (!read_count(cJSON_GetObjectItemCaseSensitive(position, "line"), &line) ||
        !read_count(cJSON_GetObjectItemCaseSensitive(position, "character"), &character))
        return false;
    *offset = lsp_text_offset(text, line, character);
    return true;
}

/* ---------------------------------------------------------------- names of files */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool lsp_uri_to_path(struct arena *arena, struct str uri, struct str *path) {
    struct str rest = uri;
    if (!str_starts_with(uri, STR("file://"))) return false;
    rest.ptr += 7, rest.len -= 7;
    if (str_starts_with(rest, STR("localhost/"))) rest.ptr += 9, rest.len -= 9;
    if (rest.len == 0 || rest.ptr[0] != '/') return false;
    struct buf text = {0};
    for (size_t i = 0; i < rest.len; i++) {
        int high = i + 2 < rest.len && rest.ptr[i] == '%' ? hex_digit(rest.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(rest.ptr[i + 2]) : -1;
        if (low >= 0) i += 2;
        buf_append_char(&text, low >= 0 ? (char)(high * 16 + low) : rest.ptr[i]);
    }
    bool fine = memchr(text.ptr, '\0', text.len) == NULL;
    if (fine) *path = lsp_path_join(arena, STR("/"), buf_str(&text));
    buf_release(&text);
    return fine;
}

struct str lsp_path_to_uri(struct arena *arena, struct str path) {
    struct buf uri = {0};
    buf_append_cstr(&uri, "file://");
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != 0 && strchr("-._~/", c));
        if (plain)
            buf_append_char(&uri, (char)c);
        else
            buf_printf(&uri, "%%%02X", c);
    }
    struct str copy = arena_copy_str(arena, buf_str(&uri));
    buf_release(&uri);
    return copy;
}

struct str lsp_path_folder(struct str path) {
    size_t end = path.len;
    while (end > 0 && path.ptr[end - 1] != '/')
        end--;
    return str_from(path.ptr, end > 1 ? end - 1 : end);
}

struct str lsp_path_join(struct arena *arena, struct str folder, struct str path) {
    struct buf out = {0};
    struct str parts[2] = {path.len && path.ptr[0] == '/' ? STR("") : folder, path};
    for (int p = 0; p < 2; p++)
        for (size_t i = 0; i < parts[p].len;) {
            size_t end = i;
            while (end < parts[p].len && parts[p].ptr[end] != '/')
                end++;
            struct str part = str_from(parts[p].ptr + i, end - i);
            if (str_is(part, "..")) {
                while (out.len > 0 && out.ptr[--out.len] != '/') {
                }
            } else if (part.len && !str_is(part, ".")) {
                buf_append_char(&out, '/');
                buf_append_str(&out, part);
            }
            i = end + 1;
        }
    if (out.len == 0) buf_append_char(&out, '/');
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}
