/* Zip entries into expat. Nothing that a part unpacks to is kept here; document type declarations are
 * refused, so there are no entities to expand. */
#include "runtime/reader/xlsx_package.h"

#include <stdio.h>
#include <stdlib.h>

enum { FEED_BLOCK = 32 * 1024, SMALL_ENOUGH = 1024 * 1024 };

struct diag *xlsx_error(const struct xlsx_package *package, struct diag_list *diags, const char *message,
                        ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, message);
    buf_vprintf(&text, message, args);
    va_end(args);
    struct diag *d =
        reader_error(diags, X_NOT_WORKBOOK, package->file->name, "%.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
    return d;
}

/* What the file is when it is no zip: by its first bytes. */
static void report_no_zip(const struct xlsx_package *package, const char *reason, struct diag_list *diags) {
    unsigned char head[8] = {0};
    FILE *file = fopen(package->file->path, "rb");
    size_t len = file ? fread(head, 1, sizeof head, file) : 0;
    if (file) fclose(file);
    if (len == 0) {
        struct diag *d = xlsx_error(package, diags, "the file is empty");
        diag_help(diags, d, "save the workbook again as .xlsx");
    } else if (len == 8 && memcmp(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0) {
        struct diag *d =
            xlsx_error(package, diags, "the workbook is encrypted with a password, or is an old .xls file");
        diag_help(diags, d, "open it in a spreadsheet program and save it as .xlsx without a password");
    } else {
        struct diag *d = xlsx_error(package, diags, "the file is no xlsx workbook: %s", reason);
        diag_help(diags, d, "save it as .xlsx, or name its real kind, such as `csv`");
    }
}

bool xlsx_package_open(struct xlsx_package *package, const struct source_file *file,
                       const struct reader_limits *limits, struct diag_list *diags) {
    int code = 0;
    *package = (struct xlsx_package){NULL, file, limits};
    if (file->path[0] == '\0') {
        struct diag *d = xlsx_error(package, diags, "a workbook cannot be read from a pipe");
        diag_help(diags, d, "save standard input to a file and name that");
        return false;
    }
    package->zip = zip_open(file->path, ZIP_RDONLY, &code);
    if (package->zip) return true;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    report_no_zip(package, zip_error_strerror(&error), diags);
    zip_error_fini(&error);
    return false;
}

void xlsx_package_close(struct xlsx_package *package) {
    if (package->zip) zip_discard(package->zip);
    package->zip = NULL;
}

static zip_int64_t find_part(const struct xlsx_package *package, struct str part) {
    struct arena arena = {0};
    zip_int64_t index = zip_name_locate(package->zip, arena_copy_cstr(&arena, part), ZIP_FL_NOCASE);
    arena_release(&arena);
    return index;
}

bool xlsx_package_has(const struct xlsx_package *package, struct str part) {
    return find_part(package, part) >= 0;
}

static void refuse_doctype(void *data, const XML_Char *name, const XML_Char *system,
                           const XML_Char *public_id, int internal) {
    (void)name, (void)system, (void)public_id, (void)internal;
    xlsx_feed_refuse(data, "it has a document type declaration, which no workbook needs");
}

static bool open_entry(struct xlsx_feed *feed, struct diag_list *diags) {
    const struct xlsx_package *package = feed->package;
    zip_int64_t index = find_part(package, feed->part);
    zip_stat_t st;
    if (index < 0 || zip_stat_index(package->zip, (zip_uint64_t)index, 0, &st) != 0) {
        struct diag *d =
            xlsx_error(package, diags, "the workbook lacks its part `%.*s`", STR_ARG(feed->part));
        diag_help(diags, d, "open it in a spreadsheet program and save it again as .xlsx");
        return false;
    }
    feed->packed = st.valid & ZIP_STAT_COMP_SIZE ? st.comp_size : 0;
    feed->size = st.valid & ZIP_STAT_SIZE ? st.size : 0;
    if (st.valid & ZIP_STAT_ENCRYPTION_METHOD && st.encryption_method != ZIP_EM_NONE) {
        struct diag *d =
            xlsx_error(package, diags, "the workbook's part `%.*s` is encrypted", STR_ARG(feed->part));
        diag_help(diags, d, "save the workbook without a password");
        return false;
    }
    feed->entry = zip_fopen_index(package->zip, (zip_uint64_t)index, 0);
    if (feed->entry) return true;
    struct diag *d = xlsx_error(package, diags, "the workbook's part `%.*s` cannot be unpacked: %s",
                                STR_ARG(feed->part), zip_strerror(package->zip));
    diag_help(diags, d, "fetch the file again, or test it with `unzip -t`");
    return false;
}

bool xlsx_feed_open(struct xlsx_feed *feed, const struct xlsx_package *package, struct str part,
                    uint64_t max_bytes, XML_StartElementHandler start, XML_EndElementHandler end,
                    XML_CharacterDataHandler text, void *owner, struct diag_list *diags) {
    *feed = (struct xlsx_feed){.package = package, .part = part, .max_bytes = max_bytes, .owner = owner};
    if (!open_entry(feed, diags)) return false;
    feed->parser = XML_ParserCreate(NULL);
    if (feed->parser == NULL) memory_exhausted(FEED_BLOCK);
    XML_SetUserData(feed->parser, feed);
    XML_SetElementHandler(feed->parser, start, end);
    XML_SetCharacterDataHandler(feed->parser, text);
    XML_SetStartDoctypeDeclHandler(feed->parser, refuse_doctype);
    return true;
}

void xlsx_feed_close(struct xlsx_feed *feed) {
    if (feed->parser) XML_ParserFree(feed->parser);
    if (feed->entry) zip_fclose(feed->entry);
    feed->parser = NULL;
    feed->entry = NULL;
}

void xlsx_feed_pause(struct xlsx_feed *feed) {
    XML_StopParser(feed->parser, XML_TRUE);
}

void xlsx_feed_refuse(struct xlsx_feed *feed, const char *why) {
    if (feed->refusal) return;
    feed->refusal = why;
    XML_StopParser(feed->parser, XML_FALSE);
}

static struct str part_place(const struct xlsx_feed *feed, struct diag_list *diags) {
    return arena_printf(diags->arena, "%.*s part %.*s line %lu", STR_ARG(feed->package->file->name),
                        STR_ARG(feed->part), (unsigned long)XML_GetCurrentLineNumber(feed->parser));
}

static bool fail_parse(struct xlsx_feed *feed, struct diag_list *diags) {
    struct diag *d =
        reader_error(diags, feed->too_large ? X_RECORD_LIMIT : X_NOT_WORKBOOK, part_place(feed, diags),
                     "the workbook cannot be read: %s",
                     feed->refusal ? feed->refusal : XML_ErrorString(XML_GetErrorCode(feed->parser)));
    diag_help(diags, d, "open it in a spreadsheet program and save it again as .xlsx");
    return false;
}

static bool check_size(struct xlsx_feed *feed, struct diag_list *diags) {
    size_t ratio = feed->package->limits->max_unpacked_ratio;
    if (feed->max_bytes && feed->unpacked > feed->max_bytes) {
        struct diag *d = reader_error(diags, X_UNPACK_LIMIT, feed->package->file->name,
                                      "the workbook's part `%.*s` unpacks to more than %llu bytes",
                                      STR_ARG(feed->part), (unsigned long long)feed->max_bytes);
        diag_help(diags, d, "export the sheet as CSV and read that");
        return false;
    }
    if (feed->unpacked <= SMALL_ENOUGH || feed->unpacked / ratio <= feed->packed) return true;
    struct diag *d = reader_error(diags, X_UNPACK_LIMIT, feed->package->file->name,
                                  "the workbook's part `%.*s` unpacks to more than %zu times its size",
                                  STR_ARG(feed->part), ratio);
    diag_help(diags, d, "if the workbook is sound, export the sheet as CSV and read that");
    return false;
}

/* The next block of the entry into the parser. */
static bool parse_block(struct xlsx_feed *feed, enum XML_Status *status, struct diag_list *diags) {
    void *block = XML_GetBuffer(feed->parser, FEED_BLOCK);
    if (block == NULL) memory_exhausted(FEED_BLOCK);
    zip_int64_t n = zip_fread(feed->entry, block, FEED_BLOCK);
    if (n < 0) {
        struct diag *d =
            reader_error(diags, X_PACKED_DAMAGED, part_place(feed, diags),
                         "the workbook is damaged or cut short: %s", zip_file_strerror(feed->entry));
        diag_help(diags, d, "fetch the file again, or test it with `unzip -t`");
        return false;
    }
    feed->unpacked += (uint64_t)n;
    if (!check_size(feed, diags)) return false;
    feed->last = n == 0;
    *status = XML_ParseBuffer(feed->parser, (int)n, feed->last);
    return true;
}

enum xlsx_feed_status xlsx_feed_run(struct xlsx_feed *feed, struct diag_list *diags) {
    for (;;) {
        XML_ParsingStatus state;
        enum XML_Status status;
        XML_GetParsingStatus(feed->parser, &state);
        if (state.parsing == XML_SUSPENDED)
            status = XML_ResumeParser(feed->parser);
        else if (state.parsing == XML_FINISHED)
            return XLSX_PART_END;
        else if (!parse_block(feed, &status, diags))
            return XLSX_FEED_FAILED;
        if (status == XML_STATUS_ERROR || feed->refusal) return fail_parse(feed, diags), XLSX_FEED_FAILED;
        if (status == XML_STATUS_SUSPENDED) return XLSX_PAUSED;
    }
}

bool xlsx_feed_all(struct xlsx_feed *feed, struct diag_list *diags) {
    enum xlsx_feed_status status;
    while ((status = xlsx_feed_run(feed, diags)) == XLSX_PAUSED)
        continue;
    return status == XLSX_PART_END;
}

const char *xlsx_local_name(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name) {
    for (; attributes[0]; attributes += 2)
        if (strcmp(xlsx_local_name(attributes[0]), name) == 0) return attributes[1];
    return NULL;
}
