/* Makes the benchmark's input: generate ROWS FOLDER writes FOLDER/rows.csv, the raw export, and
 * FOLDER/clean.tsv, the rows that must arrive, in COPY's text form. Same ROWS, same bytes. The clean rows are
 * computed here, apart from mig, so that comparing the loaded table with them says whether the work was done.
 * generate ROWS FOLDER json writes FOLDER/rows.json instead: one array, an object a row, for the memory run.
 */
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fault { GOOD, BAD_DATE, BAD_STATE, BAD_RATING, BAD_AMOUNT, DUPLICATE };

struct row {
    char ref[16], name[192], clean_name[160], email[96], clean_email[96], city[64], note[200];
    uint32_t number;
    const char *state, *clean_state;
    int day, month, year;
    uint64_t cents;
    int rating;
    const char *active;
    int hour, minute, second, offset; /* of the moment seen, which lies on the day above */
    enum fault fault;
};

static uint64_t random_state = 88172645463325252u;

static uint32_t draw(uint32_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * below >> 32);
}

static const char *const FIRST[] = {"Anna",    "Björn", "Chloë", "Dmitri", "Eloise",   "Fatima",
                                    "Günther", "Hana",  "Ivana", "José",   "Kateřina", "Liam",
                                    "Márta",   "Noah",  "Olga",  "Zoë"};
static const char *const LAST[] = {"Andersson", "Brown",  "Novák",   "O'Neill",  "García", "Schmidt",
                                   "Tanaka",    "Müller", "Petrova", "Williams", "Łuczak", "Nguyen",
                                   "Rossi",     "Dubois", "Kim",     "Smith"};
static const char *const CITY[] = {"Sydney",    "Wagga Wagga", "Zürich", "São Paulo",
                                   "Reykjavík", "Oslo",        "Kraków", "Newcastle upon Tyne"};
static const char *const WORDS[] = {"called", "back",    "about",   "invoice", "delivery", "late",
                                    "please", "update",  "address", "before",  "Friday",   "prefers",
                                    "e-mail", "contact", "café",    "renewal"};
static const struct {
    const char *raw, *clean;
} STATES[] = {{"Active", "active"},  {"in progress", "active"},  {" ACTIVE ", "active"},
              {"On Hold", "paused"}, {"paused", "paused"},       {"Closed", "closed"},
              {"done", "closed"},    {"Not Started", "planned"}, {"planned", "planned"},
              {"complete", "closed"}};

#define PICK(list) list[draw(sizeof list / sizeof list[0])]

static void make_names(struct row *r) {
    const char *first = PICK(FIRST), *last = PICK(LAST);
    uint32_t shape = draw(8);
    if (shape == 0)
        snprintf(r->clean_name, sizeof r->clean_name, "%s, %s", last, first);
    else if (shape == 1)
        snprintf(r->clean_name, sizeof r->clean_name, "%s \"%c\" %s", first, 'A' + (int)draw(26), last);
    else if (shape == 2)
        snprintf(r->clean_name, sizeof r->clean_name, "%s & Sons, %s", last, "Pty Ltd");
    else
        snprintf(r->clean_name, sizeof r->clean_name, "%s %s", first, last);
    snprintf(r->name, sizeof r->name, "%s%s%s", draw(10) ? "" : " ", r->clean_name, draw(10) ? "" : "  ");
    static const char *const HOSTS[] = {"Example.com", "mail.example.org", "Post.example.net"};
    const char *host = PICK(HOSTS);
    snprintf(r->email, sizeof r->email, "%c%s.%u@%s", 'A' + (int)draw(26), "user", r->number, host);
    size_t n = strlen(r->email);
    for (size_t i = 0; i <= n; i++)
        r->clean_email[i] = r->email[i] >= 'A' && r->email[i] <= 'Z' ? (char)(r->email[i] + 32) : r->email[i];
}

static void make_note(struct row *r) {
    uint32_t words = 4 + draw(9), at = 0;
    r->note[0] = 0;
    if (draw(6) == 0) return;
    for (uint32_t w = 0; w < words; w++) {
        const char *gap = w == 0 ? "" : draw(40) == 0 ? "\n" : draw(20) == 0 ? ", " : " ";
        at += (uint32_t)snprintf(r->note + at, sizeof r->note - at, "%s%s", gap, PICK(WORDS));
    }
}

static void make_row(struct row *r, uint32_t n) {
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    memset(r, 0, sizeof *r);
    r->number = n;
    uint32_t trouble = draw(5000);
    r->fault = trouble < 5 && n > 1 ? (enum fault)(trouble + 1) : GOOD;
    snprintf(r->ref, sizeof r->ref, "CU-%08u", r->fault == DUPLICATE ? 1 : n);
    make_names(r);
    uint32_t state = draw(sizeof STATES / sizeof STATES[0]);
    r->state = r->fault == BAD_STATE ? "unknown" : STATES[state].raw;
    r->clean_state = STATES[state].clean;
    r->year = 2005 + (int)draw(20);
    r->month = 1 + (int)draw(12);
    r->day = 1 + (int)draw((uint32_t)DAYS[r->month - 1]);
    r->cents = (uint64_t)draw(100) * draw(10000000) / (1 + draw(50));
    r->rating = r->fault == BAD_RATING ? 9 : 1 + (int)draw(5);
    static const char *const YES_NO[] = {"yes", "no", "Y", "N"};
    r->active = PICK(YES_NO);
    r->hour = 12 + (int)draw(10);
    r->minute = (int)draw(60);
    r->second = (int)draw(60);
    r->offset = (int)draw(12);
    snprintf(r->city, sizeof r->city, "%s", PICK(CITY));
    make_note(r);
}

static void put_quoted(FILE *out, const char *text) {
    if (strpbrk(text, ",\"\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* 1234567.89 as "1,234,567.89" */
static void format_amount(uint64_t cents, char *out) {
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)(cents / 100)), at = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    snprintf(out + at, 8, ".%02u", (unsigned)(cents % 100));
}

static void write_raw(FILE *out, const struct row *r) {
    char amount[48];
    format_amount(r->cents, amount);
    fprintf(out, "%s,%u,", r->ref, r->number);
    put_quoted(out, r->name);
    fprintf(out, ",%s,%s,%02d/%02d/%d,", r->email, r->state, r->fault == BAD_DATE ? 31 : r->day,
            r->fault == BAD_DATE ? 2 : r->month, r->year);
    put_quoted(out, r->fault == BAD_AMOUNT ? "n.a." : amount);
    fprintf(out, ",%d,%s,%d-%02d-%02dT%02d:%02d:%02d+%02d:00,%s,", r->rating, r->active, r->year, r->month,
            r->day, r->hour, r->minute, r->second, r->offset, r->city);
    put_quoted(out, r->note);
    fputc('\n', out);
}

/* uuid5('customer', ref) as docs/language.md defines it: the namespace is uuid5(URL, 'mig:bench'). */
static void uuid5(const uint8_t space[16], const char *name, uint8_t out[16]) {
    uint8_t bytes[64], digest[SHA_DIGEST_LENGTH];
    size_t n = strlen(name);
    memcpy(bytes, space, 16);
    memcpy(bytes + 16, name, n);
    SHA1(bytes, 16 + n, digest);
    memcpy(out, digest, 16);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

static void write_clean(FILE *out, const struct row *r) {
    static const uint8_t URL[16] = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
                                    0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    uint8_t space[16], id[16];
    char name[40];
    uuid5(URL, "mig:bench", space);
    snprintf(name, sizeof name, "customer\x1f%s", r->ref);
    uuid5(space, name, id);
    for (int i = 0; i < 16; i++)
        fprintf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
    fprintf(out, "\t%u\t%s\t%s\t%s\t%d-%02d-%02d\t%llu.%02u\t%d\t%c\t%d-%02d-%02d %02d:%02d:%02d+00\t%s\t",
            r->number, r->clean_name, r->clean_email, r->clean_state, r->year, r->month, r->day,
            (unsigned long long)(r->cents / 100), (unsigned)(r->cents % 100), r->rating,
            r->active[0] == 'y' || r->active[0] == 'Y' ? 't' : 'f', r->year, r->month, r->day,
            r->hour - r->offset, r->minute, r->second, r->city);
    if (r->note[0] == 0) fputs("\\N", out);
    for (const char *c = r->note; *c; c++)
        *c == '\n' ? (void)fputs("\\n", out) : (void)fputc(*c, out);
    fputc('\n', out);
}

static void put_json(FILE *out, const char *key, const char *text) {
    fprintf(out, "\"%s\": \"", key);
    for (; *text; text++) {
        if (*text == '"') fputc('\\', out);
        *text == '\n' ? (void)fputs("\\n", out) : (void)fputc(*text, out);
    }
    fputc('"', out);
}

static void write_json(FILE *out, const struct row *r) {
    fputs(r->number == 1 ? "{" : ",\n{", out);
    put_json(out, "ref", r->ref);
    fprintf(out, ", \"number\": %u, ", r->number);
    put_json(out, "name", r->name);
    fprintf(out, ", \"rating\": %d, ", r->rating);
    put_json(out, "city", r->city);
    fputs(", ", out);
    put_json(out, "note", r->note);
    fputc('}', out);
}

static FILE *open_file(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static void close_file(FILE *file) {
    if (fclose(file) != 0) {
        perror("generate");
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: generate ROWS FOLDER [json]\n", stderr);
        return 2;
    }
    uint32_t rows = (uint32_t)strtoul(argv[1], NULL, 10);
    static struct row r;
    if (argc > 3) {
        FILE *json = open_file(argv[2], "rows.json");
        fputc('[', json);
        for (uint32_t n = 1; n <= rows; n++) {
            make_row(&r, n);
            write_json(json, &r);
        }
        fputs("]\n", json);
        close_file(json);
        return 0;
    }
    FILE *raw = open_file(argv[2], "rows.csv"), *clean = open_file(argv[2], "clean.tsv");
    fputs("Ref,Number,Name,Email,State,Joined,Amount,Rating,Active,Seen,City,Note\n", raw);
    for (uint32_t n = 1; n <= rows; n++) {
        make_row(&r, n);
        write_raw(raw, &r);
        if (r.fault == GOOD) write_clean(clean, &r);
    }
    close_file(raw);
    close_file(clean);
    return 0;
}
