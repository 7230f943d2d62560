/* Kernels for bytes, digests, ids and privacy. */
#include "runtime/vm/kernel_map.h"

#include "runtime/value/convert.h"
#include "runtime/value/digest.h"
#include "runtime/value/encode.h"
#include "runtime/value/text.h"

#include <sys/random.h>

typedef struct str str_t;

/* ---------------------------------------------------------------- bytes */

MAP1(BYTES_LENGTH, int64_t, str_t, (int64_t)x.len)
TRY1(BYTES_TO_UTF8, str_t, str_t, (r = x, text_check(x, NULL)))
GROW1(BASE64, str_t, str_t, (r = base64_encode(arena, x), FAULT_NONE))
GROW1(BASE64URL, str_t, str_t, (r = base64url_encode(arena, x), FAULT_NONE))
GROW1(HEX, str_t, str_t, (r = hex_encode(arena, x), FAULT_NONE))
TRY1(BASE64_TO_BYTES, str_t, str_t, base64_decode(arena, x, &r))
TRY1(BASE64URL_TO_BYTES, str_t, str_t, base64url_decode(arena, x, &r))
TRY1(HEX_TO_BYTES, str_t, str_t, hex_decode(arena, x, &r))

/* ---------------------------------------------------------------- digests */

MAP1(SHA256, str_t, str_t, digest_sha256_hex(arena, x))
MAP1(SHA1, str_t, str_t, digest_sha1_hex(arena, x))
MAP1(MD5, str_t, str_t, digest_md5_hex(arena, x))
MAP1(SHA256_BYTES, str_t, str_t, digest_sha256_hex(arena, x))
MAP1(SHA1_BYTES, str_t, str_t, digest_sha1_hex(arena, x))
MAP1(MD5_BYTES, str_t, str_t, digest_md5_hex(arena, x))
MAP1(CRC32, int64_t, str_t, (int64_t)digest_crc32(x))
MAP2(HMAC_SHA256, str_t, str_t, str_t, digest_hmac_sha256(arena, x, y))
MAP2(PSEUDONYM, str_t, str_t, str_t, digest_pseudonym(arena, y, x))

/* ---------------------------------------------------------------- privacy */

MAP1(REDACT, str_t, str_t, text_redact(x))
TRY1(MASK_ALL, str_t, str_t, text_mask_keep_first(arena, x, 0, &r))
TRY2(MASK_FIRST, str_t, str_t, int64_t, text_mask_keep_first(arena, x, y, &r))
TRY2(MASK_LAST, str_t, str_t, int64_t, text_mask_keep_last(arena, x, y, &r))

/* ---------------------------------------------------------------- ids */

KERNEL(UUID5) {
    const struct vm *vm = call->vm;
    const uint32_t count = call->code->operand_count;
    struct str *args = arena_alloc(call->arena, sizeof *args * count);
    struct uuid *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        for (uint32_t n = 0; n < count; n++) {
            const struct vm_register *reg = &vm->regs[call->code->operands[n]];
            args[n] = ((const struct str *)reg->data)[register_row(reg, i)];
        }
        enum fault fault = uuid5_in_migration(vm->set->namespace_id, args, count, &out[i]);
        if (fault != FAULT_NONE) call_fail(call, i, fault);
    }
}

KERNEL(UUID4) {
    struct uuid *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        uint8_t random[16];
        /* 16 bytes come whole or not at all; only a kernel without the system call refuses them. */
        if (getrandom(random, sizeof random, 0) == (ssize_t)sizeof random)
            out[i] = uuid4_from_random(random);
        else
            call_fail_value(call, i, FAULT_BAD_ARGUMENT, (struct value){.kind = TYPE_NULL});
    }
}
