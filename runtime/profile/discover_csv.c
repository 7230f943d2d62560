/* What a CSV file holds: encoding, delimiter, header. */
#include "runtime/profile/discover_internal.h"

#include "runtime/base/utf8.h"
#include "runtime/profile/guess.h"
#include "runtime/reader/csv_file.h"
#include "runtime/reader/unpack.h"
#include "runtime/value/text.h"

#include <stdlib.h>

enum { LOOKED_AT = 200, HEADER_ROWS = 40 };

/* ---------------------------------------------------------------- encoding */

struct byte_counts {
    uint64_t bytes, invalid, characters; /* characters: of more than one byte */
    char kept[4];
    uint32_t kept_len;
};

/* Counts in a piece of the file; a character that the piece's end cuts waits for the next. */
static void count_bytes(struct byte_counts *counts, struct str piece) {
    for (size_t at = 0; at < piece.len;) {
        unsigned char c = (unsigned char)piece.ptr[at];
        if (c < 0x80) {
            at++;
            continue;
        }
        size_t len = utf8_char_len(piece, at), need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        if (len == 0 && at + need > piece.len && c >= 0xc2 && c < 0xf5) {
            counts->kept_len = (uint32_t)(piece.len - at);
            memcpy(counts->kept, piece.ptr + at, counts->kept_len);
            return;
        }
        counts->invalid += len == 0;
        counts->characters += len > 1;
        at += len ? len : 1;
    }
}

/* Goes through the whole file: one name with an accent may be all that tells. */
static bool guess_encoding(struct finding *finding, struct str *encoding) {
    enum { BLOCK = 1 << 16 };
    struct byte_counts counts = {0};
    char *block = memory_alloc(BLOCK + sizeof counts.kept), head[2] = {1, 1};
    struct unpack *unpack = unpack_open(&finding->files[0], &finding->options.limits, finding->diags);
    ptrdiff_t n = unpack ? 1 : -1;
    *encoding = STR("");
    while (n > 0) {
        uint32_t kept = counts.kept_len;
        memcpy(block, counts.kept, kept);
        counts.kept_len = 0;
        n = unpack_read(unpack, block + kept, BLOCK, finding->diags);
        if (n <= 0) break;
        if (counts.bytes == 0 && n >= 2) memcpy(head, block, 2);
        counts.bytes += (uint64_t)n;
        count_bytes(&counts, str_from(block, kept + (size_t)n));
    }
    if (unpack) unpack_close(unpack);
    free(block);
    bool marked = ((unsigned char)head[0] == 0xff && (unsigned char)head[1] == 0xfe) ||
                  ((unsigned char)head[0] == 0xfe && (unsigned char)head[1] == 0xff);
    if (n < 0) return false;
    if (marked) return true;
    if (head[0] == 0 || head[1] == 0) {
        *encoding = head[0] == 0 ? STR("UTF-16BE") : STR("UTF-16LE");
    } else if (counts.invalid && counts.characters < 10 * counts.invalid) {
        *encoding = STR("windows-1252");
        discover_note(finding->discovery,
                      "%.*s: not UTF-8; windows-1252 is a guess: look at names with accents.",
                      STR_ARG(finding->files[0].name));
    } else if (counts.invalid) {
        discover_note(finding->discovery, "%.*s: UTF-8, with bytes that are not.",
                      STR_ARG(finding->files[0].name));
    }
    return true;
}

/* ---------------------------------------------------------------- records at the beginning */

struct csv_head {
    struct str *fields[LOOKED_AT];
    uint32_t counts[LOOKED_AT];
    uint32_t records, flawed;
};

static void keep_record(struct csv_head *head, const struct csv_file *csv, const struct csv_record *record,
                        struct arena *arena) {
    uint32_t count = record->field_count < record->max_fields ? record->field_count : record->max_fields;
    struct str *fields = ARENA_ARRAY(arena, struct str, count);
    for (uint32_t i = 0; i < count; i++) {
        struct str text =
            str_from(csv->data + record->fields[i].start, record->fields[i].end - record->fields[i].start);
        if (record->fields[i].escaped) {
            char *to = arena_alloc(arena, text.len);
            fields[i] = str_from(to, csv_unescape(&csv->dialect, text, to));
        } else {
            fields[i] = arena_copy_str(arena, text);
        }
    }
    head->flawed += record->flaw != CSV_SOUND;
    head->counts[head->records] = count;
    head->fields[head->records++] = fields;
}

/* The first records, as this delimiter cuts them. False with a diagnostic. */
static bool read_head(struct finding *finding, struct str encoding, int delimiter, struct arena *arena,
                      struct csv_head *head, struct diag_list *diags) {
    const struct csv_dialect dialect = {.delimiter = delimiter, .quote = '"', .escape = -1, .comment = -1};
    struct csv_file csv;
    struct csv_record record = {.max_fields = finding->options.limits.max_columns};
    struct arena blocks = {0};
    uint64_t line;
    enum csv_read read = CSV_READ_ROW;
    *head = (struct csv_head){0};
    if (!csv_file_open(&csv, &finding->files[0], encoding, &dialect, &finding->options.limits, diags))
        return false;
    record.fields = memory_alloc(sizeof *record.fields * record.max_fields);
    while (head->records < LOOKED_AT && read != CSV_READ_END && read != CSV_READ_FAILED) {
        read = csv_file_next(&csv, &record, &line);
        if (read == CSV_READ_REFILL)
            read = csv_file_refill(&csv, &blocks, &record, diags);
        else if (read == CSV_READ_ROW)
            keep_record(head, &csv, &record, arena);
    }
    csv_file_close(&csv);
    free(record.fields);
    arena_release(&blocks);
    return read != CSV_READ_FAILED;
}

/* How well a delimiter cuts: fields of the first record, where most records have as many. */
static double score_head(const struct csv_head *head) {
    uint32_t same = 0;
    if (head->records == 0 || head->counts[0] < 2) return 0;
    for (uint32_t i = 0; i < head->records; i++)
        same += head->counts[i] == head->counts[0];
    double share = (double)same / head->records, sound = 1 - (double)head->flawed / head->records;
    return share * sound * (1 + 0.05 * (head->counts[0] < 20 ? head->counts[0] : 20));
}

static bool guess_delimiter(struct finding *finding, struct str encoding, struct arena *arena,
                            struct csv_head *best, char *delimiter) {
    static const char DELIMITERS[] = ",;\t|:";
    double best_score = -1;
    for (const char *d = DELIMITERS; *d; d++) {
        struct csv_head head;
        struct arena quiet = {0};
        struct diag_list unheard;
        diag_list_init(&unheard, &quiet);
        bool good =
            read_head(finding, encoding, *d, arena, &head, d == DELIMITERS ? finding->diags : &unheard);
        arena_release(&quiet);
        if (!good && d == DELIMITERS) return false;
        double score = good ? score_head(&head) * (*d == ':' ? 0.5 : 1) : -1;
        if (score <= best_score) continue;
        best_score = score;
        *best = head;
        *delimiter = *d;
    }
    return true;
}

/* ---------------------------------------------------------------- header */

static bool is_datum(struct str text) {
    struct arena arena = {0};
    const struct guess_patterns *patterns = guess_patterns_new(&arena);
    struct guesser *guesser = ARENA_NEW(&arena, struct guesser);
    struct guess answers[GUESS_ANSWERS];
    guesser_add(guesser, patterns, CELL_TEXT, text_trim(text), 1);
    guesser_answers(guesser, answers);
    arena_release(&arena);
    return answers[0].kind != GUESS_TEXT && answers[0].kind != GUESS_BOOL;
}

/* A first row that holds numbers, dates, addresses or nothing is no header. */
static bool has_header(const struct csv_head *head) {
    uint32_t named = 0, data = 0;
    for (uint32_t i = 0; i < head->counts[0]; i++) {
        struct str text = text_trim(head->fields[0][i]);
        named += text.len > 0;
        data += text.len > 0 && is_datum(text);
    }
    return named > 0 && data * 4 <= named;
}

static void name_by_order(struct finding *finding, struct plan_source_table *table, uint32_t count) {
    struct arena *arena = finding->discovery->arena;
    if (count > DISCOVER_MOST_COLUMNS) count = DISCOVER_MOST_COLUMNS;
    table->columns = ARENA_ARRAY(arena, struct plan_source_column, count);
    table->columns_count = count;
    for (uint32_t i = 0; i < count; i++)
        table->columns[i] = (struct plan_source_column){.name = arena_printf(arena, "column_%u", i + 1),
                                                        .type = {.kind = TYPE_TEXT, .nullable = 1}};
}

bool discover_csv(struct finding *finding) {
    struct arena scratch = {0};
    struct csv_head head = {0};
    struct str encoding;
    char delimiter = ',';
    bool good =
        guess_encoding(finding, &encoding) && guess_delimiter(finding, encoding, &scratch, &head, &delimiter);
    if (good && head.records == 0) {
        struct diag *d =
            reader_error(finding->diags, X_NO_HEADER, finding->files[0].name, "the file is empty");
        diag_help(finding->diags, d, "there is nothing to look at; leave the file out");
        good = false;
    }
    if (good) {
        struct plan_source source = discover_source(finding, SOURCE_CSV, STR(""));
        struct plan_source_table *table = ARENA_NEW(finding->discovery->arena, struct plan_source_table);
        source.delimiter = arena_copy_str(finding->discovery->arena, str_from(&delimiter, 1));
        source.encoding = encoding;
        source.header = has_header(&head);
        source.on_ragged.kind = DO_REJECT;
        source.tables = table;
        source.tables_count = 1;
        if (source.header) {
            discover_columns(finding, table, head.fields[0], head.counts[0], finding->files[0].name);
        } else {
            name_by_order(finding, table, head.counts[0]);
            discover_note(finding->discovery,
                          "%.*s: the first row looks like data, so the columns have no names.",
                          STR_ARG(finding->files[0].name));
        }
        discover_add(finding, source);
    }
    arena_release(&scratch);
    return good;
}
