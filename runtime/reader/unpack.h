/* The stored bytes of a file, unpacked when they are gzip (RFC 1952, several members) or zstd (RFC 8878). */
#ifndef MIG_READER_UNPACK_H
#define MIG_READER_UNPACK_H

#include "runtime/reader/reader_internal.h"

struct unpack;

/* Told apart by the first bytes; a name in .gz or .zst must hold what it says. NULL with a diagnostic. */
struct unpack *unpack_open(const struct source_file *file, const struct reader_limits *limits,
                           struct diag_list *diags);
/* Up to cap (> 0) bytes: their number, 0 at the end, -1 with a diagnostic. A file that is cut short is an
 * error, never an end. */
ptrdiff_t unpack_read(struct unpack *unpack, char *to, size_t cap, struct diag_list *diags);
uint64_t unpack_stored_bytes(const struct unpack *unpack);
bool unpack_is_plain(const struct unpack *unpack);
void unpack_close(struct unpack *unpack);

#endif
