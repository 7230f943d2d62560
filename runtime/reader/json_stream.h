/* A JSON file as a stream of row elements: the rows path is followed while the file goes by, and only one
 * element at a time is in memory. */
#ifndef MIG_READER_JSON_STREAM_H
#define MIG_READER_JSON_STREAM_H

#include "runtime/reader/input.h"
#include "runtime/reader/json_path.h"
#include "runtime/reader/json_scan.h"

struct json_frame {
    bool object, first;
    uint32_t step; /* of the path, that members must match */
    int64_t index; /* of the next element */
    bool matched;  /* a member matched */
};

struct json_stream {
    struct input *input;
    const struct source_file *file;
    const struct reader_limits *limits;
    const struct path_steps *steps;
    bool many; /* several documents may follow each other */
    /* Text in memory: buffer[at..end) is still to come. */
    char *buffer;
    size_t at, end, cap;
    bool last;       /* there is nothing behind end */
    uint64_t offset; /* of buffer[0] in the text */
    /* Lines and columns are counted up to buffer[counted]. */
    size_t counted;
    uint64_t line, column; /* 1-based line; code points in front of `counted` in it */
    struct json_scanner scanner;
    VEC(struct json_frame) frames;
    struct arena arena;
    uint64_t documents;
    bool matched_any; /* the path led somewhere */
};

/* The path's steps must outlive the stream. False with a diagnostic. */
bool json_stream_open(struct json_stream *stream, const struct source_file *file, struct str encoding,
                      const struct path_steps *steps, bool many, const struct reader_limits *limits,
                      struct diag_list *diags);
void json_stream_close(struct json_stream *stream);

enum json_read { JSON_READ_VALUE, JSON_READ_END, JSON_READ_FAILED };
/* The next element, proved JSON, without blanks around it. It stays until the next call. A path that does not
 * end on
 * [*] and leads to an array gives its elements. *line: 1-based, of its first byte. */
enum json_read json_stream_next(struct json_stream *stream, struct str *element, uint64_t *line,
                                struct diag_list *diags);
/* The next line that is not blank, without its line break; not looked at otherwise. */
enum json_read json_stream_line(struct json_stream *stream, struct str *text, uint64_t *line,
                                struct diag_list *diags);
uint64_t json_stream_stored_bytes(const struct json_stream *stream);

#endif
