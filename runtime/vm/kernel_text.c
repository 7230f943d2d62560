/* Kernels for texts. */
#include "runtime/vm/kernel_map.h"

#include "runtime/value/encode.h"
#include "runtime/value/markdown.h"
#include "runtime/value/text.h"

typedef struct str str_t;

/* ---------------------------------------------------------------- case, blanks, forms */

/* The usual text begins and ends on a visible ASCII character and needs no look inside. */
static inline bool is_visible_ascii(char c) {
    return c > ' ' && c < 0x7f;
}
static inline str_t trim_fast(str_t s) {
    if (s.len && is_visible_ascii(s.ptr[0]) && is_visible_ascii(s.ptr[s.len - 1])) return s;
    return text_trim(s);
}

MAP1(LOWER, str_t, str_t, text_lower(arena, x))
MAP1(UPPER, str_t, str_t, text_upper(arena, x))
MAP1(TITLE, str_t, str_t, text_title(arena, x))
MAP1(FOLD, str_t, str_t, text_fold(arena, x))
MAP1(TRIM, str_t, str_t, trim_fast(x))
MAP1(TRIM_LEFT, str_t, str_t, text_trim_left(x))
MAP1(TRIM_RIGHT, str_t, str_t, text_trim_right(x))
MAP1(SQUEEZE, str_t, str_t, text_squeeze(arena, x))
MAP1(SLUG, str_t, str_t, text_slug(arena, x))
MAP1(UNACCENT, str_t, str_t, text_unaccent(arena, x))
TRY1(NORMALISE, str_t, str_t, text_normalize(arena, x, TEXT_NFC, &r))
TRY1(NORMALISE_KC, str_t, str_t, text_normalize(arena, x, TEXT_NFKC, &r))
MAP1(DIGITS, str_t, str_t, text_only_digits(arena, x))

/* ---------------------------------------------------------------- parts */

MAP2(LEFT, str_t, str_t, int64_t, text_left(x, y))
MAP2(RIGHT, str_t, str_t, int64_t, text_right(x, y))
MAP2(SUBSTR_FROM, str_t, str_t, int64_t, text_substr_from(x, y))
TRY3(SUBSTR, str_t, str_t, int64_t, int64_t, text_substr(x, y, z, &r))
MAP1(LENGTH, int64_t, str_t, text_length(x))
MAP2(POSITION, int64_t, str_t, str_t, text_position(x, y))
MAP2(STARTS_WITH, uint8_t, str_t, str_t, str_starts_with(x, y))
MAP2(ENDS_WITH, uint8_t, str_t, str_t, str_ends_with(x, y))
MAP2(CONTAINS, uint8_t, str_t, str_t, text_contains(x, y))
MAP1(IS_BLANK, uint8_t, str_t, text_is_blank(x))
TRY3(SPLIT_PART, str_t, str_t, str_t, int64_t, text_split_part(x, y, z, &r))
MAP1(REVERSE, str_t, str_t, text_reverse(arena, x))

/* ---------------------------------------------------------------- what may grow */

GROW3(REPLACE, str_t, str_t, str_t, str_t, text_replace(arena, x, y, z, &r))
GROW3(TRANSLATE, str_t, str_t, str_t, str_t, text_translate(arena, x, y, z, &r))
GROW2(PAD_LEFT_BLANK, str_t, str_t, int64_t, text_pad_left(arena, x, y, STR(" "), &r))
GROW3(PAD_LEFT, str_t, str_t, int64_t, str_t, text_pad_left(arena, x, y, z, &r))
GROW2(PAD_RIGHT_BLANK, str_t, str_t, int64_t, text_pad_right(arena, x, y, STR(" "), &r))
GROW3(PAD_RIGHT, str_t, str_t, int64_t, str_t, text_pad_right(arena, x, y, z, &r))
GROW2(REPEAT, str_t, str_t, int64_t, text_repeat(arena, x, y, &r))
GROW1(URL_ENCODE, str_t, str_t, (r = url_encode(arena, x), FAULT_NONE))
TRY1(URL_DECODE, str_t, str_t, url_decode(arena, x, false, &r))
GROW1(MARKDOWN_NORMALISE, str_t, str_t, markdown_normalise(arena, x, &r))
GROW1(MARKDOWN_TO_TEXT, str_t, str_t, markdown_to_text(arena, x, &r))
GROW1(MARKDOWN_TO_HTML, str_t, str_t, markdown_to_html(arena, x, &r))

/* ---------------------------------------------------------------- what a column can take */

KERNEL(FIT_LENGTH) {
    const str_t *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    const int64_t limit = call->instr->imm;
    str_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        const str_t s = a[i * step];
        if (s.len > (size_t)limit && !text_fits(s, limit))
            call_fail(call, i, FAULT_TOO_LONG);
        else
            out[i] = s;
    }
}

/* ---------------------------------------------------------------- joining */

static size_t list_length(const struct vm_call *call, uint32_t row) {
    size_t total = 0;
    for (uint32_t n = 0; n < call->code->operand_count; n++) {
        const struct vm_register *reg = &call->vm->regs[call->code->operands[n]];
        total += ((const str_t *)reg->data)[register_row(reg, row)].len;
    }
    return total;
}

KERNEL(CONCAT) {
    const struct vm_register *regs = call->vm->regs;
    str_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        size_t total = list_length(call, i);
        if (total > TEXT_BYTES_MAX || call_over_budget(call)) {
            call_fail_value(call, i, FAULT_TOO_LARGE, (struct value){.kind = TYPE_NULL});
            continue;
        }
        char *text = arena_alloc(call->arena, total);
        size_t at = 0;
        for (uint32_t n = 0; n < call->code->operand_count; n++) {
            const struct vm_register *reg = &regs[call->code->operands[n]];
            const str_t part = ((const str_t *)reg->data)[register_row(reg, i)];
            if (part.len) memcpy(text + at, part.ptr, part.len);
            at += part.len;
        }
        out[i] = str_from(text, total);
    }
}

/* Messages are read by people: they end after VM_MESSAGE_MAX bytes. */
KERNEL(CONCAT_MESSAGE) {
    struct vm *vm = call->vm;
    str_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        buf_clear(&vm->key);
        for (uint32_t n = 0; n < call->code->operand_count && vm->key.len <= VM_MESSAGE_MAX; n++) {
            const struct vm_register *reg = &vm->regs[call->code->operands[n]];
            if (register_state(reg, i) == ROW_VALUE)
                buf_append_str(
                    &vm->key, vm_clip_message(call->arena, ((const str_t *)reg->data)[register_row(reg, i)]));
            else
                buf_append_cstr(&vm->key, "null");
        }
        call->dst->state[i] = ROW_VALUE;
        out[i] = arena_copy_str(call->arena, vm_clip_message(call->arena, buf_str(&vm->key)));
    }
}

MAP1(MASK_MESSAGE, str_t, str_t, vm_mask_text(x))

/* ---------------------------------------------------------------- null */

KERNEL(BLANK_TO_NULL) {
    const str_t *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    str_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        if (text_is_blank(a[i * step]))
            call_null(call, i);
        else
            out[i] = a[i * step];
    }
}
