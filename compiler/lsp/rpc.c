/* Framing and queueing. Whatever arrives is answered or passed over; nothing that arrives ends the server but
 * the end of the stream. */
#include "compiler/lsp/rpc.h"

#include "runtime/base/arena.h"
#include "runtime/base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

void rpc_init(struct rpc *rpc, int in, int out) {
    *rpc = (struct rpc){.in = in, .out = out};
}

void rpc_release(struct rpc *rpc) {
    for (uint32_t i = 0; i < rpc->count; i++)
        cJSON_Delete(rpc->queue[(rpc->first + i) % RPC_MAX_QUEUE].json);
    buf_release(&rpc->input);
}

/* ---------------------------------------------------------------- sending */

static void write_all(struct rpc *rpc, const char *bytes, size_t len) {
    while (len > 0 && !rpc->closed) {
        ssize_t n = write(rpc->out, bytes, len);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = rpc->out, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            rpc->closed = true;
        }
    }
}

static void send_message(struct rpc *rpc, cJSON *message) {
    char *text = cJSON_PrintUnformatted(message);
    if (text == NULL) memory_exhausted(SIZE_MAX);
    char header[64];
    int header_len = snprintf(header, sizeof header, "Content-Length: %zu\r\n\r\n", strlen(text));
    write_all(rpc, header, (size_t)header_len);
    write_all(rpc, text, strlen(text));
    free(text);
    cJSON_Delete(message);
}

static cJSON *new_message(void) {
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "jsonrpc", "2.0");
    return message;
}

static void add_id(cJSON *message, const cJSON *id) {
    cJSON_AddItemToObject(message, "id", id ? cJSON_Duplicate(id, 1) : cJSON_CreateNull());
}

void rpc_send_result(struct rpc *rpc, const cJSON *id, cJSON *result) {
    cJSON *message = new_message();
    add_id(message, id);
    cJSON_AddItemToObject(message, "result", result ? result : cJSON_CreateNull());
    send_message(rpc, message);
}

void rpc_send_error(struct rpc *rpc, const cJSON *id, int code, const char *text) {
    cJSON *message = new_message(), *error = cJSON_CreateObject();
    add_id(message, id);
    cJSON_AddNumberToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", text);
    cJSON_AddItemToObject(message, "error", error);
    send_message(rpc, message);
}

void rpc_send_notification(struct rpc *rpc, const char *method, cJSON *params) {
    cJSON *message = new_message();
    cJSON_AddStringToObject(message, "method", method);
    cJSON_AddItemToObject(message, "params", params);
    send_message(rpc, message);
}

/* ---------------------------------------------------------------- what a message may hold */

static int hex_value(const char *digits) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* A \u escape at text[at]: NUL and lone surrogates, which no C string and no UTF-8 can hold, become other
 * signs of the same width, so that positions stay right. Returns the bytes to go on by. */
static size_t mend_escape(char *text, size_t len, size_t at) {
    if (text[at + 1] != 'u' || at + 6 > len) return 2;
    int unit = hex_value(text + at + 2);
    if (unit == 0) memcpy(text + at + 2, "0001", 4);
    if (unit < 0xD800 || unit > 0xDFFF) return 6;
    bool pair = unit < 0xDC00 && at + 12 <= len && text[at + 6] == '\\' && text[at + 7] == 'u';
    int low = pair ? hex_value(text + at + 8) : 0;
    if (low >= 0xDC00 && low <= 0xDFFF) return 12;
    memcpy(text + at + 2, "FFFD", 4);
    return 6;
}

/* NULL when the text may be given to the JSON parser; else what is wrong. */
static const char *check_text(char *text, size_t len) {
    if (utf8_find_invalid(str_from(text, len)) != len) return "the message is not UTF-8";
    uint32_t depth = 0, values = 0;
    bool in_text = false;
    for (size_t i = 0; i < len;) {
        char c = text[i];
        size_t step = 1;
        if (in_text && c == '\\' && i + 1 < len)
            step = mend_escape(text, len, i);
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '{' || c == '['))
            depth++, values++;
        else if (!in_text && (c == '}' || c == ']'))
            depth -= depth > 0;
        else if (!in_text && c == ',')
            values++;
        if (depth > RPC_MAX_DEPTH) return "the message is nested too deeply";
        if (values > RPC_MAX_VALUES) return "the message holds too many values";
        i += step;
    }
    return NULL;
}

/* ---------------------------------------------------------------- receiving */

static bool is_id(const cJSON *id) {
    return cJSON_IsNumber(id) || cJSON_IsString(id);
}

static bool same_id(const cJSON *a, const cJSON *b) {
    return a && b && is_id(a) && cJSON_Compare(a, b, 1);
}

static void cancel_queued(struct rpc *rpc, const cJSON *id) {
    for (uint32_t i = 0; i < rpc->count; i++) {
        struct rpc_message *queued = &rpc->queue[(rpc->first + i) % RPC_MAX_QUEUE];
        if (same_id(cJSON_GetObjectItemCaseSensitive(queued->json, "id"), id)) queued->cancelled = true;
    }
}

static void take_message(struct rpc *rpc, char *text, size_t len) {
    const char *wrong = check_text(text, len), *end = NULL;
    if (wrong) {
        rpc_send_error(rpc, NULL, RPC_PARSE_ERROR, wrong);
        return;
    }
    cJSON *json = cJSON_ParseWithLengthOpts(text, len, &end, 0);
    while (json && end < text + len && strchr(" \t\r\n", *end))
        end++;
    if (json == NULL || end < text + len) {
        cJSON_Delete(json);
        rpc_send_error(rpc, NULL, RPC_PARSE_ERROR, "the message is not JSON");
        return;
    }
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(json, "id");
    const cJSON *method = cJSON_GetObjectItemCaseSensitive(json, "method");
    bool answer = cJSON_IsObject(json) && method == NULL && id != NULL &&
                  (cJSON_HasObjectItem(json, "result") || cJSON_HasObjectItem(json, "error"));
    if (!answer && (!cJSON_IsObject(json) || !cJSON_IsString(method) || (id && !is_id(id)))) {
        rpc_send_error(rpc, is_id(id) ? id : NULL, RPC_INVALID_REQUEST, "the message is no request");
    } else if (!answer && strcmp(method->valuestring, "$/cancelRequest") == 0) {
        const cJSON *params = cJSON_GetObjectItemCaseSensitive(json, "params");
        cancel_queued(rpc, cJSON_GetObjectItemCaseSensitive(params, "id"));
    } else if (!answer) {
        rpc->queue[(rpc->first + rpc->count++) % RPC_MAX_QUEUE] = (struct rpc_message){.json = json};
        return;
    }
    cJSON_Delete(json);
}

static void drop_input(struct rpc *rpc, size_t bytes) {
    memmove(rpc->input.ptr, rpc->input.ptr + bytes, rpc->input.len - bytes);
    rpc->input.len -= bytes;
}

/* The length in a header; false when there is none that makes sense. */
static bool read_length(const char *header, size_t len, size_t *length) {
    static const char NAME[] = "content-length:";
    bool found = false;
    for (size_t line = 0; line < len;) {
        const char *end = memchr(header + line, '\n', len - line);
        size_t next = end ? (size_t)(end - header) + 1 : len;
        if (next - line > sizeof NAME - 1 && strncasecmp(header + line, NAME, sizeof NAME - 1) == 0) {
            size_t at = line + sizeof NAME - 1, value = 0, digits = 0;
            while (at < next && (header[at] == ' ' || header[at] == '\t'))
                at++;
            for (; at < next && header[at] >= '0' && header[at] <= '9' && digits < 15; at++, digits++)
                value = value * 10 + (size_t)(header[at] - '0');
            while (at < next && strchr(" \t\r\n", header[at]))
                at++;
            if (digits == 0 || at != next || found) return false;
            found = true;
            *length = value;
        }
        line = next;
    }
    return found;
}

/* Where the blank line behind the header ends; 0: not there yet. */
static size_t find_header_end(const struct buf *input) {
    for (size_t i = 0; i + 1 < input->len && i < RPC_MAX_HEADER; i++) {
        if (input->ptr[i] != '\n') continue;
        if (input->ptr[i + 1] == '\n') return i + 2;
        if (i + 2 < input->len && input->ptr[i + 1] == '\r' && input->ptr[i + 2] == '\n') return i + 3;
    }
    return 0;
}

static void skip_input(struct rpc *rpc) {
    size_t bytes = rpc->skip < rpc->input.len ? rpc->skip : rpc->input.len;
    drop_input(rpc, bytes);
    rpc->skip -= bytes;
}

/* Takes one message off the input. False: more bytes are needed first. */
static bool take_frame(struct rpc *rpc) {
    if (rpc->skip > 0) skip_input(rpc);
    if (rpc->skip > 0 || rpc->count == RPC_MAX_QUEUE) return false;
    size_t header = find_header_end(&rpc->input), length = 0;
    if (header == 0) {
        if (rpc->input.len < RPC_MAX_HEADER) return false;
        if (!rpc->lost) rpc_send_error(rpc, NULL, RPC_PARSE_ERROR, "a header of this length is not read");
        rpc->lost = true;
        drop_input(rpc, rpc->input.len);
        return false;
    }
    if (!read_length(rpc->input.ptr, header, &length)) {
        rpc_send_error(rpc, NULL, RPC_PARSE_ERROR, "the header names no Content-Length");
        drop_input(rpc, header);
        return true;
    }
    rpc->lost = false;
    if (length > RPC_MAX_MESSAGE) {
        rpc_send_error(rpc, NULL, RPC_INVALID_REQUEST, "the message is too large");
        drop_input(rpc, header);
        rpc->skip = length;
        return true;
    }
    if (rpc->input.len - header < length) return false;
    take_message(rpc, rpc->input.ptr + header, length);
    drop_input(rpc, header + length);
    return true;
}

/* Reads what there is. False when nothing came within the time. */
static bool read_input(struct rpc *rpc, bool wait) {
    enum { CHUNK = 64 * 1024 };
    struct pollfd ready = {.fd = rpc->in, .events = POLLIN};
    int n = poll(&ready, 1, wait ? -1 : 0);
    if (n < 0 && errno == EINTR) return wait;
    if (n <= 0) return false;
    char *to = buf_reserve(&rpc->input, CHUNK);
    ssize_t got = read(rpc->in, to, CHUNK);
    if (got > 0)
        rpc->input.len += (size_t)got;
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        rpc->closed = true;
    return true;
}

enum rpc_event rpc_next(struct rpc *rpc, bool wait, struct rpc_message *message) {
    for (;;) {
        while (take_frame(rpc)) {
        }
        /* More may be waiting: a cancellation of what is queued already. */
        if (!rpc->closed && rpc->count < RPC_MAX_QUEUE && read_input(rpc, wait && rpc->count == 0)) continue;
        if (rpc->count == 0) {
            if (rpc->closed) return RPC_END;
            if (wait) continue;
            return RPC_IDLE;
        }
        *message = rpc->queue[rpc->first];
        rpc->first = (rpc->first + 1) % RPC_MAX_QUEUE;
        rpc->count--;
        return RPC_MESSAGE;
    }
}
