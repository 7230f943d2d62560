/* Reading ahead: a thread reads batches of a source while the map works on the ones before. Batches go round
 * between two queues, so memory is bounded by their number. */
#include "runtime/engine/engine.h"

#include <pthread.h>
#include <stdlib.h>

enum { BATCHES = 4 };

struct scan {
    struct engine *engine;
    struct reader *reader;
    struct row_batch batches[BATCHES];
    struct row_batch *ready[BATCHES], *idle[BATCHES];
    uint32_t ready_count, ready_first, idle_count;
    bool ended, failed, cancelled, joined;
    uint64_t rows;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct arena arena; /* the reading thread's diagnostics */
    struct diag_list diags;
};

static struct row_batch *take_idle(struct scan *scan) {
    struct row_batch *batch = NULL;
    pthread_mutex_lock(&scan->lock);
    while (scan->idle_count == 0 && !scan->cancelled)
        pthread_cond_wait(&scan->changed, &scan->lock);
    if (!scan->cancelled) batch = scan->idle[--scan->idle_count];
    pthread_mutex_unlock(&scan->lock);
    return batch;
}

static void hand_over(struct scan *scan, struct row_batch *batch, enum reader_status status) {
    pthread_mutex_lock(&scan->lock);
    if (status == READER_ROWS)
        scan->ready[(scan->ready_first + scan->ready_count++) % BATCHES] = batch;
    else
        scan->idle[scan->idle_count++] = batch;
    scan->ended = status != READER_ROWS;
    scan->failed = status == READER_FAILED;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
}

static void *read_batches(void *argument) {
    struct scan *scan = argument;
    enum reader_status status = READER_ROWS;
    while (status == READER_ROWS) {
        struct row_batch *batch = take_idle(scan);
        if (batch == NULL) return NULL;
        row_batch_reset(batch);
        status = reader_next(scan->reader, batch, &scan->diags);
        hand_over(scan, batch, status);
    }
    return NULL;
}

struct scan *scan_open(struct engine *engine, struct reader *reader, uint32_t columns) {
    struct scan *scan = memory_zalloc(sizeof *scan);
    scan->engine = engine;
    scan->reader = reader;
    diag_list_init(&scan->diags, &scan->arena);
    for (int i = 0; i < BATCHES; i++) {
        row_batch_init(&scan->batches[i], columns);
        scan->idle[scan->idle_count++] = &scan->batches[i];
    }
    pthread_mutex_init(&scan->lock, NULL);
    pthread_cond_init(&scan->changed, NULL);
    if (pthread_create(&scan->thread, NULL, read_batches, scan) != 0) {
        struct diag *diag =
            diag_report(engine->diags, X_NO_THREAD, no_span(), "could not start a reading thread");
        diag_help(engine->diags, diag,
                  "The system's limit of threads or memory is reached; see `ulimit -u`.");
        scan->joined = scan->ended = scan->failed = true;
    }
    return scan;
}

struct row_batch *scan_next(struct scan *scan) {
    struct row_batch *batch = NULL;
    pthread_mutex_lock(&scan->lock);
    while (scan->ready_count == 0 && !scan->ended)
        pthread_cond_wait(&scan->changed, &scan->lock);
    if (scan->ready_count) {
        batch = scan->ready[scan->ready_first];
        scan->ready_first = (scan->ready_first + 1) % BATCHES;
        scan->ready_count--;
        scan->rows += batch->count;
    }
    pthread_mutex_unlock(&scan->lock);
    return batch;
}

void scan_recycle(struct scan *scan, struct row_batch *batch) {
    pthread_mutex_lock(&scan->lock);
    scan->idle[scan->idle_count++] = batch;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
}

bool scan_failed(struct scan *scan) {
    pthread_mutex_lock(&scan->lock); /* the thread may still be at work, when the map stopped early */
    bool failed = scan->failed;
    pthread_mutex_unlock(&scan->lock);
    return failed;
}
uint64_t scan_rows(const struct scan *scan) {
    return scan->rows;
}
struct reader *scan_reader(struct scan *scan) {
    return scan->reader;
}

void scan_close(struct scan *scan) {
    pthread_mutex_lock(&scan->lock);
    scan->cancelled = true;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
    if (!scan->joined) pthread_join(scan->thread, NULL);
    diag_list_move(&scan->diags, scan->engine->diags);
    reader_close(scan->reader);
    for (int i = 0; i < BATCHES; i++)
        row_batch_release(&scan->batches[i]);
    arena_release(&scan->arena);
    pthread_mutex_destroy(&scan->lock);
    pthread_cond_destroy(&scan->changed);
    free(scan);
}
