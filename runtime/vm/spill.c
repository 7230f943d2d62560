/* Blocks on the heap or in a mapped, unlinked file. Disk space is reserved before a block is mapped
 * (posix_fallocate), so that a full disk is an error here and not a SIGBUS later. */
#include "runtime/vm/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE_BLOCK = 256 * 1024, PAGE = 4096, HUGE_PAGE = 2 << 20, HUGE_BLOCK = 4 << 20 };

void spill_init(struct spill *spill, size_t limit, struct str temp_dir) {
    *spill = (struct spill){.temp_dir = temp_dir, .limit = limit, .file = -1};
}

static void block_free(struct spill_block *block) {
    if (block->mapped)
        munmap(block->ptr, block->size);
    else
        free(block->ptr);
    free(block);
}

void spill_release(struct spill *spill) {
    for (struct spill_block *b = spill->blocks; b;) {
        struct spill_block *next = b->next;
        block_free(b);
        b = next;
    }
    if (spill->file >= 0) close(spill->file);
    spill_init(spill, spill->limit, spill->temp_dir);
}

static bool report_file(const struct spill *spill, int error, struct diag_list *diags) {
    struct diag *diag =
        diag_report(diags, X_TEMP_FILE, (struct span){0}, "could not %s a temporary file in %.*s: %s",
                    spill->file < 0 ? "make" : "enlarge",
                    STR_ARG(spill->temp_dir.len ? spill->temp_dir : STR("/tmp")), strerror(error));
    diag_help(diags, diag, "free disk space there, or name another folder for temporary files");
    return false;
}

int spill_open_nameless(struct str temp_dir) {
    struct arena arena = {0};
    char *dir = arena_copy_cstr(&arena, temp_dir.len ? temp_dir : STR("/tmp"));
    int file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0 &&
        (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) { /* not in every file system */
        char *path = arena_copy_cstr(&arena, arena_printf(&arena, "%s/mig-XXXXXX", dir));
        file = mkostemp(path, O_CLOEXEC);
        if (file >= 0) unlink(path); /* before anything is in it */
    }
    int error = errno;
    arena_release(&arena);
    errno = error;
    return file;
}

static bool open_file(struct spill *spill, struct diag_list *diags) {
    if (spill->file < 0) spill->file = spill_open_nameless(spill->temp_dir);
    return spill->file >= 0 || report_file(spill, errno, diags);
}

static void *map_file(struct spill *spill, size_t size, struct diag_list *diags) {
    if (!open_file(spill, diags)) return NULL;
    int error = posix_fallocate(spill->file, (off_t)spill->file_end, (off_t)size);
    if (error != 0) {
        report_file(spill, error, diags);
        return NULL;
    }
    void *ptr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, spill->file, (off_t)spill->file_end);
    if (ptr == MAP_FAILED) {
        report_file(spill, errno, diags);
        return NULL;
    }
    spill->file_end += size;
    return ptr;
}

/* Large tables are looked into at random: on pages of 2 MB, where the system has them, each look costs one
 * miss of the cache instead of several. Ends the process when there is no memory, as memory_zalloc does. */
static void *map_memory(size_t size) {
    char *start = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) memory_exhausted(size);
    char *ptr = start + (-(uintptr_t)start & (HUGE_PAGE - 1));
    size_t before = (size_t)(ptr - start);
    if (before > 0) munmap(start, before);
    if (before < HUGE_PAGE) munmap(ptr + size, HUGE_PAGE - before);
    madvise(ptr, size, MADV_HUGEPAGE); /* a wish: without it the pages are small */
    return ptr;
}

void *spill_alloc(struct spill *spill, size_t size, struct diag_list *diags) {
    bool on_disk = spill->heap + size > spill->limit, mapped = on_disk || size >= HUGE_BLOCK;
    if (mapped) size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    void *ptr = on_disk ? map_file(spill, size, diags) : mapped ? map_memory(size) : memory_zalloc(size);
    if (ptr == NULL) return NULL;
    struct spill_block *block = memory_alloc(sizeof *block);
    *block = (struct spill_block){spill->blocks, ptr, size, mapped, on_disk};
    spill->blocks = block;
    *(on_disk ? &spill->disk : &spill->heap) += size;
    return ptr;
}

void spill_free(struct spill *spill, void *ptr) {
    for (struct spill_block **at = &spill->blocks; *at; at = &(*at)->next) {
        struct spill_block *block = *at;
        if (block->ptr != ptr) continue;
        *at = block->next;
        *(block->on_disk ? &spill->disk : &spill->heap) -= block->size;
        block_free(block);
        return;
    }
}

void *spill_piece(struct spill *spill, size_t size, struct diag_list *diags) {
    size = (size + 7) & ~(size_t)7;
    if (size > PIECE_BLOCK / 4) return spill_alloc(spill, size, diags);
    if (spill->next == NULL || (size_t)(spill->end - spill->next) < size) {
        spill->next = spill_alloc(spill, PIECE_BLOCK, diags);
        if (spill->next == NULL) return NULL;
        spill->end = spill->next + PIECE_BLOCK;
    }
    char *ptr = spill->next;
    spill->next += size;
    return ptr;
}
