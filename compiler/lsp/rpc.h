/* JSON-RPC 2.0 messages over a pair of file descriptors: framing, limits, the queue of what has come in. */
#ifndef MIG_LSP_RPC_H
#define MIG_LSP_RPC_H

#include "runtime/base/buf.h"

#include <cjson/cJSON.h>

/* Limits on what a client may send; each is answered with an error of its own. */
enum {
    RPC_MAX_HEADER = 8 * 1024,
    RPC_MAX_MESSAGE = 48 * 1024 * 1024, /* a spec of 16 MiB, escaped */
    RPC_MAX_DEPTH = 64,
    RPC_MAX_VALUES = 1000 * 1000,
    RPC_MAX_QUEUE = 256
};

/* Error codes of JSON-RPC and LSP. */
enum rpc_error {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_NOT_INITIALIZED = -32002,
    RPC_REQUEST_FAILED = -32803,
    RPC_CANCELLED = -32800
};

struct rpc_message {
    cJSON *json; /* an object with a text `method` */
    bool cancelled;
};

struct rpc {
    int in, out;
    struct buf input;
    size_t skip; /* bytes of a message that was too large, still to come */
    bool lost;   /* reported that no header could be found */
    bool closed; /* no more input, or nobody reads the output */
    struct rpc_message queue[RPC_MAX_QUEUE];
    uint32_t first, count;
};

enum rpc_event { RPC_MESSAGE, RPC_IDLE, RPC_END };

void rpc_init(struct rpc *rpc, int in, int out);
void rpc_release(struct rpc *rpc);
/* The next message, if one has come in; RPC_IDLE when nothing is waiting. wait: blocks instead of RPC_IDLE.
 * The caller frees message->json. */
enum rpc_event rpc_next(struct rpc *rpc, bool wait, struct rpc_message *message);

/* Sends and frees; result NULL stands for null. id is copied. */
void rpc_send_result(struct rpc *rpc, const cJSON *id, cJSON *result);
void rpc_send_error(struct rpc *rpc, const cJSON *id, int code, const char *message);
void rpc_send_notification(struct rpc *rpc, const char *method, cJSON *params);

#endif
