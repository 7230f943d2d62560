/* An xlsx file: a zip (read by libzip) of XML parts (parsed by expat as they unpack). */
#ifndef MIG_READER_XLSX_PACKAGE_H
#define MIG_READER_XLSX_PACKAGE_H

#include "runtime/reader/reader_internal.h"

#include <expat.h>
#include <zip.h>

struct xlsx_package {
    zip_t *zip;
    const struct source_file *file;
    const struct reader_limits *limits;
};

/* False with a diagnostic: not a zip, encrypted, an old .xls. */
bool xlsx_package_open(struct xlsx_package *package, const struct source_file *file,
                       const struct reader_limits *limits, struct diag_list *diags);
void xlsx_package_close(struct xlsx_package *package);
bool xlsx_package_has(const struct xlsx_package *package, struct str part);

/* One part going through a parser. Handlers get the feed as their user data. */
struct xlsx_feed {
    const struct xlsx_package *package;
    struct str part;
    zip_file_t *entry;
    XML_Parser parser;
    uint64_t packed, size; /* what the zip says of the entry's packed and unpacked size */
    uint64_t unpacked;     /* bytes taken so far */
    uint64_t max_bytes;    /* 0: the ratio alone bounds it */
    bool last;
    const char *refusal; /* set with xlsx_feed_refuse */
    bool too_large;      /* the refusal is about a limit */
    void *owner;
};

/* max_bytes: see above. False with a diagnostic when the part is not there or cannot be unpacked. */
bool xlsx_feed_open(struct xlsx_feed *feed, const struct xlsx_package *package, struct str part,
                    uint64_t max_bytes, XML_StartElementHandler start, XML_EndElementHandler end,
                    XML_CharacterDataHandler text, void *owner, struct diag_list *diags);
void xlsx_feed_close(struct xlsx_feed *feed);

enum xlsx_feed_status { XLSX_PAUSED, XLSX_PART_END, XLSX_FEED_FAILED };
/* Parses until a handler pauses (xlsx_feed_pause) or the part ends. */
enum xlsx_feed_status xlsx_feed_run(struct xlsx_feed *feed, struct diag_list *diags);
void xlsx_feed_pause(struct xlsx_feed *feed);
/* From a handler: the part cannot be taken. */
void xlsx_feed_refuse(struct xlsx_feed *feed, const char *why);
/* Runs a whole part. */
bool xlsx_feed_all(struct xlsx_feed *feed, struct diag_list *diags);

/* An element's or attribute's name without its namespace prefix. */
const char *xlsx_local_name(const char *name);
/* The attribute with this local name, NULL when there is none. */
const char *xlsx_attribute(const char **attributes, const char *name);

/* X_NOT_WORKBOOK about a part. */
struct diag *xlsx_error(const struct xlsx_package *package, struct diag_list *diags, const char *message, ...)
    __attribute__((format(printf, 3, 4)));

#endif
