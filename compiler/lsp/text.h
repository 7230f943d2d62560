/* Texts as the protocol sees them: lines that end with LF, CR LF or CR, columns in UTF-16 units; and file
 * URIs. Inside, everything is a byte offset. */
#ifndef MIG_LSP_TEXT_H
#define MIG_LSP_TEXT_H

#include "runtime/base/buf.h"
#include "runtime/base/source_text.h"
#include "runtime/base/vec.h"

#include <cjson/cJSON.h>

struct lsp_text {
    struct str text; /* UTF-8 */
    VEC(uint32_t) lines;
};

/* lines live in the arena, text is not copied. */
void lsp_text_init(struct lsp_text *lines, struct arena *arena, struct str text);
/* Places past a line's end are its end, past the text's end the text's end; a place within a character is
 * its start. */
void lsp_text_position(const struct lsp_text *text, uint32_t offset, uint32_t *line, uint32_t *character);
/* {"start": …, "end": …} */
cJSON *lsp_text_range(const struct lsp_text *text, uint32_t start, uint32_t end);
/* False when it is no position. */
bool lsp_text_read_position(const struct lsp_text *text, const cJSON *position, uint32_t *offset);

/* file:///a/b%20c to /a/b c. False: not a file of this machine. */
bool lsp_uri_to_path(struct arena *arena, struct str uri, struct str *path);
struct str lsp_path_to_uri(struct arena *arena, struct str path);
/* Absolute paths without `.`, `..` and doubled slashes; nothing is looked up. */
struct str lsp_path_join(struct arena *arena, struct str folder, struct str path);
struct str lsp_path_folder(struct str path);

#endif
