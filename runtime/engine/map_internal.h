/* A map at work: what map.c and the files that do parts of its work share, quarantine.c and sink_postgres.c
 * too. */
#ifndef MIG_ENGINE_MAP_INTERNAL_H
#define MIG_ENGINE_MAP_INTERNAL_H

#include "runtime/base/hash.h"
#include "runtime/engine/engine.h"

struct map_program {
    const struct plan_program *program;
    struct vm *vm;
    uint32_t *cells;         /* see vm_begin */
    struct vm_input *inputs; /* by slot */
    bool yields_rows;        /* the map's keys and columns are registers of this program */
};

/* Values that a stage gave each row: row numbers of a joined table, or elements of an array. */
struct stage_values {
    char *data;
    uint8_t *state;
};

struct map_stage {
    struct map_program program;
};

/* Rows on their way through the stages: each is a row of the batch and one value of each stage so far. */
struct chunk {
    struct row_batch *batch;
    const uint64_t *ordinals; /* of the batch's rows where they are not consecutive (waves); else NULL */
    bool again;               /* these rows were counted and made unique before */
    uint32_t count;
    bool whole; /* row i is the batch's row i: cells can be taken as they are */
    uint32_t row_index[BATCH_ROWS];
    struct stage_values *values; /* by stage */
};

enum map_pass { PASS_WINNERS, PASS_ROWS };

struct waves;
struct winners;

struct map_work {
    struct map_run *run;
    struct map_stage *stages;
    struct map_program main, group;
    struct map_program *rows; /* of the two, the one whose rows are written: unique by and orders are its */
    struct group_table *groups;
    struct waves *waves;
    uint32_t *unique, *order, *parents;
    uint32_t unique_count, order_count, parent_count, partition;
    struct key_set *unique_keys, *row_keys;
    enum map_pass pass;
    struct chunk *chunk;
    uint64_t first_group;
    const struct row_place *(*place_of)(struct map_work *work, uint32_t row);
    uint64_t (*ordinal_of)(struct map_work *work, uint32_t row);
    uint32_t accepted[BATCH_ROWS], accepted_count;
    uint32_t accepted_nth[BATCH_ROWS]; /* of each: which of the good rows of its source row it is, from 0 */
    uint64_t nth_ordinal;              /* the source row of the last good row */
    uint32_t nth;
    uint64_t position_ordinal; /* mig retry: the source row of the last row, and which of its rows it was */
    uint32_t position, retry_position;
    uint64_t batch_first, rows_end;
    uint32_t sample_size;
    uint64_t sample_seen, sample_seed;
    struct buf key;             /* the map's key of a row, as the crosswalk has it */
    struct part_key unique_key; /* of unique by */
    struct winners *winners;    /* first pass of keep last and orders */
    uint64_t row_base;          /* rows of this pass before the chunk */
    bool reject_loops;          /* the chunk's rows refer to each other in a circle */
};

/* map.c */
struct key_set *map_new_key_set(struct engine *engine);
size_t
map_key_memory(const struct engine *engine); /* bytes, beyond which what a map remembers lies on disk */
/* rows NULL: all. */
bool map_finish_rows(struct map_work *work, const struct map_program *p, const uint32_t *rows,
                     uint32_t count);
/* Commits what the sink has: source rows below `end`. */
bool map_flush(struct map_work *work, uint64_t end);
/* The chunk whose rows are counted and placed from now on. */
void map_use_chunk(struct map_work *work, struct chunk *chunk);
bool map_run_chunk(struct map_work *work, struct chunk *chunk);

/* map_files.c */
/* Before a scan is closed: map_place_file knows its files afterwards, too. */
void map_keep_file_names(struct map_run *run, const struct reader *reader);
void map_note_files(struct map_run *run, const struct reader *reader, uint64_t rows);
uint32_t map_sample_size(const struct map_run *run);

/* For vm_begin. */
static inline const uint32_t *chunk_index(const struct chunk *chunk) {
    return chunk->whole ? NULL : chunk->row_index;
}

/* quarantine_record.c: what is kept of a rejected row. */
struct quarantine_record {
    struct buf faults; /* as a JSON array; the caller's, finished */
    struct buf line;   /* without personal data, with its line break; made by quarantine_record_write */
    struct buf sealed; /* the whole record */
};
/* seal: whether to make the sealed part, too. */
void quarantine_record_write(struct map_run *run, const struct reject_origin *origin, bool seal,
                             struct quarantine_record *record);
void quarantine_record_release(struct quarantine_record *record);

/* stages.c: multiplies a batch's rows by each and join, hands chunks to map_run_chunk. */
/* rows: those of the batch that take part, ascending. */
bool stages_run(struct map_work *work, struct row_batch *batch, const uint32_t *rows, uint32_t count);
void stages_bind_inputs(struct map_work *work, struct map_program *p, struct chunk *chunk, uint32_t stages);

/* winners.c: for `keep last` and orders, which row of each key stands; first pass. */
bool winners_add(struct map_work *work, uint32_t count);
bool winners_is_standing(struct map_work *work, uint32_t row);
/* The row that stands for a key, by the ordinal that the key set has. */
uint64_t winners_row(const struct winners *winners, uint64_t slot);
void winners_free(struct winners *winners);

/* The size of one row's value of a stage. */
size_t stages_width(const struct map_work *work, uint32_t stage);
/* Null, or an element's texts, are the caller's to keep: they lie in the batch. */
bool stages_gives_text(const struct map_work *work, uint32_t stage);
/* Room for the stages' values of a chunk, in its batch. */
void stages_make_room(struct map_work *work, struct chunk *chunk);

/* retry_rows.c: `mig retry` in a map's way; all for maps of an engine with retry set. */
/* Is the row left alone: loaded by the run itself, or followed and still no good? Counts positions: once a
 * row. */
bool map_retry_passes(struct map_work *work, const struct map_program *p, uint32_t row);
/* Is it fed without a repair? False where nothing is fed. */
bool map_retry_follows(const struct map_work *work, uint32_t row);
void map_retry_note(struct map_work *work, uint32_t row); /* accepted */
/* Key sets of the replay serve the rows that are fed. */
void map_retry_lend_keys(struct map_work *work);
void map_retry_keep_keys(struct map_work *work);
/* Was it this source row itself that had the key first? */
bool map_retry_owns_key(const struct map_work *work, const struct key_set *set, uint64_t earlier,
                        uint64_t ordinal);

/* waves.c: rows that refer to rows of their own map, parents first. */
struct waves *waves_new(struct map_work *work);
void waves_free(struct waves *waves);
bool waves_run(struct map_work *work, struct chunk *chunk);
bool waves_finish(struct map_work *work, uint64_t end);
bool waves_reject_loop(struct map_work *work, struct chunk *chunk);

#endif
