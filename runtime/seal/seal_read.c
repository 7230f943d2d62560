/* Reading sealed files. Everything in one is proven before it is used: order and number of the records by the
 * frames' numbers, segments by the tag before them. */
#include "runtime/seal/seal_internal.h"

#include "runtime/value/datetime.h"
#include "runtime/value/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct seal_reader {
    FILE *file;
    uint64_t left; /* bytes of it that are not read yet */
    char *path;
    struct seal_key key;
    struct seal_subject subject;
    int64_t now;
    struct seal_cipher *cipher; /* of the segment; NULL: before the first */
    int64_t expires_at;
    bool proven; /* the segment's head, by its first mark */
    uint8_t last[SEAL_TAG];
    struct seal_end end;
    struct buf bytes;
    struct arena arena; /* run and map names, for messages */
};

static enum seal_status fail(struct seal_reader *r, struct diag_list *diags, const char *what) {
    struct diag *diag =
        diag_report(diags, X_SEAL_TAMPERED, (struct span){0}, "the sealed quarantine was changed: %s", what);
    diag_place(diags, diag, "%s, after record %llu", r->path, (unsigned long long)r->end.records);
    diag_help(diags, diag,
              "Nothing of it is used. Take the file from a backup; its rows are also in the source, and "
              "`mig quarantine show` says which.");
    return SEAL_FAILED;
}

struct seal_reader *seal_reader_open(const char *path, const struct seal_key *key,
                                     const struct seal_subject *subject, int64_t now,
                                     struct diag_list *diags) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (file == NULL) {
        struct diag *diag = diag_report(diags, X_SEAL_MISSING, (struct span){0},
                                        "the sealed quarantine cannot be opened: %s", strerror(errno));
        diag_place(diags, diag, "%s", path);
        if (fd >= 0) close(fd);
        return NULL;
    }
    struct seal_reader *r = memory_zalloc(sizeof *r);
    struct stat info;
    r->file = file;
    r->left = fstat(fd, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
    r->path = arena_copy_cstr(&r->arena, str_cstr(path));
    r->key = *key;
    r->subject = *subject;
    r->subject.map = arena_copy_str(&r->arena, subject->map);
    r->now = now;
    return r;
}

void seal_reader_close(struct seal_reader *r) {
    if (r == NULL) return;
    fclose(r->file);
    seal_cipher_free(r->cipher);
    if (r->bytes.ptr) memset(r->bytes.ptr, 0, r->bytes.cap);
    buf_release(&r->bytes);
    seal_key_forget(&r->key);
    arena_release(&r->arena);
    free(r);
}

struct seal_end seal_reader_end(const struct seal_reader *r) {
    return r->end;
}

/* False: the file ends before. */
static bool take(struct seal_reader *r, void *bytes, size_t size) {
    if (size > r->left || fread(bytes, 1, size, r->file) != size) return false;
    r->left -= size;
    return true;
}

/* ---------------------------------------------------------------- heads */

static enum seal_status refuse_key(struct seal_reader *r, const struct seal_header *header,
                                   struct diag_list *diags) {
    char theirs[2 * SEAL_KEY_ID_BYTES + 1], ours[2 * SEAL_KEY_ID_BYTES + 1];
    for (int i = 0; i < SEAL_KEY_ID_BYTES; i++) {
        snprintf(theirs + 2 * i, 3, "%02x", header->key_id[i]);
        snprintf(ours + 2 * i, 3, "%02x", r->key.id[i]);
    }
    struct diag *diag =
        diag_report(diags, X_SEAL_OTHER_KEY, (struct span){0},
                    "the quarantine was sealed with another key: %s, and this is %s", theirs, ours);
    diag_place(diags, diag, "%s", r->path);
    diag_help(diags, diag, "Give the key that the run had in %s.", SEAL_KEY_VARIABLE);
    return SEAL_FAILED;
}

static enum seal_status refuse_subject(struct seal_reader *r, const struct seal_header *header,
                                       struct diag_list *diags) {
    struct str run = uuid_format(&r->arena, header->run_id);
    struct str what =
        arena_printf(&r->arena, "it is of map `%.*s` of run %.*s", STR_ARG(header->map), STR_ARG(run));
    return fail(r, diags, what.ptr);
}

static enum seal_status refuse_expired(struct seal_reader *r, struct diag_list *diags) {
    struct str at = timestamptz_format(&r->arena, r->expires_at);
    struct diag *diag = diag_report(diags, X_SEAL_EXPIRED, (struct span){0},
                                    "the sealed quarantine expired at %.*s", STR_ARG(at));
    diag_place(diags, diag, "%s", r->path);
    diag_help(diags, diag,
              "The environment's `retention` is over, so it is not opened. `mig purge` removes it; run the "
              "migration "
              "again to have the rows anew.");
    return SEAL_FAILED;
}

/* ROWS: go on. END: the file ends within the head. */
static enum seal_status read_header(struct seal_reader *r, uint8_t first, struct diag_list *diags) {
    uint8_t bytes[SEAL_MAX_HEADER] = {first};
    struct seal_header header;
    bool whole = take(r, bytes + 1, SEAL_FIXED_HEADER - 1);
    if (first != (uint8_t)SEAL_MAGIC[0] || (whole && memcmp(bytes, SEAL_MAGIC, SEAL_MAGIC_SIZE) != 0))
        return fail(r, diags, "what stands here is no part of a sealed file");
    if (!whole) return SEAL_END;
    size_t size = seal_header_size(bytes);
    if (size == 0) return fail(r, diags, "a segment's head is of another version, or broken");
    if (!take(r, bytes + SEAL_FIXED_HEADER, size - SEAL_FIXED_HEADER)) return SEAL_END;
    if (!seal_header_read(bytes, size, &header)) return fail(r, diags, "a segment's head is broken");
    if (memcmp(header.run_id.bytes, r->subject.run_id.bytes, 16) != 0 || !str_eq(header.map, r->subject.map))
        return refuse_subject(r, &header, diags);
    if (memcmp(header.key_id, r->key.id, SEAL_KEY_ID_BYTES) != 0) return refuse_key(r, &header, diags);
    if (header.first_record != r->end.records || memcmp(header.previous, r->last, SEAL_TAG) != 0)
        return fail(r, diags, "a segment does not follow on what stands before it");
    seal_cipher_free(r->cipher);
    r->cipher = seal_cipher_new(&r->key, bytes, size);
    r->expires_at = header.expires_at;
    r->proven = false;
    r->end.complete = false;
    return SEAL_RECORD;
}

/* ---------------------------------------------------------------- frames */

static enum seal_status open_frame(struct seal_reader *r, enum seal_kind kind, size_t size,
                                   const uint8_t tag[SEAL_TAG], struct diag_list *diags) {
    if (r->end.complete) return fail(r, diags, "something follows its end");
    if (!seal_cipher_open(r->cipher, kind, r->end.records, (uint8_t *)r->bytes.ptr, size, tag))
        return fail(r, diags, "a record does not fit its seal, or stands in another place");
    memcpy(r->last, tag, SEAL_TAG);
    if (kind != SEAL_KIND_RECORD) {
        if (size != SEAL_MARK_BYTES || seal_get((uint8_t *)r->bytes.ptr, SEAL_MARK_BYTES) != r->end.records)
            return fail(r, diags, "a mark names another number of records");
        r->end.marked = r->end.records;
        r->end.complete = kind == SEAL_KIND_END;
    } else if (!r->proven)
        return fail(r, diags, "a segment starts without its mark");
    r->proven = true;
    if (r->expires_at && r->expires_at <= r->now) return refuse_expired(r, diags);
    r->end.records += kind == SEAL_KIND_RECORD;
    return SEAL_RECORD;
}

enum seal_status seal_reader_next(struct seal_reader *r, struct str *record, struct diag_list *diags) {
    for (;;) {
        uint8_t kind, length[SEAL_FRAME_HEAD - 1], tag[SEAL_TAG];
        if (!take(r, &kind, 1)) return ferror(r->file) ? fail(r, diags, "it cannot be read") : SEAL_END;
        if (kind != SEAL_KIND_RECORD && kind != SEAL_KIND_MARK && kind != SEAL_KIND_END) {
            enum seal_status status = read_header(r, kind, diags);
            if (status != SEAL_RECORD) return status;
            continue;
        }
        if (r->cipher == NULL) return fail(r, diags, "it does not start as a sealed file does");
        if (!take(r, length, sizeof length)) return SEAL_END;
        size_t size = (size_t)seal_get(length, sizeof length);
        if (size > SEAL_MAX_RECORD) return fail(r, diags, "a record is longer than any can be");
        if (size + SEAL_TAG > r->left) return SEAL_END;
        buf_clear(&r->bytes);
        char *at = buf_reserve(&r->bytes, size);
        if (!take(r, at, size) || !take(r, tag, SEAL_TAG)) return SEAL_END;
        enum seal_status status = open_frame(r, (enum seal_kind)kind, size, tag, diags);
        if (status != SEAL_RECORD) return status;
        if (kind != SEAL_KIND_RECORD) continue;
        *record = str_from(at, size);
        return SEAL_RECORD;
    }
}

bool seal_peek_expiry(const char *path, int64_t *expires_at) {
    uint8_t bytes[SEAL_FIXED_HEADER];
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return false;
    bool good = fread(bytes, 1, sizeof bytes, file) == sizeof bytes && seal_header_size(bytes);
    if (good) *expires_at = (int64_t)seal_get(bytes + 40, 8);
    fclose(file);
    return good;
}
