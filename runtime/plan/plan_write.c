/* The writer: struct plan to bytes. One function for each struct, made from plan.def. */
#include "runtime/plan/container.h"

#include <openssl/sha.h>

const uint8_t PLAN_MAGIC[PLAN_MAGIC_BYTES] = {0x89, 'M', 'I', 'G', '\r', '\n', 0x1a, '\n'};

void plan_hash_bytes(struct str bytes, uint8_t hash[static 32]) {
    SHA256((const unsigned char *)(bytes.len ? bytes.ptr : ""), bytes.len, hash);
}

void plan_hash_instructions(uint8_t hash[static PLAN_TABLE_HASH_BYTES]) {
    struct buf text = {0};
    for (int op = 0; op < OP_COUNT; op++) {
        const struct opcode_info *info = &OPCODES[op];
        buf_printf(&text, "%d %s %s %s %d %d %d\n", op, info->name, info->result, info->operands, info->imm,
                   info->imm2, info->flags);
    }
    uint8_t full[32];
    plan_hash_bytes(buf_str(&text), full);
    memcpy(hash, full, PLAN_TABLE_HASH_BYTES);
    buf_release(&text);
}

static void write_varint(struct buf *out, uint64_t n) {
    while (n >= 0x80) {
        buf_append_char(out, (char)(n | 0x80));
        n >>= 7;
    }
    buf_append_char(out, (char)n);
}

static void write_zigzag(struct buf *out, int64_t n) {
    write_varint(out, ((uint64_t)n << 1) ^ (uint64_t)(n >> 63));
}

#define PLAN_STRUCT(type)   static void write_##type(struct buf *out, const struct type *v) {
#define PLAN_END(type)      }
#define PLAN_U8(name, doc)  buf_append_char(out, (char)v->name);
#define PLAN_U32(name, doc) write_varint(out, v->name);
#define PLAN_I64(name, doc) write_zigzag(out, v->name);
#define PLAN_STR(name, doc)                                                                                  \
    write_varint(out, v->name.len);                                                                          \
    buf_append_str(out, v->name);
#define PLAN_U32S(name, doc)                                                                                 \
    write_varint(out, v->name##_count);                                                                      \
    for (uint32_t i = 0; i < v->name##_count; i++)                                                           \
        write_varint(out, v->name[i]);
#define PLAN_LIST(name, type, doc)                                                                           \
    write_varint(out, v->name##_count);                                                                      \
    for (uint32_t i = 0; i < v->name##_count; i++)                                                           \
        write_##type(out, &v->name[i]);
#define PLAN_SUB(name, type, doc) write_##type(out, &v->name);
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"

static void write_fixed(struct buf *out, uint64_t n, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++)
        buf_append_char(out, (char)(n >> (8 * i)));
}

void plan_write(const struct plan *plan, struct buf *out) {
    struct buf content = {0};
    write_plan(&content, plan);
    uint8_t table[PLAN_TABLE_HASH_BYTES], hash[32];
    plan_hash_instructions(table);
    plan_hash_bytes(buf_str(&content), hash);
    buf_append(out, PLAN_MAGIC, sizeof PLAN_MAGIC);
    write_fixed(out, PLAN_FORMAT_VERSION, 4);
    buf_append(out, table, sizeof table);
    write_fixed(out, content.len, 8);
    buf_append(out, hash, sizeof hash);
    buf_append_str(out, buf_str(&content));
    buf_release(&content);
}

void plan_hash(const struct plan *plan, uint8_t hash[32]) {
    struct buf content = {0};
    write_plan(&content, plan);
    plan_hash_bytes(buf_str(&content), hash);
    buf_release(&content);
}
