/* Fuzzes the CSV reader with what is below it (unpacking, encodings). The first two bytes choose options and
 * the block size. */
#include "tests/fuzz/fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const encodings[] = {"",         "",          "",      "windows-1252",
                                            "UTF-16LE", "Shift_JIS", "UTF-8", "UTF-16"};
    static struct plan_text nulls[] = {{{"-", 1}}, {{"N/A", 3}}};
    if (size < 2) return 0;
    struct plan_source source = {.format = SOURCE_CSV,
                                 .header = !(data[0] & 1),
                                 .trim = data[0] >> 1 & 1,
                                 .has_nulls = data[0] >> 2 & 1,
                                 .delimiter = data[0] & 8 ? STR(";") : STR(","),
                                 .quote = STR("\""),
                                 .escape = data[0] & 16 ? STR("\\") : STR(""),
                                 .comment = data[0] & 32 ? STR("#") : STR(""),
                                 .encoding = str_cstr(encodings[data[1] & 7]),
                                 .nulls = nulls,
                                 .nulls_count = 2};
    source.on_ragged.kind = data[0] & 64 ? DO_PAD : DO_REJECT;
    source.on_bad_encoding.kind = data[0] & 128 ? DO_WARN : DO_REJECT;
    fuzz_read(&source, data + 2, size - 2, 1 + (data[1] >> 3));
    return 0;
}
