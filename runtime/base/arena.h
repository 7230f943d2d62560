/* Memory by lifetime: an arena per batch, per compile, per run. Single allocations are never freed; the
 * whole arena is reset or released. An arena belongs to one thread at a time.
 *
 * Running out of memory ends the process with a message and exit code 70 (memory_exhausted below): every
 * limit that input can reach is checked before, by the module that reads the input, with its own error;
 * what is left is the machine's own exhaustion, and a run that dies there is resumed like one that was
 * killed. */
#ifndef MIG_BASE_ARENA_H
#define MIG_BASE_ARENA_H

#include "runtime/base/str.h"

struct arena_block;

struct arena {
    struct arena_block *head; /* newest block, NULL when empty */
    char *next;               /* next free byte in head */
    char *end;                /* end of head */
    size_t total;             /* bytes held in blocks, for memory accounting */
};

/* An all-zero struct arena is valid and empty. */
void arena_init(struct arena *arena);
/* Uninitialised memory, aligned to 16 bytes. size 0 gives a valid pointer. Never NULL. */
void *arena_alloc_slow(struct arena *arena, size_t size);
/* Zeroed memory, aligned to 16 bytes. */
void *arena_zalloc(struct arena *arena, size_t size);
/* Forgets everything allocated; keeps the largest block for reuse. */
void arena_reset(struct arena *arena);
/* Gives all memory back; the arena is empty and usable again. */
void arena_release(struct arena *arena);

static inline void *arena_alloc(struct arena *arena, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if ((size_t)(arena->end - arena->next) < size || arena->next == NULL)
        return arena_alloc_slow(arena, size);
    void *p = arena->next;
    arena->next += size;
    return p;
}

#define ARENA_NEW(arena, type)          ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_zalloc((arena), sizeof(type) * (size_t)(count)))

/* A copy of s, NUL-terminated behind its end. */
struct str arena_copy_str(struct arena *arena, struct str s);
char *arena_copy_cstr(struct arena *arena, struct str s);
/* printf into the arena; NUL-terminated behind its end. */
struct str arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* malloc and realloc that never return NULL (see above); free with free(). */
void *memory_alloc(size_t size);
void *memory_zalloc(size_t size);
void *memory_realloc(void *ptr, size_t size);
_Noreturn void memory_exhausted(size_t wanted);

#endif
