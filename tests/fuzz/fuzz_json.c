/* Fuzzes the json, ndjson and dynamodb readers. The first two bytes choose the format, the paths and the
 * block size. */
#include "tests/fuzz/fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum plan_source_format formats[] = {SOURCE_JSON, SOURCE_NDJSON, SOURCE_DYNAMODB,
                                                      SOURCE_JSON};
    static const char *const paths[] = {"", "r[*]", "r", "x[*].r[*]", "[1].r", "[*]", "$", "'r'"};
    if (size < 2) return 0;
    struct plan_source source = {.format = (uint8_t)formats[data[0] & 3],
                                 .rows = str_cstr(paths[data[0] >> 2 & 7]),
                                 .children = data[0] & 32 ? STR("k") : STR("")};
    fuzz_read(&source, data + 2, size - 2, 1 + data[1] % 40);
    return 0;
}
