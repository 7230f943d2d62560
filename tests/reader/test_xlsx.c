/* The xlsx reader: workbooks made here part by part, and real ones beside what other readers make of them. */
#include "tests/reader/reader_fixture.h"

#include "runtime/reader/xlsx_number.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zip.h>

/* ---- making workbooks */

static const char RELS[] =
    "<Relationships><Relationship Id='r1' Type='http://x/relationships/officeDocument' "
    "Target='xl/workbook.xml'/></Relationships>";
static const char BOOK_RELS[] =
    "<Relationships><Relationship Id='rId1' Type='http://x/relationships/worksheet' "
    "Target='worksheets/sheet1.xml'/>"
    "<Relationship Id='rId2' Type='http://x/relationships/worksheet' Target='/xl/worksheets/sheet2.xml'/>"
    "<Relationship Id='rId3' Type='http://x/relationships/styles' Target='../xl/styles.xml'/>"
    "<Relationship Id='rId4' Type='http://x/relationships/sharedStrings' "
    "Target='sharedStrings.xml'/></Relationships>";
static const char BOOK[] =
    "<?xml version='1.0' encoding='UTF-8'?><workbook xmlns:r='http://r'><workbookPr/><ext><x14:workbookPr "
    "date='0'/></ext><sheets><sheet name='Data' "
    "sheetId='1' r:id='rId1'/><sheet name='Other' sheetId='2' r:id='rId2'/></sheets></workbook>";
static const char STYLES[] =
    "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='[$-409]d\\-mmm\\-yyyy;@'/><numFmt "
    "numFmtId='165' "
    "formatCode='[h]:mm'/><numFmt numFmtId='166' formatCode='#,##0.00 \"days\"'/></numFmts><cellStyleXfs><xf "
    "numFmtId='14'/></cellStyleXfs><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='22'/><xf "
    "numFmtId='20'/><xf numFmtId='164'/><xf numFmtId='165'/><xf numFmtId='166'/></cellXfs></styleSheet>";
static const char STRINGS[] = "<sst><si><t>Code</t></si><si><r><t>Due</t></r><r><rPr/><t "
                              "xml:space='preserve'> on</t></r><rPh sb='0'><t>x</t></rPh>"
                              "</si><si><t>a_x000D_b_x005F_x0041_</t></si><si><t></t></si></sst>";

struct part {
    const char *name, *text;
};

static void make_zip(struct fixture *f, const char *name, const struct part *parts, size_t count) {
    int error;
    zip_t *zip =
        zip_open(arena_printf(&f->arena, "%s/%s", f->dir, name).ptr, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    for (size_t i = 0; i < count; i++)
        if (parts[i].text)
            assert_true(zip_file_add(zip, parts[i].name,
                                     zip_source_buffer(zip, parts[i].text, strlen(parts[i].text), 0),
                                     0) >= 0);
    assert_int_equal(zip_close(zip), 0);
}

/* A whole workbook with this sheet data. */
static void make_book(struct fixture *f, const char *sheet) {
    const char *data = arena_printf(&f->arena, "<worksheet><sheetData>%s</sheetData></worksheet>", sheet).ptr;
    const struct part parts[] = {{"_rels/.rels", RELS},
                                 {"xl/workbook.xml", BOOK},
                                 {"xl/_rels/workbook.xml.rels", BOOK_RELS},
                                 {"xl/styles.xml", STYLES},
                                 {"xl/sharedStrings.xml", STRINGS},
                                 {"xl/worksheets/sheet1.xml", data},
                                 {"xl/worksheets/sheet2.xml", "<worksheet><sheetData/></worksheet>"}};
    make_zip(f, "a.xlsx", parts, sizeof parts / sizeof *parts);
}

static void start(struct fixture *f, const char *columns, const char *sheet) {
    fixture_start(f, SOURCE_XLSX, "a.xlsx");
    fixture_columns(f, columns);
    f->table.title = STR("Data");
    make_book(f, sheet);
}

static void check(const char *columns, const char *sheet, const char *expected) {
    struct fixture f;
    start(&f, columns, sheet);
    assert_reads(&f, expected);
    fixture_end(&f);
}

#define INLINE(ref, text) "<c r='" ref "' t='inlineStr'><is><t>" text "</t></is></c>"
#define HEADER            "<row r='1'>" INLINE("A1", "a") INLINE("B1", "b") "</row>"

static void test_cells(void **state) {
    (void)state;
    check("a b",
          HEADER "<row r='2'><c r='A2' t='s'><v>2</v></c><c r='B2'><v>12500</v></c></row>"
                 "<row r='4'><c t='b'><v>1</v></c><c t='e'><f>1/0</f><v>#DIV/0!</v></c></row>"
                 "<row><c t='str'><f>x</f><v>res</v></c><c t='n'><f>x</f></c></row>"
                 "<row r='9'><c r='B9' t='s'><v>99</v></c></row>",
          "2/1 \"a\\rb_x0041_\" #12500\n4/2 ?true !#DIV/0!\n"
          "5/3 \"res\" !is a formula whose result was not stored: open and save the workbook in Excel\n"
          "9/4 - !refers to a text that the workbook does not hold\n");
}

static void test_blank_rows(void **state) {
    (void)state;
    check("a b",
          HEADER
          "<row r='2'/><row r='3'><c r='A3' s='1'/><c r='B3' t='s'><v>3</v></c></row><row r='4'>" INLINE(
              "B4", "x") "</row><row r='5'><c r='A5' t='str'><f>x</f><v></v></c></row>",
          "4/1 - \"x\"\n");
}

static void test_header_found(void **state) {
    (void)state;
    check("code=Code due",
          "<row r='1'>" INLINE("A1", "Report") "</row><row r='3'>" INLINE(
              "B3", " due ") "<c r='D3' t='s'><v>0</v></c></row>"
                             "<row r='4'>" INLINE("B4", "x") INLINE("D4", "c1") "</row>",
          "4/1 \"c1\" \"x\"\n");
    struct fixture f;
    start(&f, "a b",
          HEADER "<row r='2'>" INLINE("A2", "b") INLINE("B2", "a") "</row><row r='3'>" INLINE("A3", "1")
              INLINE("B3", "2") "</row>");
    assert_reads(&f, "2/1 \"b\" \"a\"\n3/2 \"1\" \"2\"\n");
    f.table.header_row = 2;
    assert_reads(&f, "3/1 \"2\" \"1\"\n");
    f.table.header_row = 7;
    assert_reads(&f, "X0207 a.xlsx sheet `Data` row 7: the header row is blank\n"
                     "  a sheet needs a row that names its columns; `header row N` says which it is\n");
    f.table.header_row = 0;
    /* The sheet alone has none, or no sheet has one. */
    f.table.no_header = 1;
    assert_reads(&f, "1/1 \"a\" \"b\"\n2/2 \"b\" \"a\"\n3/3 \"1\" \"2\"\n");
    f.table.no_header = 0;
    f.source.header = 0;
    assert_reads(&f, "1/1 \"a\" \"b\"\n2/2 \"b\" \"a\"\n3/3 \"1\" \"2\"\n");
    /* Columns by their letters, in any order. */
    f.table.columns[0].from = STR("b");
    f.table.columns[1].from = STR("A");
    assert_reads(&f, "1/1 \"b\" \"a\"\n2/2 \"a\" \"b\"\n3/3 \"2\" \"1\"\n");
    f.table.columns[0].from = STR("AB");
    assert_reads(&f, "1/1 - \"a\"\n2/2 - \"b\"\n3/3 - \"1\"\n");
    f.table.columns[0].from = STR("B1");
    assert_reads(
        &f, "X0208 a.xlsx sheet `Data` row 1: there is no column `B1`: with `header none` no row names the "
            "columns\n  write the letters of column `a`, such as `from 'C'`\n");
    fixture_end(&f);
}

static void test_header_refused(void **state) {
    (void)state;
    check("a c",
          "<row r='1'>" INLINE("A1", "x") "</row><row r='2'>" INLINE("A2", "a") INLINE("C2", "cc") "</row>",
          "X0208 a.xlsx sheet `Data` row 2: there is no column `c`\n"
          "  did you mean `a`? write it behind `from` of column `c`\n  the file has: `a`, `cc`\n");
    check("a b", HEADER, "");
    check("a", "<row r='1'>" INLINE("A1", "a") INLINE("B1", "a") "</row>",
          "X0209 a.xlsx sheet `Data` row 1: column `a` stands twice in the header, as field 1 and field 2\n"
          "  rename one of the two in the file, so that it is clear which is meant\n");
    check("a", "",
          "X0207 a.xlsx: sheet `Data` is empty\n"
          "  a sheet needs a row that names its columns; `header row N` says which it is\n");
    struct fixture f;
    start(&f, "a", HEADER);
    f.table.title = STR("Dat");
    assert_reads(&f, "X0216 a.xlsx: the workbook has no sheet `Dat`\n  did you mean `Data`?\n"
                     "  the workbook's sheets: `Data`, `Other`\n");
    f.table.title = STR(" data");
    assert_reads(&f, "");
    f.table.title = STR("");
    assert_reads(&f, "X0216 a.xlsx: the workbook has several sheets, and the spec names none\n"
                     "  the workbook's sheets: `Data`, `Other`\n");
    fixture_end(&f);
}

static void test_dates(void **state) {
    (void)state;
    check("a b",
          HEADER
          "<row r='2'><c r='A2' s='1'><v>45743</v></c><c r='B2' s='2'><v>45743.354166666664</v></c></row>"
          "<row r='3'><c r='A3' s='3'><v>0.75</v></c><c r='B3' s='4'><v>1</v></c></row>"
          "<row r='4'><c r='A4' s='5'><v>10.6320601851852</v></c><c r='B4' s='6'><v>1234.5</v></c></row>"
          "<row r='5'><c r='A5' s='1'><v>60</v></c><c r='B5' s='1'><v>61</v></c></row>"
          "<row r='6'><c r='A6' s='1'><v>0</v></c><c r='B6' s='1'><v>-1</v></c></row>"
          "<row r='7'><c r='A7' s='1'><v>2958465</v></c><c r='B7' s='1'><v>2958466</v></c></row>"
          "<row r='8'><c r='A8' t='d'><v>2025-03-01T00:00:00</v></c><c r='B8' "
          "s='2'><v>45743.999999999</v></c></row>",
          "2/1 @2025-03-27 @2025-03-27T08:30:00\n3/2 @18:00:00 @1900-01-01\n4/3 \"255:10:10\" #1234.5\n"
          "5/4 !29 February 1900, a day that Excel counts and that never was @1900-03-01\n"
          "6/5 !day 0 of the workbook's calendar, which is no date !a day before the calendar of the "
          "workbook begins\n"
          "7/6 @9999-12-31 !a day behind the year 9999\n8/7 @2025-03-01 @2025-03-28\n");
}

static void test_numbers(void **state) {
    (void)state;
    static const struct {
        const char *written, *text;
    } cases[] = {{"12500", "12500"},
                 {"12500.0", "12500"},
                 {"0.1", "0.1"},
                 {"1.1000000000000001", "1.1"},
                 {"0.30000000000000004", "0.3"},
                 {"1E-3", "0.001"},
                 {"1.5E+3", "1500"},
                 {"-0", "0"},
                 {"-0.0", "0"},
                 {"1E+20", "100000000000000000000"},
                 {"1.5E+30", "1.5e+30"},
                 {"-2.50", "-2.5"},
                 {"9007199254740993", "9007199254740993"},
                 {"12345678901234567890", "12345678901234567890"},
                 {"1.23456789012345E+18", "1234567890123450000"},
                 {"123456.789", "123456.789"},
                 {"1E-7", "0.0000001"},
                 {"007", "7"},
                 {"1e999", NULL},
                 {"abc", NULL},
                 {"0x10", NULL},
                 {"1 2", NULL},
                 {"", NULL},
                 {"nan", NULL},
                 {"5.", "5"}};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out;
        bool good = xlsx_number_text(&arena, str_cstr(cases[i].written), &out);
        assert_int_equal(good, cases[i].text != NULL);
        if (good) assert_string_equal(arena_copy_cstr(&arena, out), cases[i].text);
    }
    arena_release(&arena);
}

static void test_formats(void **state) {
    (void)state;
    static const struct {
        const char *code;
        enum xlsx_format format;
    } cases[] = {{"General", XLSX_NUMBER},
                 {"0.00E+00", XLSX_NUMBER},
                 {"yyyy-mm-dd", XLSX_DATE},
                 {"d/m/yy h:mm", XLSX_DATE},
                 {"h:mm AM/PM", XLSX_TIME},
                 {"mm:ss.0", XLSX_TIME},
                 {"[h]:mm", XLSX_ELAPSED},
                 {"[mm]:ss", XLSX_ELAPSED},
                 {"mmm", XLSX_DATE},
                 {"#,##0.00 \"dym\"", XLSX_NUMBER},
                 {"[Red]0.0;[Blue]-d", XLSX_NUMBER},
                 {"[$-409]mmm\\-yy", XLSX_DATE},
                 {"_(* #,##0_)", XLSX_NUMBER},
                 {"0\\d", XLSX_NUMBER},
                 {"@", XLSX_NUMBER},
                 {"", XLSX_NUMBER},
                 {"\"", XLSX_NUMBER},
                 {"[", XLSX_NUMBER}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(xlsx_format_of(str_cstr(cases[i].code)), cases[i].format);
}

static void test_options(void **state) {
    (void)state;
    struct fixture f;
    static struct plan_text nulls[] = {{STR("N/A")}};
    start(&f, "a b", HEADER "<row r='2'>" INLINE("A2", "N/A") INLINE("B2", " x ") "</row>");
    f.show_raw = true;
    assert_reads(&f, "2/1 \"N/A\" \" x \" raw \"[\\\"N/A\\\",\\\" x \\\"]\"\n");
    f.source.nulls = nulls;
    f.source.nulls_count = 1;
    f.source.trim = 1;
    f.show_raw = false;
    assert_reads(&f, "2/1 - \"x\"\n");
    fixture_end(&f);
}

static void test_not_workbooks(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "a", HEADER);
    fixture_text(&f, "a.xlsx", "a,b\n1,2\n");
    assert_reads(&f, "X0215 a.xlsx: the file is no xlsx workbook: Not a zip archive\n"
                     "  save it as .xlsx, or name its real kind, such as `csv`\n");
    fixture_file(&f, "a.xlsx", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxx", 12);
    assert_reads(&f, "X0215 a.xlsx: the workbook is encrypted with a password, or is an old .xls file\n"
                     "  open it in a spreadsheet program and save it as .xlsx without a password\n");
    fixture_text(&f, "a.xlsx", "");
    assert_non_null(strstr(fixture_read(&f), "X0215 a.xlsx: "));
    const struct part other[] = {{"hello.txt", "hello"}};
    make_zip(&f, "a.xlsx", other, 1);
    assert_reads(&f, "X0215 a.xlsx: the file is a zip, but no xlsx workbook\n"
                     "  unpack it if it holds the data, or save the workbook as .xlsx\n");
    const struct part lacking[] = {
        {"_rels/.rels", RELS}, {"xl/workbook.xml", BOOK}, {"xl/_rels/workbook.xml.rels", BOOK_RELS}};
    make_zip(&f, "a.xlsx", lacking, 3);
    assert_reads(&f, "X0215 a.xlsx: the workbook lacks its part `xl/styles.xml`\n"
                     "  open it in a spreadsheet program and save it again as .xlsx\n");
    /* Cut anywhere, the file is an error. */
    make_book(&f, HEADER);
    struct str whole = read_whole_file(&f.arena, arena_printf(&f.arena, "%s/a.xlsx", f.dir).ptr);
    for (size_t cut = 0; cut < whole.len; cut += 97) {
        fixture_file(&f, "a.xlsx", whole.ptr, cut);
        assert_non_null(strstr(fixture_read(&f), "X0"));
    }
    fixture_end(&f);
}

static void test_bad_xml(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "a", HEADER "<row r='2'><c r='A2'><v>1</v></row>");
    assert_reads(
        &f, "X0215 a.xlsx part xl/worksheets/sheet1.xml line 1: the workbook cannot be read: mismatched tag\n"
            "  open it in a spreadsheet program and save it again as .xlsx\n");
    make_book(&f, HEADER "<row r='2'><c r='XFE2'><v>1</v></c></row>");
    assert_non_null(strstr(fixture_read(&f), "a cell has an impossible reference"));
    const struct part bomb[] = {
        {"_rels/.rels",
         "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><Relationships>&b;</Relationships>"}};
    make_zip(&f, "a.xlsx", bomb, 1);
    assert_reads(&f,
                 "X0215 a.xlsx part _rels/.rels line 1: the workbook cannot be read: it has a document type "
                 "declaration, which no workbook needs\n"
                 "  open it in a spreadsheet program and save it again as .xlsx\n");
    fixture_end(&f);
}

static void test_bombs(void **state) {
    (void)state;
    struct fixture f;
    struct buf sheet = {0};
    start(&f, "a b", HEADER);
    buf_append_cstr(&sheet, HEADER);
    buf_repeat_char(&sheet, ' ', 4 << 20);
    make_book(&f, sheet.ptr);
    f.options.limits.max_unpacked_ratio = 100;
    assert_reads(&f, "X0205 a.xlsx: the workbook's part `xl/worksheets/sheet1.xml` unpacks to more than 100 "
                     "times its size\n"
                     "  if the workbook is sound, export the sheet as CSV and read that\n");
    f.options.limits.max_unpacked_ratio = 0;
    f.options.limits.max_unpacked_bytes = 100;
    assert_reads(&f, "X0205 a.xlsx: the workbook's part `_rels/.rels` unpacks to more than 100 bytes\n"
                     "  export the sheet as CSV and read that\n");
    f.options.limits.max_unpacked_bytes = 0;
    f.options.limits.max_record_bytes = 1000;
    buf_clear(&sheet);
    buf_append_cstr(&sheet, HEADER "<row r='2'><c r='A2' t='str'><v>");
    for (int i = 0; i < 300000; i++)
        buf_printf(&sheet, "%d", i);
    buf_append_cstr(&sheet, "</v></c></row>");
    make_book(&f, sheet.ptr);
    assert_non_null(strstr(fixture_read(&f),
                           "X0211 a.xlsx part xl/worksheets/sheet1.xml line 1: the workbook cannot be "
                           "read: a row is larger than the limit\n"));
    buf_release(&sheet);
    fixture_end(&f);
}

/* ---- real workbooks */

/* Days and time of ISO text since 1970, in milliseconds; a time of day alone: since midnight. */
static double iso_to_ms(const char *text) {
    int y = 1970, mo = 1, d = 1, h = 0, mi = 0;
    double s = 0;
    if (strchr(text, '-'))
        assert_true(sscanf(text, "%d-%d-%dT%d:%d:%lf", &y, &mo, &d, &h, &mi, &s) >= 3);
    else
        assert_int_equal(sscanf(text, "%d:%d:%lf", &h, &mi, &s), 3);
    struct tm tm = {.tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d};
    return (double)timegm(&tm) * 1000 + h * 3600000.0 + mi * 60000.0 + s * 1000;
}

static void compare_cell(const struct row_batch *batch, uint32_t column, uint32_t row, const cJSON *cell,
                         bool date1904) {
    const char *type = cJSON_GetArrayItem(cell, 1)->valuestring;
    const cJSON *value = cJSON_GetArrayItem(cell, 2);
    const struct cell_column *c = &batch->columns[column];
    char text[4096];
    snprintf(text, sizeof text, "%.*s", STR_ARG(c->text[row]));
    if (*type == 's') {
        if (*value->valuestring == '\0') {
            assert_int_equal(c->state[row], ROW_NULL);
        } else {
            assert_int_equal(c->kind[row], CELL_TEXT);
            assert_string_equal(text, value->valuestring);
        }
    } else if (*type == 'b') {
        assert_int_equal(c->kind[row], CELL_BOOL);
        assert_string_equal(text, cJSON_IsTrue(value) ? "true" : "false");
    } else if (*type == 'e') {
        assert_int_equal(c->kind[row], CELL_BAD);
        assert_string_equal(text, cJSON_GetArrayItem(cell, 3)->valuestring);
    } else if (c->kind[row] == CELL_NUMBER) {
        assert_true(fabs(strtod(text, NULL) - value->valuedouble) <= fabs(value->valuedouble) * 1e-14);
    } else if (c->kind[row] == CELL_DATETIME && strchr(text, '-')) {
        double days = value->valuedouble - (date1904 ? 24107 : value->valuedouble < 60 ? 25568 : 25569);
        if (fabs(iso_to_ms(text) - days * 86400000) > 0.6)
            print_message("%s is not %.10f\n", text, value->valuedouble);
        assert_true(fabs(iso_to_ms(text) - days * 86400000) <= 0.6);
    } else { /* a time of day, or a duration */
        assert_true(fabs(iso_to_ms(text) - value->valuedouble * 86400000) <= 0.6);
    }
}

/* "AB12" */
static void parse_reference(const char *reference, uint32_t *column, uint64_t *row) {
    *column = 0;
    for (; *reference >= 'A'; reference++)
        *column = *column * 26 + (uint32_t)(*reference - 'A') + 1;
    --*column;
    *row = strtoull(reference, NULL, 10);
}

static uint64_t compare_sheet(struct fixture *f, const cJSON *sheet, bool date1904) {
    struct diag_list diags;
    struct row_batch batch;
    const cJSON *cell = cJSON_GetObjectItem(sheet, "cells")->child;
    uint64_t compared = 0;
    f->table.title = str_cstr(cJSON_GetObjectItem(sheet, "name")->valuestring);
    diag_list_init(&diags, &f->arena);
    struct reader *reader =
        reader_open(&f->plan, 0, 0, f->projection, f->projection_count, &f->options, &diags);
    assert_non_null(reader);
    row_batch_init(&batch, f->projection_count);
    while (reader_next(reader, &batch, &diags) == READER_ROWS) {
        for (uint32_t row = 0; row < batch.count; row++)
            for (; cell; cell = cell->next) { /* in the order of the sheet */
                uint32_t column;
                uint64_t line;
                parse_reference(cJSON_GetArrayItem(cell, 0)->valuestring, &column, &line);
                if (line > batch.places[row].line) break;
                const cJSON *value = cJSON_GetArrayItem(cell, 2);
                bool empty = cJSON_IsString(value) && *value->valuestring == '\0';
                if (line < batch.places[row].line) assert_true(empty); /* a row of empty texts is none */
                if (column < f->projection_count && line == batch.places[row].line) {
                    compare_cell(&batch, column, row, cell, date1904);
                    compared++;
                }
            }
        row_batch_reset(&batch);
    }
    assert_int_equal(diags.error_count, 0);
    for (; cell; cell = cell->next)
        assert_string_equal(cJSON_GetArrayItem(cell, 2)->valuestring, "");
    row_batch_release(&batch);
    reader_close(reader);
    return compared;
}

static void test_real_workbooks(void **state) {
    (void)state;
    static const char *const names[] = {
        "calamine/date.xlsx",         "calamine/errors.xlsx",     "calamine/issues.xlsx",
        "calamine/merged_range.xlsx", "poi/DataTableCities.xlsx", "poi/SampleSS.xlsx",
        "readxl/datasets.xlsx",       "readxl/deaths.xlsx",       "readxl/type-me.xlsx",
        "xlsx2csv/datetime.xlsx",     "xlsx2csv/empty_row.xlsx",  "xlsx2csv/float.xlsx",
        "xlsx2csv/sheets.xlsx",       "xlsx2csv/utf8.xlsx",       "xlsx2csv/xlsx2csv-test-file.xlsx"};
    uint64_t compared = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fixture f;
        fixture_start(&f, SOURCE_XLSX, "");
        const char *root = shared_data(&f, "xlsx");
        if (root == NULL) {
            fixture_end(&f);
            skip();
        }
        char *flat = arena_copy_cstr(&f.arena, arena_printf(&f.arena, "%s/expected/%.*s__%s.json", root,
                                                            (int)strcspn(names[i], "/"), names[i],
                                                            strchr(names[i], '/') + 1));
        cJSON *expected = cJSON_Parse(read_whole_file(&f.arena, flat).ptr), *sheet;
        assert_non_null(expected);
        f.source.location = arena_printf(&f.arena, "%s/%s", root, names[i]);
        f.source.header = 0;
        for (unsigned c = 0; c < 40; c++)
            fixture_column(&f, arena_printf(&f.arena, "c%u", c).ptr);
        bool date1904 = cJSON_IsTrue(cJSON_GetObjectItem(expected, "date1904"));
        cJSON_ArrayForEach(sheet, cJSON_GetObjectItem(expected, "sheets")) compared +=
            compare_sheet(&f, sheet, date1904);
        cJSON_Delete(expected);
        fixture_end(&f);
    }
    assert_int_equal(compared, 3809); /* every cell that the expectations list */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),         cmocka_unit_test(test_blank_rows),
        cmocka_unit_test(test_header_found),  cmocka_unit_test(test_header_refused),
        cmocka_unit_test(test_dates),         cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_formats),       cmocka_unit_test(test_options),
        cmocka_unit_test(test_not_workbooks), cmocka_unit_test(test_bad_xml),
        cmocka_unit_test(test_bombs),         cmocka_unit_test(test_real_workbooks),
    };
    return cmocka_run_group_tests_name("reader_xlsx", tests, NULL, NULL);
}
