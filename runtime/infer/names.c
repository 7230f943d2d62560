/* How alike two names are. */
#include "runtime/infer/names.h"

#include "runtime/base/diag.h"

#include <ctype.h>

/* Words that mean about the same as names of columns and tables. */
static const char *const SYNONYMS[] = {
    "id identifier key pk",
    "code ref reference",
    "number no nr num",
    "name title label heading subject",
    "description descr desc detail note remark summary",
    "email mail",
    "phone telephone tel mobile cell cellphone",
    "start starts begin begins from since started",
    "end ends finish until to finished ended stop",
    "create created creation added made inserted",
    "update updated modified changed edited",
    "born birth birthdate dob birthday",
    "died death deceased",
    "hire hired employed joined",
    "price cost rate amount",
    "quantity qty count",
    "tenant agency client account organisation organization company firm",
    "person user member employee staff people author login owner username sender actor",
    "postcode zip postal zipcode",
    "state status stage phase condition",
    "kind type category class",
    "manager boss supervisor report",
    "body text content message",
    "path file filename location",
    "url uri link href",
    "due deadline",
    "full real display",
    "first given fore",
    "last family sur",
    "line item position detail",
    "picture photo image",
    "zone timezone tz",
    "website homepage",
    "latitude lat",
    "longitude long lng lon",
    "magnitude mag",
    "repository repo",
    "organisation org",
    "digest frequency",
    "reply comment answer",
    "courtesy salutation",
    "chapter section",
    "pull pr",
    "setting preference option",
    "ship shipper carrier",
    "cylinder cyl",
    "rep representative support",
    "group team squad",
};

/* Words that say what kind of value a column holds rather than which. */
static const char WEAK[] = " id on at date time of is has in by to via the value code no number key ref ";

static bool in_list(const char *list, struct str word) {
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, " ");
        if (n == word.len && memcmp(p, word.ptr, n) == 0) return true;
        p += n;
        p += *p == ' ';
    }
    return false;
}

double names_word_likeness(struct str a, struct str b) {
    if (str_eq(a, b)) return 1;
    for (size_t i = 0; i < sizeof SYNONYMS / sizeof *SYNONYMS; i++)
        if (in_list(SYNONYMS[i], a) && in_list(SYNONYMS[i], b)) return 0.85;
    struct str shorter = a.len < b.len ? a : b, longer = a.len < b.len ? b : a;
    if (shorter.len >= 3 && str_starts_with(longer, shorter)) return 0.75;
    if (shorter.len >= 3 && str_ends_with(longer, shorter)) return 0.65;
    if (shorter.len >= 4) {
        double like = 1 - (double)diag_edit_distance(a, b) / (double)longer.len;
        if (like >= 0.75) return like * 0.8;
    }
    return 0;
}

static double weight_of(struct str word) {
    return in_list(WEAK + 1, word) ? 0.35 : 1;
}

static double best_in(struct str word, const struct words *words) {
    double best = 0;
    for (uint32_t i = 0; i < words->count; i++) {
        double like = names_word_likeness(word, words->word[i]);
        if (like > best) best = like;
    }
    return best;
}

double names_likeness(const struct words *a, const struct words *b) {
    double got = 0, all = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        got += weight_of(a->word[i]) * best_in(a->word[i], b);
        all += weight_of(a->word[i]);
    }
    for (uint32_t i = 0; i < b->count; i++) {
        got += weight_of(b->word[i]) * best_in(b->word[i], a);
        all += weight_of(b->word[i]);
    }
    return all > 0 ? got / all : 0;
}

bool names_without(const struct words *a, const struct words *less, struct words *out) {
    out->count = 0;
    for (uint32_t i = 0; i < a->count; i++)
        if (best_in(a->word[i], less) < 0.85) out->word[out->count++] = a->word[i];
    return out->count > 0;
}

bool names_holds(const struct words *words, const struct words *of) {
    for (uint32_t i = 0; i < of->count; i++)
        if (best_in(of->word[i], words) < 0.85) return false;
    return of->count > 0;
}

struct str names_outside_brackets(struct arena *arena, struct str name) {
    struct buf out = {0};
    int depth = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        depth += c == '(' || c == '[';
        if (depth == 0) buf_append_char(&out, c);
        if ((c == ')' || c == ']') && depth > 0) depth--;
    }
    struct str text = arena_copy_str(arena, out.len ? buf_str(&out) : name);
    buf_release(&out);
    return text;
}

/* ---------------------------------------------------------------- values of codes and labels */

/* States that people write in many ways. Within a line, every spelling may stand for every other. */
static const char *const STATES[] = {
    "done|complete|completed|closed|finished|resolved|merged",
    "active|inprogress|wip|doing|ongoing|running|started|current",
    "todo|open|new|notstarted|pending|planned|backlog|scheduled|toplan",
    "paused|onhold|hold|suspended|waiting|blocked",
    "cancelled|canceled|void|aborted|dropped",
    "off|none|never|no|disabled",
    "atrisk|amber|red|risk|endangered",
    "yes|true|y|t|on|1|enabled",
    "passed|blue|green|success|ok",
    "failed|failure|error",
    "unstable|yellow|warning",
    "inactive|archived|retired|deleted",
    "urgent|critical|highest",
    "joined|join",
};

static struct str only_letters(struct arena *arena, struct str text) {
    struct buf out = {0};
    for (size_t i = 0; i < text.len; i++)
        if (isalnum((unsigned char)text.ptr[i]) || (unsigned char)text.ptr[i] >= 0x80)
            buf_append_char(&out, (char)tolower((unsigned char)text.ptr[i]));
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

static bool in_states(const char *line, struct str word) {
    for (const char *p = line; *p;) {
        size_t n = strcspn(p, "|");
        if (n == word.len && memcmp(p, word.ptr, n) == 0) return true;
        p += n;
        p += *p == '|';
    }
    return false;
}

static bool holds_all(const struct words *words, const struct words *of) {
    for (uint32_t i = 0; i < of->count; i++)
        if (best_in(of->word[i], words) < 1) return false;
    return of->count > 0;
}

static int by_words(struct arena *arena, struct str value, const struct str *labels, uint32_t count) {
    struct words words = words_split(arena, value);
    int found = -1;
    uint32_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct words label = words_split(arena, labels[i]);
        if (!holds_all(&words, &label) || label.count <= most) continue;
        found = (int)i;
        most = label.count;
    }
    return found;
}

static int by_spelling(struct str value, const struct str *labels, uint32_t count) {
    int found = -1;
    uint32_t starts = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (value.len == 0 || labels[i].len == 0) continue;
        if (str_starts_with(labels[i], value)) {
            found = (int)i;
            starts++;
        }
    }
    if (starts == 1) return found;
    for (uint32_t i = 0; i < count; i++) {
        size_t longer = value.len > labels[i].len ? value.len : labels[i].len;
        if (longer >= 4 && diag_edit_distance(value, labels[i]) * 5 <= longer) return (int)i;
    }
    return -1;
}

int names_label_of(struct str value, const struct str *labels, uint32_t count) {
    struct arena arena = {0};
    struct str bare = only_letters(&arena, value);
    struct str *plain = ARENA_ARRAY(&arena, struct str, count);
    int found = -1;
    for (uint32_t i = 0; i < count; i++) {
        plain[i] = only_letters(&arena, labels[i]);
        if (bare.len && str_eq(plain[i], bare)) found = (int)i;
    }
    for (size_t s = 0; found < 0 && s < sizeof STATES / sizeof *STATES; s++)
        for (uint32_t i = 0; found < 0 && in_states(STATES[s], bare) && i < count; i++)
            if (in_states(STATES[s], plain[i])) found = (int)i;
    if (found < 0) found = by_words(&arena, value, labels, count);
    if (found < 0) found = by_spelling(bare, plain, count);
    arena_release(&arena);
    return found;
}
