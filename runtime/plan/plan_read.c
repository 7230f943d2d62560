/* The reader: bytes, trusted in nothing, to struct plan. One function for each struct, made from plan.def.
 *
 * Every count is compared with the bytes that are left before anything is allocated for it, so memory is
 * bounded by the size of the file times the width of the widest struct over its shortest spelling;
 * READ_MEMORY_MAX bounds what is left of that. */
#include "runtime/plan/container.h"

#define READ_MEMORY_MAX ((size_t)1 << 30)

struct reader {
    struct arena *arena;
    struct str content;
    size_t at;
    size_t memory;     /* bytes allocated so far */
    const char *error; /* first thing that was wrong, NULL: nothing yet */
    bool too_large;    /* error is about a limit */
};

static bool read_fail(struct reader *r, const char *error) {
    if (r->error == NULL) r->error = error;
    return false;
}

static bool read_u8(struct reader *r, uint8_t *out) {
    if (r->at >= r->content.len) return read_fail(r, "a field is missing");
    *out = (uint8_t)r->content.ptr[r->at++];
    return true;
}

/* LEB128 in the fewest bytes: a number has one spelling, so equal plans are equal bytes. */
static bool read_varint(struct reader *r, uint64_t max, uint64_t *out) {
    uint64_t n = 0;
    for (uint32_t shift = 0;; shift += 7) {
        uint8_t byte;
        if (!read_u8(r, &byte)) return false;
        if (shift == 63 && byte > 1) return read_fail(r, "a number is out of range");
        n |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            if (byte == 0 && shift > 0) return read_fail(r, "a number is not in its shortest form");
            break;
        }
    }
    if (n > max) return read_fail(r, "a number is out of range");
    *out = n;
    return true;
}

static bool read_u32(struct reader *r, uint32_t *out) {
    uint64_t n;
    if (!read_varint(r, UINT32_MAX, &n)) return false;
    *out = (uint32_t)n;
    return true;
}

static bool read_i64(struct reader *r, int64_t *out) {
    uint64_t n;
    if (!read_varint(r, UINT64_MAX, &n)) return false;
    *out = (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
    return true;
}

static bool read_str(struct reader *r, struct str *out) {
    uint64_t len;
    if (!read_varint(r, UINT64_MAX, &len)) return false;
    if (len > r->content.len - r->at) return read_fail(r, "a text reaches beyond the end");
    *out = str_from(r->content.ptr + r->at, (size_t)len);
    r->at += (size_t)len;
    return true;
}

/* A count of items that take at least item_bytes each, and room for them in memory. */
static void *read_list(struct reader *r, size_t item_bytes, size_t item_size, uint32_t *count) {
    uint32_t n;
    if (!read_u32(r, &n)) return NULL;
    if (n > (r->content.len - r->at) / item_bytes) {
        read_fail(r, "a list reaches beyond the end");
        return NULL;
    }
    if (n * item_size > READ_MEMORY_MAX - r->memory) {
        r->too_large = true;
        read_fail(r, "it needs more than 1 GiB of memory");
        return NULL;
    }
    r->memory += n * item_size;
    *count = n;
    return arena_zalloc(r->arena, n * item_size);
}

/* MIN_type: the fewest bytes that a struct takes. */
#define PLAN_STRUCT(type) enum { MIN_##type = 0
#define PLAN_END(type)                                                                                       \
    }                                                                                                        \
    ;
#define PLAN_U8(name, doc)         +1
#define PLAN_U32(name, doc)        +1
#define PLAN_I64(name, doc)        +1
#define PLAN_STR(name, doc)        +1
#define PLAN_U32S(name, doc)       +1
#define PLAN_LIST(name, type, doc) +1
#define PLAN_SUB(name, type, doc)  +MIN_##type
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"

#define PLAN_STRUCT(type) static bool read_##type(struct reader *r, struct type *v) {
#define PLAN_END(type)                                                                                       \
    return true;                                                                                             \
    }
#define PLAN_U8(name, doc)                                                                                   \
    if (!read_u8(r, &v->name)) return false;
#define PLAN_U32(name, doc)                                                                                  \
    if (!read_u32(r, &v->name)) return false;
#define PLAN_I64(name, doc)                                                                                  \
    if (!read_i64(r, &v->name)) return false;
#define PLAN_STR(name, doc)                                                                                  \
    if (!read_str(r, &v->name)) return false;
#define PLAN_U32S(name, doc)                                                                                 \
    v->name = read_list(r, 1, sizeof *v->name, &v->name##_count);                                            \
    if (v->name == NULL) return false;                                                                       \
    for (uint32_t i = 0; i < v->name##_count; i++)                                                           \
        if (!read_u32(r, &v->name[i])) return false;
#define PLAN_LIST(name, type, doc)                                                                           \
    v->name = read_list(r, MIN_##type, sizeof *v->name, &v->name##_count);                                   \
    if (v->name == NULL) return false;                                                                       \
    for (uint32_t i = 0; i < v->name##_count; i++)                                                           \
        if (!read_##type(r, &v->name[i])) return false;
#define PLAN_SUB(name, type, doc)                                                                            \
    if (!read_##type(r, &v->name)) return false;
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"

static const struct span NOWHERE;

static uint64_t fixed_at(struct str bytes, size_t at, uint32_t count) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < count; i++)
        n |= (uint64_t)(uint8_t)bytes.ptr[at + i] << (8 * i);
    return n;
}

/* What stands before the content, field by field, so that each kind of damage has its own message. */
static bool check_header(struct str bytes, struct str name, struct diag_list *diags) {
    if (bytes.len < PLAN_MAGIC_BYTES || memcmp(bytes.ptr, PLAN_MAGIC, PLAN_MAGIC_BYTES) != 0) {
        struct diag *d = diag_report(diags, X_PLAN_MAGIC, NOWHERE, "`%.*s` is not a plan", STR_ARG(name));
        if (bytes.len >= 4 && memcmp(bytes.ptr + 1, "MIG", 3) == 0)
            diag_help(diags, d,
                      "Its first bytes are damaged as by a transfer in text mode: copy it again as binary.");
        else
            diag_help(diags, d,
                      "Plans are made by `mig build SPEC -o PLAN`; the names of specs end in .mig.");
        return false;
    }
    if (bytes.len < PLAN_HEADER_BYTES) {
        diag_report(diags, X_PLAN_TRUNCATED, NOWHERE,
                    "the plan `%.*s` is cut short: it ends within its header", STR_ARG(name));
        return false;
    }
    uint64_t version = fixed_at(bytes, PLAN_VERSION_AT, 4);
    if (version != PLAN_FORMAT_VERSION) {
        struct diag *d = diag_report(diags, X_PLAN_VERSION, NOWHERE,
                                     "the plan `%.*s` has format version %u, this mig reads version %u",
                                     STR_ARG(name), (unsigned)version, (unsigned)PLAN_FORMAT_VERSION);
        diag_help(diags, d, "Build it again from its spec with this mig.");
        return false;
    }
    uint8_t table[PLAN_TABLE_HASH_BYTES];
    plan_hash_instructions(table);
    if (memcmp(bytes.ptr + PLAN_TABLE_HASH_AT, table, sizeof table) != 0) {
        struct diag *d = diag_report(diags, X_PLAN_INSTRUCTIONS, NOWHERE,
                                     "the plan `%.*s` was made for another instruction set", STR_ARG(name));
        diag_help(diags, d, "Build it again from its spec with this mig.");
        return false;
    }
    return true;
}

static bool check_content(struct str bytes, struct str name, struct diag_list *diags) {
    uint64_t length = fixed_at(bytes, PLAN_LENGTH_AT, 8);
    size_t there = bytes.len - PLAN_HEADER_BYTES;
    if (length != there) {
        diag_report(diags, X_PLAN_TRUNCATED, NOWHERE,
                    length > there
                        ? "the plan `%.*s` is cut short: %llu bytes of content were written, %llu are there"
                        : "the plan `%.*s` has bytes behind its end: %llu bytes of content were written, "
                          "%llu are there",
                    STR_ARG(name), (unsigned long long)length, (unsigned long long)there);
        return false;
    }
    uint8_t hash[32];
    plan_hash_bytes(str_from(bytes.ptr + PLAN_HEADER_BYTES, there), hash);
    if (memcmp(bytes.ptr + PLAN_SHA256_AT, hash, sizeof hash) != 0) {
        diag_report(diags, X_PLAN_CHECKSUM, NOWHERE,
                    "the plan `%.*s` was changed or damaged after it was written: its checksum is wrong",
                    STR_ARG(name));
        return false;
    }
    return true;
}

struct plan *plan_read(struct arena *arena, struct str bytes, struct str name, struct diag_list *diags) {
    if (bytes.len > PLAN_MAX_BYTES) {
        diag_report(diags, X_PLAN_TOO_LARGE, NOWHERE, "the plan `%.*s` is larger than %d MiB", STR_ARG(name),
                    PLAN_MAX_BYTES / (1024 * 1024));
        return NULL;
    }
    if (!check_header(bytes, name, diags) || !check_content(bytes, name, diags)) return NULL;
    struct str content = str_from(bytes.ptr + PLAN_HEADER_BYTES, bytes.len - PLAN_HEADER_BYTES);
    struct reader r = {.arena = arena, .content = arena_copy_str(arena, content)};
    struct plan *plan = ARENA_NEW(arena, struct plan);
    if (read_plan(&r, plan) && r.at != r.content.len) read_fail(&r, "bytes stand behind the last field");
    if (r.error != NULL) {
        diag_report(diags, r.too_large ? X_PLAN_TOO_LARGE : X_PLAN_CONTENT, NOWHERE,
                    "the content of the plan `%.*s` is malformed at byte %zu: %s", STR_ARG(name), r.at,
                    r.error);
        return NULL;
    }
    return plan_verify(plan, diags) ? plan : NULL;
}
