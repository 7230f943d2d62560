/* The values of a code and the labels that they mean. */
#include "runtime/infer/model.h"

enum { MOST_CODES = 60 };

static uint32_t find_value(const struct infer_codes *codes, struct str value) {
    for (uint32_t i = 0; i < codes->count; i++)
        if (str_eq(codes->values[i], value)) return i;
    return codes->count;
}

bool infer_codes_make(struct arena *arena, const struct column_profile *column, const struct str *labels,
                      uint32_t label_count, struct infer_codes *codes) {
    const struct counted_value **top;
    uint64_t all = 0, mapped = 0;
    *codes = (struct infer_codes){0};
    if (column->nested || column->top.missed || column->top.count > 4 * MOST_CODES || column->values == 0)
        return false;
    uint32_t n = counted_top(&column->top, arena, UINT32_MAX, &top);
    codes->values = ARENA_ARRAY(arena, struct str, n);
    codes->counts = ARENA_ARRAY(arena, uint64_t, n);
    codes->labels = ARENA_ARRAY(arena, int, n);
    for (uint32_t i = 0; i < n; i++) {
        struct str value = column_fold(arena, str_from(top[i]->text, top[i]->len));
        uint32_t at = find_value(codes, value);
        if (top[i]->cut || (at == codes->count && at == MOST_CODES)) return false;
        if (at == codes->count) {
            codes->values[at] = value;
            codes->labels[at] = names_label_of(str_from(top[i]->text, top[i]->len), labels, label_count);
            codes->count++;
            codes->mapped += codes->labels[at] >= 0;
        }
        codes->counts[at] += top[i]->count;
        all += top[i]->count;
        if (codes->labels[at] >= 0) mapped += top[i]->count;
    }
    codes->share = all ? (double)mapped / (double)all : 0;
    return codes->count > 0;
}
