/* The bytes of one source file as UTF-8 text: opened, unpacked (gzip, zstd), converted from the file's
 * encoding. Bytes that the encoding does not know come out as the byte 0xFF, which no UTF-8 holds: so whoever
 * checks the text finds them at their place. Text of UTF-8 files is passed on unchecked. */
#ifndef MIG_READER_INPUT_H
#define MIG_READER_INPUT_H

#include "runtime/reader/reader_internal.h"

struct input;

/* encoding: IANA name, or empty for UTF-8 and UTF-16 told by their marks. The file must outlive the input.
 * NULL with a diagnostic. */
struct input *input_open(const struct source_file *file, struct str encoding,
                         const struct reader_limits *limits, struct diag_list *diags);
/* Up to cap (> 0) bytes of text: their number, 0 at the end, -1 with a diagnostic. */
ptrdiff_t input_read(struct input *input, char *to, size_t cap, struct diag_list *diags);
/* Bytes of the stored file taken so far. */
uint64_t input_stored_bytes(const struct input *input);
/* True when offsets in the text are offsets in the file (after a UTF-8 mark of input_mark_bytes). */
bool input_is_plain(const struct input *input);
uint32_t input_mark_bytes(const struct input *input);
void input_close(struct input *input);

#endif
