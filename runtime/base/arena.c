/* Arenas: bump allocation in blocks that double up to a ceiling. */
#include "runtime/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_MIN = 16 * 1024, BLOCK_MAX = 1024 * 1024, EXIT_NO_MEMORY = 70 };

struct arena_block {
    struct arena_block *older;
    size_t size; /* of data */
    _Alignas(16) char data[];
};

_Noreturn void memory_exhausted(size_t wanted) {
    fprintf(stderr, "mig: out of memory: the machine refused %zu more bytes\n", wanted);
    _Exit(EXIT_NO_MEMORY);
}

void *memory_alloc(size_t size) {
    void *p = malloc(size ? size : 1);
    if (p == NULL) memory_exhausted(size);
    return p;
}

void *memory_zalloc(size_t size) {
    void *p = calloc(1, size ? size : 1);
    if (p == NULL) memory_exhausted(size);
    return p;
}

void *memory_realloc(void *ptr, size_t size) {
    void *p = realloc(ptr, size ? size : 1);
    if (p == NULL) memory_exhausted(size);
    return p;
}

void arena_init(struct arena *arena) {
    *arena = (struct arena){0};
}

void *arena_alloc_slow(struct arena *arena, size_t size) {
    size_t block = arena->head ? arena->head->size * 2 : BLOCK_MIN;
    if (block > BLOCK_MAX) block = BLOCK_MAX;
    if (size > SIZE_MAX / 2) memory_exhausted(size);
    if (block < size) block = size;
    struct arena_block *b = memory_alloc(sizeof *b + block);
    b->older = arena->head;
    b->size = block;
    arena->head = b;
    arena->total += block;
    arena->next = b->data + size;
    arena->end = b->data + block;
    return b->data;
}

void *arena_zalloc(struct arena *arena, size_t size) {
    void *p = arena_alloc(arena, size);
    memset(p, 0, size);
    return p;
}

void arena_reset(struct arena *arena) {
    struct arena_block *keep = NULL;
    for (struct arena_block *b = arena->head; b; b = b->older)
        if (keep == NULL || b->size > keep->size) keep = b;
    for (struct arena_block *b = arena->head; b;) {
        struct arena_block *older = b->older;
        if (b != keep) free(b);
        b = older;
    }
    if (keep == NULL) return;
    keep->older = NULL;
    *arena = (struct arena){keep, keep->data, keep->data + keep->size, keep->size};
}

void arena_release(struct arena *arena) {
    for (struct arena_block *b = arena->head; b;) {
        struct arena_block *older = b->older;
        free(b);
        b = older;
    }
    *arena = (struct arena){0};
}

struct str arena_copy_str(struct arena *arena, struct str s) {
    char *p = arena_alloc(arena, s.len + 1);
    if (s.len) memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return str_from(p, s.len);
}

char *arena_copy_cstr(struct arena *arena, struct str s) {
    return (char *)arena_copy_str(arena, s).ptr;
}

struct str arena_printf(struct arena *arena, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) n = 0;
    char *p = arena_alloc(arena, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return str_from(p, (size_t)n);
}
