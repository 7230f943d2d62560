/* See fingerprint.h. */
#include "runtime/engine/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the file system had it when the run began. */
struct file_then {
    struct str path; /* empty: a pipe */
    off_t size;
    struct timespec modified;
};

struct fingerprints {
    VEC(struct journal_source) files;
    VEC(struct file_then) then; /* of each */
    pthread_t thread;
    pthread_mutex_t lock;
    bool started, stopping;
    uint32_t hashed;  /* files whose hash is ready, or that could not be read */
    uint32_t written; /* handed to the journal */
    int *errors;      /* by file: errno of reading it */
};

static struct fingerprints *get(struct engine *engine) {
    if (engine->fingerprints == NULL) {
        engine->fingerprints = ARENA_NEW(engine->arena, struct fingerprints);
        pthread_mutex_init(&engine->fingerprints->lock, NULL);
    }
    return engine->fingerprints;
}

static void add(struct engine *engine, const struct journal_source *file, struct str path) {
    struct fingerprints *f = get(engine);
    for (uint32_t i = 0; i < f->files.count; i++)
        if (str_eq(f->files.items[i].source, file->source) && str_eq(f->files.items[i].file, file->file))
            return;
    struct file_then then = {.path = path};
    struct stat st;
    if (path.len && stat(path.ptr, &st) == 0) {
        then.size = st.st_size;
        then.modified = st.st_mtim;
    }
    VEC_PUSH(engine->arena, &f->files, *file);
    VEC_PUSH(engine->arena, &f->then, then);
}

void fingerprint_add(struct engine *engine, struct str source, struct str name, struct str path,
                     uint64_t bytes) {
    struct journal_source file = {
        .source = source, .file = arena_copy_str(engine->arena, name), .bytes = bytes};
    add(engine, &file, arena_copy_str(engine->arena, path));
}

void fingerprint_add_pipe(struct engine *engine, struct str source) {
    struct journal_source file = {.source = source, .file = STR("-")};
    add(engine, &file, STR(""));
}

uint32_t fingerprint_list(const struct engine *engine, const struct journal_source **sources) {
    *sources = engine->fingerprints ? engine->fingerprints->files.items : NULL;
    return engine->fingerprints ? engine->fingerprints->files.count : 0;
}

static bool must_stop(struct fingerprints *f) {
    pthread_mutex_lock(&f->lock);
    bool stop = f->stopping;
    pthread_mutex_unlock(&f->lock);
    return stop;
}

/* 0, or an errno (ECANCELED: *stop was set); the file that is read may be replaced meanwhile, so its size is
 * counted anew. */
static int hash_file(struct fingerprints *f, const volatile int *stop, const char *path,
                     struct journal_source *file) {
    enum { PIECE = 1 << 20 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    char *piece = memory_alloc(PIECE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL) memory_exhausted(0);
    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    uint64_t bytes = 0;
    int error = 0;
    for (ssize_t n; error == 0 && (n = read(fd, piece, PIECE)) != 0;) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            error = errno;
        } else {
            EVP_DigestUpdate(context, piece, (size_t)n);
            bytes += (uint64_t)n;
            if (must_stop(f) || (stop && *stop)) error = ECANCELED;
        }
    }
    uint8_t hash[32];
    EVP_DigestFinal_ex(context, hash, NULL);
    EVP_MD_CTX_free(context);
    free(piece);
    close(fd);
    if (error) return error;
    memcpy(file->sha256, hash, sizeof hash);
    file->bytes = bytes;
    file->hashed = true;
    return 0;
}

static void *hash_files(void *argument) {
    struct fingerprints *f = argument;
    for (uint32_t i = 0; i < f->files.count && !must_stop(f); i++) {
        struct journal_source file = f->files.items[i];
        /* Those of a run that is resumed were compared a moment ago. */
        bool due = f->then.items[i].path.len && !file.hashed;
        int error = due ? hash_file(f, NULL, f->then.items[i].path.ptr, &file) : 0;
        pthread_mutex_lock(&f->lock);
        f->files.items[i] = file;
        f->errors[i] = error;
        f->hashed = i + 1;
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

void fingerprint_start(struct engine *engine) {
    struct fingerprints *f = get(engine);
    f->errors = ARENA_ARRAY(engine->arena, int, f->files.count + 1);
    f->started = f->files.count && pthread_create(&f->thread, NULL, hash_files, f) == 0;
    if (f->files.count && !f->started)
        engine_log(engine, 'W', "the source files get no checksums: a thread for them could not be started");
}

static bool report_unreadable(struct engine *engine, const struct fingerprints *f, uint32_t i) {
    struct diag *diag = diag_report(engine->diags, X_SOURCE_CHANGED, no_span(),
                                    "source file %.*s could not be read a second time, for its checksum: %s",
                                    STR_ARG(f->files.items[i].file), strerror(f->errors[i]));
    diag_help(engine->diags, diag, "Leave source files where they are until the run has ended.");
    return engine_fail(engine, RUN_UNREACHABLE);
}

/* Rows of two versions of a file are nothing that anybody wants loaded. */
static bool stand_still(struct engine *engine, const struct fingerprints *f) {
    bool good = true;
    for (uint32_t i = 0; i < f->files.count; i++) {
        const struct file_then *then = &f->then.items[i];
        struct stat now;
        if (then->path.len == 0) continue;
        if (stat(then->path.ptr, &now) == 0 && now.st_size == then->size &&
            now.st_mtim.tv_sec == then->modified.tv_sec && now.st_mtim.tv_nsec == then->modified.tv_nsec)
            continue;
        struct diag *diag = diag_report(engine->diags, X_SOURCE_CHANGED, no_span(),
                                        "source file %.*s was changed while the run read it",
                                        STR_ARG(f->files.items[i].file));
        diag_help(
            engine->diags, diag,
            "What is loaded may be of the old file and of the new one: `mig rollback`, then `mig run` when "
            "the file is complete.");
        good = engine_fail(engine, RUN_STOPPED);
    }
    return good;
}

bool fingerprint_write(struct engine *engine, struct pg_connection *connection, const struct journal_run *run,
                       bool wait) {
    struct fingerprints *f = engine->fingerprints;
    if (f == NULL || !f->started) return true;
    if (wait) {
        pthread_join(f->thread, NULL);
        f->started = false;
    }
    pthread_mutex_lock(&f->lock);
    uint32_t ready = f->hashed;
    pthread_mutex_unlock(&f->lock);
    for (; f->written < ready; f->written++) {
        if (f->errors[f->written] == ECANCELED) continue;
        if (f->errors[f->written]) return report_unreadable(engine, f, f->written);
        if (!journal_write_source(connection, run, f->written, &f->files.items[f->written], engine->diags))
            return engine_fail(engine, RUN_UNREACHABLE);
    }
    return !wait || stand_still(engine, f);
}

static bool report_changed(struct engine *engine, struct str file, const char *how) {
    struct diag *diag =
        diag_report(engine->diags, X_SOURCE_CHANGED, no_span(), "source file %.*s %s", STR_ARG(file), how);
    diag_help(engine->diags, diag,
              "Put the file back as it was, or say with --data where it is; to start from the changed one, "
              "`mig rollback` and `mig run` again.");
    return engine_fail(engine, RUN_REFUSED);
}

static bool compare_file(struct engine *engine, struct fingerprints *f, const struct journal_source *then) {
    uint32_t i = 0;
    while (i < f->files.count &&
           !(str_eq(f->files.items[i].source, then->source) && str_eq(f->files.items[i].file, then->file)))
        i++;
    if (i == f->files.count) return report_changed(engine, then->file, "was read by the run and is gone");
    if (f->then.items[i].path.len == 0)
        return report_changed(engine, then->file, "came through a pipe, which cannot be read again");
    int error = hash_file(f, engine->options->stop, f->then.items[i].path.ptr, &f->files.items[i]);
    if (error == ECANCELED) return engine_interrupted(engine);
    if (error) return report_changed(engine, then->file, strerror(error));
    const struct journal_source *now = &f->files.items[i];
    if (now->bytes != then->bytes)
        return report_changed(engine, then->file,
                              arena_printf(engine->arena,
                                           "has changed since the run: %llu bytes then, %llu now",
                                           (unsigned long long)then->bytes, (unsigned long long)now->bytes)
                                  .ptr);
    if (then->hashed && memcmp(now->sha256, then->sha256, sizeof now->sha256) != 0)
        return report_changed(engine, then->file,
                              "has changed since the run: as many bytes, but another SHA-256");
    return true;
}

bool fingerprint_compare(struct engine *engine, const struct journal_source *then, uint32_t count) {
    struct fingerprints *f = get(engine);
    bool good = true;
    if (count) engine_log(engine, 'I', "comparing the source files with those of the run: %u", count);
    for (uint32_t i = 0; i < count && engine->status != RUN_STOPPED; i++)
        good = compare_file(engine, f, &then[i]) && good;
    for (uint32_t n = 0; n < f->files.count; n++) {
        bool known = false;
        for (uint32_t i = 0; i < count; i++)
            known |= str_eq(f->files.items[n].source, then[i].source) &&
                     str_eq(f->files.items[n].file, then[i].file);
        if (!known) good = report_changed(engine, f->files.items[n].file, "is new: the run did not read it");
    }
    return good;
}

void fingerprint_release(struct engine *engine) {
    struct fingerprints *f = engine->fingerprints;
    if (f == NULL) return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_mutex_unlock(&f->lock);
    if (f->started) pthread_join(f->thread, NULL);
    pthread_mutex_destroy(&f->lock);
    engine->fingerprints = NULL;
}
