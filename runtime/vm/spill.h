/* Memory that may lie on disk: blocks from the heap up to a limit, then from an unlinked temporary file that
 * is mapped into memory. Blocks never move while they are held. One thread at a time allocates. */
#ifndef MIG_VM_SPILL_H
#define MIG_VM_SPILL_H

#include "runtime/base/diag.h"

struct spill_block {
    struct spill_block *next;
    void *ptr;
    size_t size;
    bool mapped;  /* by mmap, else from the heap */
    bool on_disk; /* in the file */
};

struct spill {
    struct str temp_dir; /* the caller's; empty: /tmp */
    size_t limit;        /* bytes on the heap */
    size_t heap, disk;   /* bytes held now */
    int file;            /* -1: none yet */
    uint64_t file_end;
    struct spill_block *blocks;
    char *next, *end; /* room for small pieces */
};

/* A temporary file that no folder names, mode 0600: nobody else can open it, and it is gone with the process,
 * however that ends. temp_dir empty: /tmp. -1: errno. */
int spill_open_nameless(struct str temp_dir);

void spill_init(struct spill *spill, size_t limit, struct str temp_dir);
void spill_release(struct spill *spill);
/* Zeroed memory of its own, page-aligned or as malloc aligns. NULL with a diagnostic (X_TEMP_FILE) when the
 * temporary file cannot be made or cannot grow. */
void *spill_alloc(struct spill *spill, size_t size, struct diag_list *diags);
/* Gives one spill_alloc back. */
void spill_free(struct spill *spill, void *ptr);
/* A piece of a larger block, aligned to 8, not zeroed. NULL as above. */
void *spill_piece(struct spill *spill, size_t size, struct diag_list *diags);

#endif
