/* Fuzzes the xlsx reader. An input that begins with PK is a whole workbook; any other is the XML of a sheet,
 * put into one, so that the fuzzer need not learn to make zips. */
#include "tests/fuzz/fuzz_reader.h"

#include <zip.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char RELS[] = "<R><Relationship Id='a' Type='x/officeDocument' Target='b.xml'/></R>";
static const char BOOK[] = "<w><sheets><sheet name='S' r:id='s'/></sheets></w>";
static const char BOOK_RELS[] = "<R><Relationship Id='s' Type='x/worksheet' Target='s.xml'/>"
                                "<Relationship Id='t' Type='x/styles' Target='t.xml'/></R>";
static const char STYLES[] =
    "<s><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='20'/><xf numFmtId='46'/>"
    "</cellXfs></s>";

static void add_part(zip_t *zip, const char *name, const void *bytes, size_t len) {
    if (zip_file_add(zip, name, zip_source_buffer(zip, bytes, len, 0), 0) < 0) abort();
}

/* A stored workbook around the sheet, in memory. */
static uint8_t *make_workbook(const uint8_t *sheet, size_t size, size_t *len) {
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, NULL) : NULL;
    if (zip == NULL) abort();
    zip_source_keep(source);
    add_part(zip, "_rels/.rels", RELS, sizeof RELS - 1);
    add_part(zip, "b.xml", BOOK, sizeof BOOK - 1);
    add_part(zip, "_rels/b.xml.rels", BOOK_RELS, sizeof BOOK_RELS - 1);
    add_part(zip, "t.xml", STYLES, sizeof STYLES - 1);
    add_part(zip, "s.xml", sheet, size);
    if (zip_close(zip) != 0) abort();
    zip_stat_t st;
    zip_source_open(source);
    zip_source_stat(source, &st);
    uint8_t *bytes = malloc(st.size);
    if (bytes == NULL) abort();
    *len = (size_t)zip_source_read(source, bytes, st.size);
    zip_source_close(source);
    zip_source_free(source);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct plan_source source = {.format = SOURCE_XLSX, .header = !(size && (data[size - 1] & 1))};
    if (size > 2 && data[0] == 'P' && data[1] == 'K') {
        fuzz_read(&source, data, size, 0);
        return 0;
    }
    size_t len;
    uint8_t *workbook = make_workbook(data, size, &len);
    fuzz_read(&source, workbook, len, 0);
    free(workbook);
    return 0;
}
