/* Following the rows path through a file that is never wholly in memory. */
#include "runtime/reader/json_stream.h"

#include "runtime/reader/utf8_check.h"

#include <stdlib.h>

bool json_stream_open(struct json_stream *s, const struct source_file *file, struct str encoding,
                      const struct path_steps *steps, bool many, const struct reader_limits *limits,
                      struct diag_list *diags) {
    memset(s, 0, sizeof *s);
    s->file = file;
    s->limits = limits;
    s->steps = steps;
    s->many = many;
    s->line = 1;
    s->cap = limits->block_bytes;
    s->buffer = memory_alloc(s->cap);
    s->input = input_open(file, encoding, limits, diags);
    return s->input != NULL;
}

void json_stream_close(struct json_stream *s) {
    input_close(s->input);
    free(s->buffer);
    arena_release(&s->arena);
    memset(s, 0, sizeof *s);
}

/* Counts lines and columns up to buffer[to]. */
static void count_to(struct json_stream *s, size_t to) {
    if (to <= s->counted) return;
    struct str part = str_from(s->buffer + s->counted, to - s->counted);
    const char *feed = memrchr(part.ptr, '\n', part.len);
    if (feed) {
        s->line += count_line_feeds(part);
        s->column = 0;
        part = str_from(feed + 1, (size_t)(part.ptr + part.len - feed - 1));
    }
    s->column += count_columns(part);
    s->counted = to;
}

/* Brings more text in behind `end`; what is in front of `keep` may go. False with a diagnostic. At the end of
 * the file `last` is set. */
static bool fill(struct json_stream *s, size_t keep, struct diag_list *diags) {
    if (keep > 0) {
        count_to(s, keep);
        memmove(s->buffer, s->buffer + keep, s->end - keep);
        s->offset += keep;
        s->at -= keep;
        s->end -= keep;
        s->counted -= keep;
    }
    if (s->cap - s->end < s->limits->block_bytes) {
        size_t cap = s->cap + s->cap / 2 + s->limits->block_bytes;
        s->buffer = memory_realloc(s->buffer, cap);
        s->cap = cap;
    }
    ptrdiff_t n = input_read(s->input, s->buffer + s->end, s->limits->block_bytes, diags);
    if (n < 0) return false;
    s->last = n == 0;
    s->end += (size_t)n;
    return true;
}

static struct str place_at(struct json_stream *s, size_t at, struct diag_list *diags) {
    count_to(s, at);
    uint64_t byte = s->offset + at + (input_is_plain(s->input) ? input_mark_bytes(s->input) : 0);
    return arena_printf(diags->arena, "%.*s line %llu column %llu (byte %llu)", STR_ARG(s->file->name),
                        (unsigned long long)s->line, (unsigned long long)s->column + 1,
                        (unsigned long long)byte);
}

static enum json_read fail_syntax(struct json_stream *s, size_t at, const char *what,
                                  struct diag_list *diags) {
    if (at >= s->end && s->last) {
        struct diag *d =
            reader_error(diags, X_SOURCE_JSON, place_at(s, at, diags), "the file is cut short: %s", what);
        diag_help(diags, d, "fetch or export the file again");
        return JSON_READ_FAILED;
    }
    struct diag *d = reader_error(diags, X_SOURCE_JSON, place_at(s, at, diags), "this is not JSON: %s", what);
    if (s->documents && s->frames.count == 0)
        diag_help(diags, d, "if the file holds one document a line, the source's kind is `ndjson`");
    else
        diag_help(diags, d, "correct the file, or export it again");
    return JSON_READ_FAILED;
}

/* The next character that is no blank, not taken; -1: the end; -2: a failure, reported. */
static int peek(struct json_stream *s, struct diag_list *diags) {
    for (;;) {
        const char *p = json_skip_blanks(s->buffer + s->at, s->buffer + s->end);
        s->at = (size_t)(p - s->buffer);
        if (s->at < s->end) return (unsigned char)s->buffer[s->at];
        if (s->last) return -1;
        if (!fill(s, s->at, diags)) return -2;
    }
}

/* Passes over the value at `at`. keep: it stays in memory and is returned. */
static enum json_read take_value(struct json_stream *s, bool keep, struct str *value,
                                 struct diag_list *diags) {
    size_t start = s->at, used;
    json_scan_start(&s->scanner, s->limits->max_depth);
    for (;;) {
        enum json_scan_status status = json_scan(&s->scanner, s->buffer + s->at, s->end - s->at, &used);
        s->at += used;
        if (status == JSON_SCAN_MORE && s->last) status = json_scan_end(&s->scanner);
        if (status == JSON_SCAN_ERROR) return fail_syntax(s, s->at, s->scanner.error, diags);
        if (keep && s->at - start > s->limits->max_record_bytes) {
            struct diag *d = reader_error(diags, X_RECORD_LIMIT, place_at(s, start, diags),
                                          "the value that begins here is longer than %zu bytes",
                                          s->limits->max_record_bytes);
            diag_help(diags, d, "`rows 'path[*]'` names the array whose elements are the rows");
            return JSON_READ_FAILED;
        }
        if (status == JSON_SCAN_DONE) break;
        size_t drop = keep ? start : s->at;
        if (!fill(s, drop, diags)) return JSON_READ_FAILED;
        if (keep) start = 0;
    }
    if (keep) *value = str_from(s->buffer + start, s->at - start);
    return JSON_READ_VALUE;
}

static enum json_read fail_path(struct json_stream *s, const char *wanted, struct str key,
                                struct diag_list *diags) {
    struct diag *d = reader_error(diags, X_JSON_ROWS, place_at(s, s->at, diags), "expected %s%s%.*s%s",
                                  wanted, key.len ? " that holds `" : "", STR_ARG(key), key.len ? "`" : "");
    diag_help(diags, d, "`rows` gives the path to the array of rows, such as 'data.items[*]'");
    return JSON_READ_FAILED;
}

static void push_frame(struct json_stream *s, bool object, uint32_t step) {
    s->at++;
    s->matched_any = s->matched_any || !object;
    VEC_PUSH(&s->arena, &s->frames, (struct json_frame){.object = object, .first = true, .step = step});
}

/* At a value that matches the path up to `step`: goes into it, passes over it, or takes it as an element. On
 * VALUE *taken tells which. */
static enum json_read enter_value(struct json_stream *s, uint32_t step, bool spread, bool *taken,
                                  struct str *element, struct diag_list *diags) {
    int c = peek(s, diags);
    if (c == -2) return JSON_READ_FAILED;
    *taken = false;
    if (step == s->steps->list.count) {
        s->matched_any = true;
        bool ends_on_each = step > 0 && s->steps->list.items[step - 1].kind == PATH_EACH;
        if (spread && !ends_on_each && c == '[') {
            push_frame(s, false, step);
            return JSON_READ_VALUE;
        }
        *taken = true;
        return take_value(s, true, element, diags);
    }
    const struct path_step *wanted = &s->steps->list.items[step];
    bool object = wanted->kind == PATH_KEY;
    if (c == (object ? '{' : '[')) {
        push_frame(s, object, step);
        return JSON_READ_VALUE;
    }
    if (c != 'n' && c != -1) return fail_path(s, object ? "an object" : "an array", wanted->key, diags);
    s->matched_any = s->matched_any || c == 'n'; /* null where the rows would be: no rows */
    return take_value(s, false, element, diags);
}

/* The key of the next member: *matches tells whether it is the frame's. */
static enum json_read take_key(struct json_stream *s, struct json_frame *frame, bool *matches,
                               struct diag_list *diags) {
    struct str key;
    int c = peek(s, diags);
    if (c == -2) return JSON_READ_FAILED;
    if (c != '"')
        return fail_syntax(s, s->at,
                           c == -1 ? "it ends in the middle of an object" : "expected a key in double quotes",
                           diags);
    if (take_value(s, true, &key, diags) != JSON_READ_VALUE) return JSON_READ_FAILED;
    *matches = json_key_equals(key, s->steps->list.items[frame->step].key);
    c = peek(s, diags);
    if (c == -2) return JSON_READ_FAILED;
    if (c != ':')
        return fail_syntax(
            s, s->at, c == -1 ? "it ends in the middle of an object" : "expected `:` behind the key", diags);
    s->at++;
    return JSON_READ_VALUE;
}

static bool index_matches(const struct json_stream *s, const struct json_frame *frame) {
    if (frame->step == s->steps->list.count) return true; /* an array spread into its elements */
    const struct path_step *step = &s->steps->list.items[frame->step];
    return step->kind == PATH_EACH || step->index == frame->index;
}

static enum json_read pop_frame(struct json_stream *s) {
    s->at++;
    s->frames.count--;
    return JSON_READ_VALUE;
}

/* One member of the innermost container, or its end. */
static enum json_read step_frame(struct json_stream *s, bool *taken, struct str *element,
                                 struct diag_list *diags) {
    struct json_frame *frame = &s->frames.items[s->frames.count - 1];
    int c = peek(s, diags), close = frame->object ? '}' : ']';
    *taken = false;
    if (c == -2) return JSON_READ_FAILED;
    if (c == -1)
        return fail_syntax(s, s->at,
                           frame->object ? "it ends in the middle of an object"
                                         : "it ends in the middle of an array",
                           diags);
    if (c == close) return pop_frame(s);
    if (!frame->first) {
        if (c != ',')
            return fail_syntax(s, s->at, frame->object ? "expected `,` or `}`" : "expected `,` or `]`",
                               diags);
        s->at++;
    }
    frame->first = false;
    bool matches = true, spread = frame->step == s->steps->list.count;
    if (frame->object && take_key(s, frame, &matches, diags) != JSON_READ_VALUE) return JSON_READ_FAILED;
    if (!frame->object) matches = index_matches(s, frame);
    frame->index++;
    frame->matched = frame->matched || matches;
    if (matches)
        return enter_value(s, spread ? frame->step : frame->step + 1, !spread, taken, element, diags);
    c = peek(s, diags);
    return c == -2 ? JSON_READ_FAILED : take_value(s, false, element, diags);
}

static enum json_read finish(struct json_stream *s, struct diag_list *diags) {
    if (s->documents == 0) {
        if (s->many) return JSON_READ_END;
        return fail_syntax(s, s->at, "the file is empty", diags);
    }
    if (s->matched_any || s->steps->list.count == 0) return JSON_READ_END;
    struct diag *d = reader_error(diags, X_JSON_ROWS, s->file->name,
                                  "the path `%.*s` leads nowhere in this file", STR_ARG(s->steps->text));
    diag_help(diags, d, "`rows` gives the path to the array of rows, such as 'data.items[*]'");
    return JSON_READ_FAILED;
}

enum json_read json_stream_next(struct json_stream *s, struct str *element, uint64_t *line,
                                struct diag_list *diags) {
    bool taken = false;
    while (!taken) {
        if (s->frames.count) {
            if (step_frame(s, &taken, element, diags) != JSON_READ_VALUE) return JSON_READ_FAILED;
            continue;
        }
        int c = peek(s, diags);
        if (c == -2) return JSON_READ_FAILED;
        if (c == -1) return finish(s, diags);
        if (s->documents && !s->many)
            return fail_syntax(s, s->at, "expected nothing behind the document", diags);
        s->documents++;
        if (enter_value(s, 0, true, &taken, element, diags) != JSON_READ_VALUE) return JSON_READ_FAILED;
    }
    count_to(s, (size_t)(element->ptr - s->buffer));
    *line = s->line;
    return JSON_READ_VALUE;
}

/* The line break at or behind `from`; NULL: more of the file is needed. */
static const char *find_line_feed(const struct json_stream *s, size_t from) {
    return from < s->end ? memchr(s->buffer + from, '\n', s->end - from) : NULL;
}

enum json_read json_stream_line(struct json_stream *s, struct str *text, uint64_t *line,
                                struct diag_list *diags) {
    if (peek(s, diags) == -2) return JSON_READ_FAILED;
    if (s->at == s->end) return JSON_READ_END;
    size_t searched = s->at;
    const char *feed;
    while ((feed = find_line_feed(s, searched)) == NULL && !s->last) {
        searched = s->end - s->at;
        if (searched > s->limits->max_record_bytes) break;
        if (!fill(s, s->at, diags)) return JSON_READ_FAILED;
    }
    size_t end = feed ? (size_t)(feed - s->buffer) : s->end;
    if (end - s->at > s->limits->max_record_bytes) {
        struct diag *d = reader_error(diags, X_RECORD_LIMIT, place_at(s, s->at, diags),
                                      "the line is longer than %zu bytes", s->limits->max_record_bytes);
        diag_help(diags, d, "if the file is one document, the source's kind is `json`");
        return JSON_READ_FAILED;
    }
    count_to(s, s->at);
    *line = s->line;
    *text = str_from(s->buffer + s->at, end - s->at);
    while (text->len && (text->ptr[text->len - 1] == '\r' || text->ptr[text->len - 1] == ' '))
        text->len--;
    s->at = end;
    s->documents++;
    return JSON_READ_VALUE;
}

uint64_t json_stream_stored_bytes(const struct json_stream *s) {
    uint64_t stored = input_stored_bytes(s->input);
    uint64_t left = input_is_plain(s->input) ? s->end - s->at : 0;
    return stored > left ? stored - left : 0;
}
