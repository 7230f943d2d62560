/* The dynamodb reader: items in the typed attribute form ({"S": "x"}, {"N": "1"}), as they stand in table
 * exports
 * ({"Item": {…}} a line), in arrays of items, in batch-write requests ({"Table": [{"PutRequest": {"Item":
 * {…}}}]}) and in scan results ({"Items": […]}). Each item is turned into plain JSON and then read like any
 * other. (Amazon DynamoDB Developer Guide, "Data types" and "DynamoDB table export output format".) */
#include "runtime/reader/json_files.h"

#include <stdlib.h>

struct dynamodb_reader {
    struct json_files files;
    struct buf held;             /* the element whose items are queued */
    VEC(struct json_spot) queue; /* in `held` */
    uint32_t queue_at;
    struct arena arena; /* of the queue */
    uint64_t line;
    struct buf plain;
};

/* ---- the typed form */

struct typed {
    struct str type, value; /* "S" without quotes; raw JSON */
};

static bool is_array_of(struct str value, char first) {
    struct json_walk walk;
    struct str key, item;
    if (!json_walk_start(&walk, value) || walk.object) return false;
    while (json_walk_next(&walk, &key, &item))
        if (first && item.ptr[0] != first) return false;
    return true;
}

static bool value_fits(struct str type, struct str value) {
    char c = value.ptr[0];
    if (str_is(type, "S") || str_is(type, "N") || str_is(type, "B")) return c == '"';
    if (str_is(type, "BOOL")) return c == 't' || c == 'f';
    if (str_is(type, "NULL")) return c == 't';
    if (str_is(type, "M")) return c == '{';
    if (str_is(type, "L")) return c == '[';
    if (str_is(type, "SS") || str_is(type, "NS") || str_is(type, "BS")) return is_array_of(value, '"');
    return false;
}

/* True when value is an object of one member that names a type and holds what the type asks for. */
static bool read_typed(struct str value, struct typed *typed) {
    struct json_walk walk;
    struct str key, more;
    if (!json_walk_start(&walk, value) || !walk.object || !json_walk_next(&walk, &key, &typed->value))
        return false;
    typed->type = key.len >= 2 ? str_from(key.ptr + 1, key.len - 2) : STR("");
    return typed->value.len && value_fits(typed->type, typed->value) && !json_walk_next(&walk, &key, &more);
}

static bool is_item(struct str value) {
    struct json_walk walk;
    struct str key, attribute;
    struct typed typed;
    if (!json_walk_start(&walk, value) || !walk.object) return false;
    while (json_walk_next(&walk, &key, &attribute))
        if (!read_typed(attribute, &typed)) return false;
    return true;
}

static bool put_number(struct buf *out, struct str raw) {
    struct json_scanner scanner;
    struct str text = str_from(raw.ptr + 1, raw.len - 2);
    size_t at;
    const char *error;
    if (text.len == 0 || (text.ptr[0] != '-' && (text.ptr[0] < '0' || text.ptr[0] > '9'))) return false;
    if (!json_scan_text(&scanner, text, 1, &at, &error)) return false;
    buf_append_str(out, text);
    return true;
}

static bool put_plain(struct buf *out, struct str value, struct str *culprit);

static bool put_members(struct buf *out, struct str value, bool numbers, bool typed, struct str *culprit) {
    struct json_walk walk;
    struct str key, item;
    bool first = true;
    if (!json_walk_start(&walk, value)) return false;
    bool object = walk.object;
    buf_append_char(out, object ? '{' : '[');
    while (json_walk_next(&walk, &key, &item)) {
        if (!first) buf_append_char(out, ',');
        first = false;
        if (object) {
            buf_append_str(out, key);
            buf_append_char(out, ':');
            *culprit = key;
        }
        if (typed) {
            if (!put_plain(out, item, culprit)) return false;
        } else if (numbers) {
            if (!put_number(out, item)) return false;
        } else {
            buf_append_str(out, item);
        }
    }
    buf_append_char(out, object ? '}' : ']');
    return true;
}

/* A typed value as plain JSON. On failure *culprit is the key of the attribute that is not typed. */
static bool put_plain(struct buf *out, struct str value, struct str *culprit) {
    struct typed typed;
    if (!read_typed(value, &typed)) return false;
    if (str_is(typed.type, "N")) return put_number(out, typed.value);
    if (str_is(typed.type, "M") || str_is(typed.type, "L"))
        return put_members(out, typed.value, false, true, culprit);
    if (str_is(typed.type, "NS")) return put_members(out, typed.value, true, false, culprit);
    if (str_is(typed.type, "NULL"))
        buf_append_cstr(out, "null");
    else
        buf_append_str(out, typed.value);
    return true;
}

/* ---- finding the items of an element */

static bool fail_plain(struct dynamodb_reader *state, struct str attribute, struct diag_list *diags) {
    struct str place = arena_printf(diags->arena, "%.*s line %llu", STR_ARG(state->files.stream.file->name),
                                    (unsigned long long)state->line);
    struct diag *d;
    if (attribute.len)
        d = reader_error(diags, X_NOT_DYNAMODB, place,
                         "attribute %.*s is not a typed DynamoDB value such as {\"S\": \"text\"}",
                         STR_ARG(attribute));
    else
        d = reader_error(diags, X_NOT_DYNAMODB, place, "this is not a DynamoDB item");
    diag_help(
        diags, d,
        "a file of plain JSON values is read by `json`, or by `ndjson` when it has one document a line");
    return false;
}

static void queue_item(struct dynamodb_reader *state, struct str item) {
    struct json_spot spot = {(uint32_t)(item.ptr - state->held.ptr), (uint32_t)item.len};
    VEC_PUSH(&state->arena, &state->queue, spot);
}

static bool member_of(struct str object, const char *name, struct str *value) {
    struct json_walk walk;
    struct str key, item;
    bool any = false;
    if (!json_walk_start(&walk, object) || !walk.object) return false;
    while (json_walk_next(&walk, &key, &item))
        if (json_key_equals(key, str_cstr(name))) {
            *value = item;
            any = true;
        }
    return any;
}

/* {"PutRequest": {"Item": {…}}} */
static bool queue_request(struct dynamodb_reader *state, struct str request, struct diag_list *diags) {
    struct str put, item;
    if (!member_of(request, "PutRequest", &put) || !member_of(put, "Item", &item))
        return fail_plain(state, STR(""), diags);
    queue_item(state, item);
    return true;
}

static bool queue_requests(struct dynamodb_reader *state, struct str tables, struct diag_list *diags) {
    struct json_walk walk, requests;
    struct str table, list, key, request, first = {0};
    json_walk_start(&walk, tables);
    while (json_walk_next(&walk, &table, &list)) {
        if (!json_walk_start(&requests, list) || requests.object) return fail_plain(state, table, diags);
        if (first.len) {
            struct diag *d = reader_error(diags, X_NOT_DYNAMODB, state->files.stream.file->name,
                                          "the file holds items of more than one table: %.*s and %.*s",
                                          STR_ARG(first), STR_ARG(table));
            diag_help(diags, d, "split it into a file for each table");
            return false;
        }
        first = table;
        while (json_walk_next(&requests, &key, &request))
            if (!queue_request(state, request, diags)) return false;
    }
    return true;
}

static bool queue_items(struct dynamodb_reader *state, struct diag_list *diags) {
    struct str element = buf_str(&state->held), item, key;
    struct json_walk walk;
    if (is_item(element)) {
        queue_item(state, element);
    } else if (member_of(element, "Item", &item)) {
        queue_item(state, item);
    } else if (member_of(element, "PutRequest", &item)) {
        return queue_request(state, element, diags);
    } else if (member_of(element, "Items", &item) && is_array_of(item, '{')) {
        json_walk_start(&walk, item);
        while (json_walk_next(&walk, &key, &item))
            queue_item(state, item);
    } else {
        struct str first = {0}, list;
        if (!json_walk_start(&walk, element) || !walk.object) return fail_plain(state, STR(""), diags);
        if (json_walk_next(&walk, &first, &list) && !is_array_of(list, '{'))
            return fail_plain(state, first, diags);
        return queue_requests(state, element, diags);
    }
    return true;
}

/* ---- the reader */

static bool dynamodb_open(struct reader *reader, struct diag_list *diags) {
    struct dynamodb_reader *state = ARENA_NEW(&reader->arena, struct dynamodb_reader);
    reader->state = state;
    state->files.many = true;
    return json_rows_init(&state->files.rows, reader, diags) &&
           json_files_open(&state->files, reader, 0, diags);
}

static void dynamodb_close(struct reader *reader) {
    struct dynamodb_reader *state = reader->state;
    json_files_close(&state->files);
    buf_release(&state->held);
    buf_release(&state->plain);
    arena_release(&state->arena);
}

static bool add_item(struct dynamodb_reader *state, struct row_batch *batch, struct diag_list *diags) {
    struct json_spot spot = state->queue.items[state->queue_at++];
    struct str item = str_from(state->held.ptr + spot.offset, spot.len), culprit = STR("");
    buf_clear(&state->plain);
    if (item.ptr[0] != '{' || !put_members(&state->plain, item, false, true, &culprit))
        return fail_plain(state, culprit, diags);
    json_rows_add(&state->files.rows, batch, buf_str(&state->plain), item, state->line);
    return true;
}

/* The next element's items into the queue. */
static enum json_read next_element(struct dynamodb_reader *state, struct diag_list *diags) {
    struct str element;
    enum json_read read = json_stream_next(&state->files.stream, &element, &state->line, diags);
    if (read != JSON_READ_VALUE) return read;
    arena_reset(&state->arena);
    memset(&state->queue, 0, sizeof state->queue);
    state->queue_at = 0;
    buf_clear(&state->held);
    buf_append_str(&state->held, element);
    return queue_items(state, diags) ? JSON_READ_VALUE : JSON_READ_FAILED;
}

static enum json_read feed(struct reader *reader, struct row_batch *batch, uint32_t *row,
                           struct diag_list *diags) {
    struct dynamodb_reader *state = reader->state;
    (void)row;
    if (state->queue_at == state->queue.count) return next_element(state, diags);
    return add_item(state, batch, diags) ? JSON_READ_VALUE : JSON_READ_FAILED;
}

static enum reader_status dynamodb_next(struct reader *reader, struct row_batch *batch,
                                        struct diag_list *diags) {
    struct dynamodb_reader *state = reader->state;
    return json_files_next(&state->files, reader, batch, feed, diags);
}

const struct reader_ops DYNAMODB_READER = {dynamodb_open, dynamodb_next, dynamodb_close};
