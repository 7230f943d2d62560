/* Sealed files: whole records of rejected rows, personal data and all, that only the holder of the quarantine
 * key can read. AES-256-GCM; what is changed, moved, left out or put in is found when the file is read. The
 * format is docs/quarantine-format.md. */
#ifndef MIG_SEAL_SEAL_H
#define MIG_SEAL_SEAL_H

#include "runtime/base/diag.h"
#include "runtime/value/value.h"

enum { SEAL_KEY_BYTES = 32, SEAL_KEY_ID_BYTES = 8, SEAL_MAX_RECORD = 512 << 20 };

/* Where the key comes from unless a command is told another variable. */
#define SEAL_KEY_VARIABLE "MIG_QUARANTINE_KEY"

struct seal_key {
    uint8_t bytes[SEAL_KEY_BYTES];
    uint8_t id[SEAL_KEY_ID_BYTES]; /* made from the key; tells two keys apart, and nothing else of them */
};

enum seal_key_result { SEAL_KEY_NONE, SEAL_KEY_READ, SEAL_KEY_BAD };
/* The key in an environment variable: 64 hexadecimal digits, or 44 characters of base64. NONE: not set, or
 * empty. BAD: a diagnostic says what is wrong with it, without the value. */
enum seal_key_result seal_key_from_env(const char *variable, struct seal_key *key, struct diag_list *diags);
bool seal_key_parse(struct str text, struct seal_key *key);
/* Overwrites it. */
void seal_key_forget(struct seal_key *key);

/* What a file is bound to. */
struct seal_subject {
    struct uuid run_id;
    struct str map;
    int64_t created_at; /* timestamptz */
    int64_t expires_at; /* timestamptz; 0: never */
};

/* ---------------------------------------------------------------- writing */

struct seal_writer;

/* Opens or goes on with a file, mode 0600. What a killed process left half written at its end is cut off.
 * NULL: errno says why; EBADMSG: there is a file, and it is none of these. */
struct seal_writer *seal_writer_open(const char *path, const struct seal_key *key,
                                     const struct seal_subject *subject);
/* Kept in memory until there is much of it. False: errno. */
bool seal_writer_add(struct seal_writer *writer, struct str record);
/* Everything added is on disk after this, behind a mark that says how much it is. False: errno. */
bool seal_writer_sync(struct seal_writer *writer);
/* As sync, with the mark that the file is complete; then frees the writer, also after a failure. */
bool seal_writer_close(struct seal_writer *writer);

/* ---------------------------------------------------------------- reading */

struct seal_reader;

enum seal_status { SEAL_RECORD, SEAL_END, SEAL_FAILED };

/* What the end of a file says, after SEAL_END. */
struct seal_end {
    uint64_t records;
    uint64_t marked; /* of them, those before the last mark: on disk when a batch was committed */
    bool complete; /* the writer closed it. Else it was killed, or someone cut the file: the journal tells */
};

/* NULL with a diagnostic. subject: what it must be of (run and map); now: to refuse an expired file. */
struct seal_reader *seal_reader_open(const char *path, const struct seal_key *key,
                                     const struct seal_subject *subject, int64_t now,
                                     struct diag_list *diags);
/* The next record; its text lives until the next call. FAILED with a diagnostic: another key, expired,
 * changed. */
enum seal_status seal_reader_next(struct seal_reader *reader, struct str *record, struct diag_list *diags);
struct seal_end seal_reader_end(const struct seal_reader *reader);
void seal_reader_close(struct seal_reader *reader);

/* ---------------------------------------------------------------- single values */

/* Values sealed on their own, for columns of tables. One thread at a time. */
struct seal_box;
struct seal_box *seal_box_new(const struct seal_key *key);
void seal_box_free(struct seal_box *box); /* NULL is fine */
/* subject: what the value is bound to; the same must be given to open it. */
struct str seal_box_close(struct seal_box *box, struct str subject, struct str text, struct arena *arena);
/* False: another key, another subject, or it was changed. */
bool seal_box_open(struct seal_box *box, struct str subject, struct str sealed, struct arena *arena,
                   struct str *text);

/* The expiry that a file names, without its key: for those who remove files. Nothing is proven by it. False:
 * no sealed file. */
bool seal_peek_expiry(const char *path, int64_t *expires_at);

#endif
