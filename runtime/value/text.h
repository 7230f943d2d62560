/* Functions over texts. Texts are valid UTF-8 (text_check says so at the border); positions and lengths count
 * code points. Results point into their arguments where nothing changed, else into the arena. ASCII goes a
 * fast way, everything else through ICU with the root locale. */
#ifndef MIG_VALUE_TEXT_H
#define MIG_VALUE_TEXT_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

/* The longest text that a function makes, in bytes; beyond it FAULT_TOO_LARGE. */
#define TEXT_BYTES_MAX ((size_t)1 << 28)

/* What Postgres can store: FAULT_BAD_UTF8, FAULT_NUL_BYTE; *at is the byte's offset (at may be NULL). */
enum fault text_check(struct str text, size_t *at);

/* Unicode's full case mapping: 'ß' becomes 'SS'. */
struct str text_lower(struct arena *arena, struct str s);
struct str text_upper(struct arena *arena, struct str s);
/* Upper-cases the first character of each word and changes no other. A word is a run of letters, digits,
 * marks and of apostrophes between them: "o'brien-smith 3rd" becomes "O'brien-Smith 3rd". */
struct str text_title(struct arena *arena, struct str s);
/* Full case folding, for comparing without regard to case. */
struct str text_fold(struct arena *arena, struct str s);

/* Without Unicode white space (White_Space property: blank, tab, line breaks, U+00A0, U+2003, U+3000, …) at
 * both ends, the left, the right. */
struct str text_trim(struct str s);
struct str text_trim_left(struct str s);
struct str text_trim_right(struct str s);
/* Each run of white space becomes one blank; does not trim. */
struct str text_squeeze(struct arena *arena, struct str s);
/* True when there is nothing but white space. */
bool text_is_blank(struct str s);

/* NFKD, marks dropped, lower case, runs of anything but a-z 0-9 made one '-', none at the ends. */
struct str text_slug(struct arena *arena, struct str s);
/* Letters without their accents (canonical decomposition, combining marks dropped): 'é' is 'e', 'ø' stays. */
struct str text_unaccent(struct arena *arena, struct str s);
enum text_form { TEXT_NFC, TEXT_NFD, TEXT_NFKC, TEXT_NFKD };
/* FAULT_TOO_LARGE, FAULT_BAD_UTF8. */
enum fault text_normalize(struct arena *arena, struct str s, enum text_form form, struct str *out);

int64_t text_length(struct str s);
/* True when the text has at most n code points; n as in varchar(n). */
bool text_fits(struct str s, int64_t n);
/* The first (last) n characters; negative n: all but the last (first) -n, as Postgres. */
struct str text_left(struct str s, int64_t n);
struct str text_right(struct str s, int64_t n);
/* Postgres' substr: start is 1-based and may lie before the text. FAULT_BAD_ARGUMENT for a negative count. */
enum fault text_substr(struct str s, int64_t start, int64_t count, struct str *out);
struct str text_substr_from(struct str s, int64_t start);
/* 1-based position of the first `part`, 0 when there is none, 1 for an empty part. */
int64_t text_position(struct str s, struct str part);
bool text_contains(struct str s, struct str part);
/* Starts with, ends with: str_starts_with, str_ends_with in base/str.h. */
/* Every `from` by `to`; an empty `from` changes nothing. FAULT_TOO_LARGE. */
enum fault text_replace(struct arena *arena, struct str s, struct str from, struct str to, struct str *out);
/* Each character of `from` by the one at the same place in `to`, dropped where there is none.
 * FAULT_TOO_LARGE. */
enum fault text_translate(struct arena *arena, struct str s, struct str from, struct str to, struct str *out);
/* To at least n characters with `fill` on the left (right); a longer text stays whole, other than in
 * Postgres. An empty fill changes nothing. FAULT_TOO_LARGE. */
enum fault text_pad_left(struct arena *arena, struct str s, int64_t n, struct str fill, struct str *out);
enum fault text_pad_right(struct arena *arena, struct str s, int64_t n, struct str fill, struct str *out);
enum fault text_repeat(struct arena *arena, struct str s, int64_t n, struct str *out);
enum fault text_concat(struct arena *arena, struct str a, struct str b, struct str *out);
struct str text_reverse(struct arena *arena, struct str s);
/* The n-th field, 1-based, negative from the end; empty when there is none. FAULT_BAD_ARGUMENT for n = 0. */
enum fault text_split_part(struct str s, struct str delimiter, int64_t n, struct str *out);
/* All fields; an empty delimiter gives one field. An empty text gives no fields, as Postgres. */
struct array text_split(struct arena *arena, struct str s, struct str delimiter);
/* The elements with the delimiter between them; nulls are left out, as Postgres' array_to_string. */
enum fault text_join(struct arena *arena, const struct array *texts, struct str delimiter, struct str *out);
struct str text_only_digits(struct arena *arena, struct str s); /* ASCII 0-9 */

/* SQL's like: % any run, _ one character, \ makes the next one literal. FAULT_BAD_ARGUMENT for a pattern that
 * ends on the escape. */
enum fault text_like(struct str s, struct str pattern, bool *out);
enum fault text_like_check(struct str pattern);

/* "[redacted]" whatever the text is. */
struct str text_redact(struct str s);
/* Every character but the first (last) `keep` ones becomes '*'. A text that is no longer than `keep` is
 * masked whole, or it would be shown whole. FAULT_BAD_ARGUMENT for a negative keep. */
enum fault text_mask_keep_first(struct arena *arena, struct str s, int64_t keep, struct str *out);
enum fault text_mask_keep_last(struct arena *arena, struct str s, int64_t keep, struct str *out);

#endif
