/* Writing sealed files. Each process that opens a file adds a segment of its own, with a salt of its own: a
 * nonce can never come twice under one key, whatever a killed process left behind. */
#include "runtime/seal/seal_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_AT = 256 * 1024 };

struct seal_writer {
    int fd;
    uint64_t records, marked;
    struct seal_cipher *cipher;
    struct buf out; /* sealed, not written yet */
};

/* ---------------------------------------------------------------- what is there */

/* The whole frames of a file, told by their lengths alone. */
struct survey {
    off_t end; /* of the last whole frame */
    uint64_t records;
    uint8_t last[SEAL_TAG];
};

static bool read_at(int fd, off_t at, void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, (char *)bytes + done, size - done, at + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

/* The size of the part that starts there; 0: it is not whole, or none. *kind: of a frame; else 0. */
static off_t measure(int fd, off_t at, uint8_t *kind) {
    uint8_t head[SEAL_FIXED_HEADER];
    *kind = 0;
    if (!read_at(fd, at, head, SEAL_FRAME_HEAD)) return 0;
    if (head[0] == SEAL_KIND_RECORD || head[0] == SEAL_KIND_MARK || head[0] == SEAL_KIND_END) {
        *kind = head[0];
        return (off_t)(SEAL_FRAME_HEAD + seal_get(head + 1, 4) + SEAL_TAG);
    }
    return read_at(fd, at, head, sizeof head) ? (off_t)seal_header_size(head) : 0;
}

/* False: the file does not start as a sealed file does. */
static bool survey_file(int fd, struct survey *survey) {
    struct stat info;
    *survey = (struct survey){0};
    if (fstat(fd, &info) != 0) return false;
    uint8_t kind;
    for (off_t at = 0, size; (size = measure(fd, at, &kind)) > 0 && at + size <= info.st_size;) {
        at += size;
        if (kind) survey->end = at; /* a head that no frame follows proves nothing: it goes */
        survey->records += kind == SEAL_KIND_RECORD;
    }
    uint8_t magic[SEAL_MAGIC_SIZE];
    size_t known = info.st_size < SEAL_MAGIC_SIZE ? (size_t)info.st_size : SEAL_MAGIC_SIZE;
    if (!read_at(fd, 0, magic, known) || memcmp(magic, SEAL_MAGIC, known) != 0) return false;
    return survey->end < SEAL_TAG || read_at(fd, survey->end - SEAL_TAG, survey->last, SEAL_TAG);
}

/* ---------------------------------------------------------------- writing */

static bool write_out(struct seal_writer *w) {
    for (size_t done = 0; done < w->out.len;) {
        ssize_t n = write(w->fd, w->out.ptr + done, w->out.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    buf_clear(&w->out);
    return true;
}

static void add_mark(struct seal_writer *w, enum seal_kind kind) {
    uint8_t count[SEAL_MARK_BYTES];
    seal_put(count, w->records, SEAL_MARK_BYTES);
    seal_cipher_seal(w->cipher, kind, w->records, str_from((const char *)count, sizeof count), &w->out);
    w->marked = w->records;
}

static bool start_segment(struct seal_writer *w, const struct seal_key *key,
                          const struct seal_subject *subject) {
    struct survey survey;
    errno = 0;
    if (!survey_file(w->fd, &survey)) {
        if (errno == 0) errno = EBADMSG;
        return false;
    }
    struct seal_header header = {.run_id = subject->run_id,
                                 .created_at = subject->created_at,
                                 .expires_at = subject->expires_at,
                                 .first_record = survey.records,
                                 .map = subject->map};
    memcpy(header.key_id, key->id, SEAL_KEY_ID_BYTES);
    memcpy(header.previous, survey.last, SEAL_TAG);
    if (getrandom(header.salt, SEAL_SALT, 0) != SEAL_SALT) return false;
    if (ftruncate(w->fd, survey.end) != 0 || lseek(w->fd, survey.end, SEEK_SET) < 0) return false;
    seal_header_write(&header, &w->out);
    w->cipher = seal_cipher_new(key, (const uint8_t *)w->out.ptr, w->out.len);
    w->records = survey.records;
    add_mark(w, SEAL_KIND_MARK); /* proves the head, even of a segment without records */
    return true;
}

static void release(struct seal_writer *w) {
    int error = errno;
    seal_cipher_free(w->cipher);
    buf_release(&w->out);
    if (w->fd >= 0) close(w->fd);
    free(w);
    errno = error;
}

struct seal_writer *seal_writer_open(const char *path, const struct seal_key *key,
                                     const struct seal_subject *subject) {
    struct seal_writer *w = memory_zalloc(sizeof *w);
    w->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (subject->map.len > SEAL_MAX_HEADER - SEAL_FIXED_HEADER)
        errno = ENAMETOOLONG;
    else if (w->fd >= 0 && start_segment(w, key, subject))
        return w;
    release(w);
    return NULL;
}

bool seal_writer_add(struct seal_writer *w, struct str record) {
    if (record.len > SEAL_MAX_RECORD) {
        errno = EFBIG;
        return false;
    }
    seal_cipher_seal(w->cipher, SEAL_KIND_RECORD, w->records, record, &w->out);
    w->records++;
    return w->out.len < FLUSH_AT || write_out(w);
}

static bool flush_to_disk(struct seal_writer *w) {
    return write_out(w) && (fsync(w->fd) == 0 || errno == EINVAL || errno == EROFS);
}

bool seal_writer_sync(struct seal_writer *w) {
    if (w->marked == w->records && w->out.len == 0) return true;
    if (w->marked != w->records) add_mark(w, SEAL_KIND_MARK);
    return flush_to_disk(w);
}

bool seal_writer_close(struct seal_writer *w) {
    add_mark(w, SEAL_KIND_END);
    bool good = flush_to_disk(w);
    release(w);
    return good;
}
