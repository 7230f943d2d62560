/* Reading and unpacking stored bytes. A packed file is read in pieces and may unpack only to so many times
 * its size: what goes beyond is taken for a bomb. */
#include "runtime/reader/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { PACKED_BLOCK = 64 * 1024, SMALL_ENOUGH = 1024 * 1024 };
enum packing { PLAIN, GZIP, ZSTD };

struct unpack {
    const struct source_file *file;
    const struct reader_limits *limits;
    int fd;
    enum packing packing;
    bool stored_end; /* of the file */
    bool between;    /* at the border of two gzip members or zstd frames */
    bool started;
    char *block; /* stored bytes not yet taken: block[at..len) */
    size_t at, len;
    uint64_t stored;   /* bytes read from the file */
    uint64_t unpacked; /* bytes given out */
    z_stream gzip;
    ZSTD_DStream *zstd;
};

static bool fail_read(const struct unpack *u, struct diag_list *diags) {
    struct diag *d =
        reader_error(diags, X_FILE_UNREADABLE, u->file->name, "could not read the file: %s", strerror(errno));
    diag_help(diags, d, "the reading stopped at byte %llu", (unsigned long long)u->stored);
    return false;
}

static ptrdiff_t read_stored(struct unpack *u, char *to, size_t cap, struct diag_list *diags) {
    ssize_t n;
    do
        n = read(u->fd, to, cap);
    while (n < 0 && errno == EINTR);
    if (n < 0) return fail_read(u, diags), -1;
    if (n == 0) u->stored_end = true;
    u->stored += (uint64_t)n;
    return n;
}

static bool refill(struct unpack *u, struct diag_list *diags) {
    if (u->at < u->len || u->stored_end) return true;
    ptrdiff_t n = read_stored(u, u->block, PACKED_BLOCK, diags);
    if (n < 0) return false;
    u->at = 0;
    u->len = (size_t)n;
    return true;
}

static bool fail_damaged(const struct unpack *u, const char *what, struct diag_list *diags) {
    uint64_t at = u->stored - (u->len - u->at);
    struct str place =
        arena_printf(diags->arena, "%.*s byte %llu", STR_ARG(u->file->name), (unsigned long long)at);
    struct diag *d = reader_error(diags, X_PACKED_DAMAGED, place, "the %s data %s",
                                  u->packing == GZIP ? "gzip" : "zstd", what);
    diag_help(diags, d, "fetch the file again, or test it with `%s -t`",
              u->packing == GZIP ? "gzip" : "zstd");
    return false;
}

static bool fail_bomb(const struct unpack *u, struct diag_list *diags) {
    struct diag *d =
        reader_error(diags, X_UNPACK_LIMIT, u->file->name, "the file unpacks to more than %zu times its size",
                     u->limits->max_unpacked_ratio);
    diag_help(diags, d, "if it really is data, unpack it first and read the unpacked file");
    return false;
}

static bool begins_with(const struct unpack *u, const char *magic, size_t len) {
    return u->len - u->at >= len && memcmp(u->block + u->at, magic, len) == 0;
}

static bool start_packing(struct unpack *u, struct diag_list *diags) {
    /* A pipe may give less than the magic bytes at once. */
    while (u->len < 4 && !u->stored_end) {
        ptrdiff_t n = read_stored(u, u->block + u->len, PACKED_BLOCK - u->len, diags);
        if (n < 0) return false;
        u->len += (size_t)n;
    }
    if (begins_with(u, "\x1f\x8b", 2))
        u->packing = GZIP;
    else if (begins_with(u, "\x28\xb5\x2f\xfd", 4))
        u->packing = ZSTD;
    bool wants_gzip = str_ends_with(u->file->name, STR(".gz")),
         wants_zstd = str_ends_with(u->file->name, STR(".zst"));
    if ((wants_gzip && u->packing != GZIP) || (wants_zstd && u->packing != ZSTD)) {
        u->packing = wants_gzip ? GZIP : ZSTD;
        return fail_damaged(u, u->len ? "does not begin as such data does" : "is missing: the file is empty",
                            diags);
    }
    if (u->packing == GZIP && inflateInit2(&u->gzip, 15 + 16) != Z_OK) memory_exhausted(sizeof u->gzip);
    if (u->packing == ZSTD && (u->zstd = ZSTD_createDStream()) == NULL) memory_exhausted(sizeof u->gzip);
    u->started = true;
    return true;
}

struct unpack *unpack_open(const struct source_file *file, const struct reader_limits *limits,
                           struct diag_list *diags) {
    struct unpack *u = memory_zalloc(sizeof *u);
    u->file = file;
    u->limits = limits;
    u->block = memory_alloc(PACKED_BLOCK);
    u->fd = file->path[0] ? open(file->path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (u->fd < 0)
        fail_read(u, diags);
    else if (start_packing(u, diags))
        return u;
    unpack_close(u);
    return NULL;
}

static ptrdiff_t read_plain(struct unpack *u, char *to, size_t cap, struct diag_list *diags) {
    if (u->at < u->len) {
        size_t n = u->len - u->at < cap ? u->len - u->at : cap;
        memcpy(to, u->block + u->at, n);
        u->at += n;
        return (ptrdiff_t)n;
    }
    return u->stored_end ? 0 : read_stored(u, to, cap, diags);
}

/* Behind a member: the next one, zeros that fill up a tape block, or rubbish. */
static bool next_gzip_member(struct unpack *u, struct diag_list *diags) {
    for (;;) {
        if (!refill(u, diags)) return false;
        if (u->at == u->len) return true;
        if (u->block[u->at] != 0) break;
        u->at++;
    }
    u->between = false;
    if ((unsigned char)u->block[u->at] != 0x1f)
        return fail_damaged(u, "has other bytes behind its end", diags);
    inflateReset(&u->gzip);
    return true;
}

static ptrdiff_t read_gzip(struct unpack *u, char *to, size_t cap, struct diag_list *diags) {
    u->gzip.next_out = (Bytef *)to;
    u->gzip.avail_out = cap > UINT32_MAX ? UINT32_MAX : (uInt)cap;
    uInt room = u->gzip.avail_out;
    while (u->gzip.avail_out == room) {
        if (u->between && !next_gzip_member(u, diags)) return -1;
        if (!refill(u, diags)) return -1;
        if (u->at == u->len && u->between) return 0;
        if (u->at == u->len) return fail_damaged(u, "is cut short", diags), -1;
        u->gzip.next_in = (Bytef *)u->block + u->at;
        u->gzip.avail_in = (uInt)(u->len - u->at);
        int result = inflate(&u->gzip, Z_NO_FLUSH);
        u->at = u->len - u->gzip.avail_in;
        if (result == Z_STREAM_END)
            u->between = true;
        else if (result == Z_MEM_ERROR)
            memory_exhausted(cap);
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return fail_damaged(u, "is damaged", diags), -1;
    }
    return (ptrdiff_t)(room - u->gzip.avail_out);
}

static ptrdiff_t read_zstd(struct unpack *u, char *to, size_t cap, struct diag_list *diags) {
    ZSTD_outBuffer out = {to, cap, 0};
    while (out.pos == 0) {
        if (!refill(u, diags)) return -1;
        ZSTD_inBuffer in = {u->block, u->len, u->at};
        /* Without more input there may still be output inside the decoder. */
        if (u->at == u->len && u->between) return 0;
        size_t before = in.pos, result = ZSTD_decompressStream(u->zstd, &out, &in);
        u->at = in.pos;
        if (ZSTD_isError(result)) return fail_damaged(u, "is damaged", diags), -1;
        u->between = result == 0;
        if (u->at == u->len && u->stored_end && out.pos == 0 && !u->between && in.pos == before)
            return fail_damaged(u, "is cut short", diags), -1;
    }
    return (ptrdiff_t)out.pos;
}

ptrdiff_t unpack_read(struct unpack *u, char *to, size_t cap, struct diag_list *diags) {
    if (u->packing == PLAIN) return read_plain(u, to, cap, diags);
    ptrdiff_t n = u->packing == GZIP ? read_gzip(u, to, cap, diags) : read_zstd(u, to, cap, diags);
    if (n <= 0) return n;
    u->unpacked += (uint64_t)n;
    uint64_t taken = unpack_stored_bytes(u);
    if (u->unpacked > SMALL_ENOUGH && u->unpacked / u->limits->max_unpacked_ratio > taken)
        return fail_bomb(u, diags), -1;
    return n;
}

uint64_t unpack_stored_bytes(const struct unpack *u) {
    return u->stored - (u->len - u->at);
}

bool unpack_is_plain(const struct unpack *u) {
    return u->packing == PLAIN;
}

void unpack_close(struct unpack *u) {
    if (u == NULL) return;
    if (u->fd > STDIN_FILENO) close(u->fd);
    if (u->started && u->packing == GZIP) inflateEnd(&u->gzip);
    ZSTD_freeDStream(u->zstd);
    free(u->block);
    free(u);
}
