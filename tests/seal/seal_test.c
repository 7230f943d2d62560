/* Sealed files: what was written comes back, what was changed does not; a cut file is no complete one. */
#include "runtime/seal/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char KEY[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char OTHER[] = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char SECRET[] = "ann.planted@secret.example";

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct seal_key key;
    struct seal_subject subject;
    char path[64];
};

static int set_up(void **state) {
    struct fixture *f = memory_zalloc(sizeof *f);
    diag_list_init(&f->diags, &f->arena);
    assert_true(seal_key_parse(str_cstr(KEY), &f->key));
    f->subject = (struct seal_subject){.map = STR("people"), .created_at = 1000, .expires_at = 5000};
    memcpy(f->subject.run_id.bytes, "0123456789abcdef", 16);
    snprintf(f->path, sizeof f->path, "/tmp/mig-seal-XXXXXX");
    close(mkstemp(f->path));
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    unlink(f->path);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static void write_records(struct fixture *f, int from, int to, bool close) {
    struct seal_writer *w = seal_writer_open(f->path, &f->key, &f->subject);
    assert_non_null(w);
    for (int i = from; i < to; i++) {
        assert_true(seal_writer_add(w, arena_printf(&f->arena, "%d %s", i, SECRET)));
        if (i % 3 == 2) assert_true(seal_writer_sync(w));
    }
    if (close) {
        assert_true(seal_writer_close(w));
    } else { /* as a killed process leaves it: nothing behind the last sync */
        assert_true(seal_writer_sync(w));
        struct stat info;
        assert_int_equal(stat(f->path, &info), 0);
        assert_true(seal_writer_close(w));
        assert_int_equal(truncate(f->path, info.st_size), 0);
    }
}

/* Reads all; the code of the diagnostic, DIAG_CODE_COUNT: it went well. */
static enum diag_code read_all(struct fixture *f, const struct seal_subject *subject, int64_t now,
                               uint64_t *records, bool *complete) {
    uint32_t before = f->diags.items.count;
    struct seal_reader *r = seal_reader_open(f->path, &f->key, subject, now, &f->diags);
    struct str text;
    enum seal_status status;
    *records = 0;
    while (r && (status = seal_reader_next(r, &text, &f->diags)) == SEAL_RECORD) {
        struct str wanted = arena_printf(&f->arena, "%d %s", (int)*records, SECRET);
        assert_true(str_eq(text, wanted));
        ++*records;
    }
    *complete = r && seal_reader_end(r).complete;
    if (r && status == SEAL_END) assert_int_equal(seal_reader_end(r).records, *records);
    seal_reader_close(r);
    return f->diags.items.count > before ? f->diags.items.items[before]->code : DIAG_CODE_COUNT;
}

static void assert_reads(struct fixture *f, uint64_t wanted, bool whole) {
    uint64_t records;
    bool complete;
    assert_int_equal(read_all(f, &f->subject, 2000, &records, &complete), DIAG_CODE_COUNT);
    assert_int_equal(records, wanted);
    assert_int_equal(complete, whole);
}

static void assert_refused(struct fixture *f, enum diag_code code) {
    uint64_t records;
    bool complete;
    assert_int_equal(read_all(f, &f->subject, 2000, &records, &complete), code);
}

static char *read_bytes(struct fixture *f, size_t *size) {
    FILE *file = fopen(f->path, "rb");
    char *bytes = arena_alloc(&f->arena, 1 << 20);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void write_bytes(struct fixture *f, const char *bytes, size_t size) {
    FILE *file = fopen(f->path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void test_keys(void **state) {
    struct seal_key key, same;
    (void)state;
    assert_true(seal_key_parse(str_cstr(KEY), &key));
    assert_true(seal_key_parse(STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), &same));
    assert_memory_equal(&key, &same, sizeof key);
    assert_true(seal_key_parse(str_cstr(OTHER), &same));
    assert_memory_not_equal(key.id, same.id, sizeof key.id);
    assert_false(seal_key_parse(STR("secret"), &key));
    assert_false(seal_key_parse(STR(""), &key));
    assert_false(seal_key_parse(str_from(KEY, 63), &key));
    assert_false(
        seal_key_parse(STR("zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), &key));
}

static void test_round_trip(void **state) {
    struct fixture *f = *state;
    struct stat info;
    size_t size;
    write_records(f, 0, 10, true);
    assert_reads(f, 10, true);
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    char *bytes = read_bytes(f, &size);
    assert_null(memmem(bytes, size, SECRET, sizeof SECRET - 1));
    int64_t expires = 0;
    assert_true(seal_peek_expiry(f->path, &expires));
    assert_int_equal(expires, 5000);
}

static void test_goes_on_after_a_kill(void **state) {
    struct fixture *f = *state;
    write_records(f, 0, 4, false);
    assert_reads(f, 4, false);
    size_t size;
    char *bytes = read_bytes(f, &size);
    bytes = memcpy(arena_alloc(&f->arena, size + 40), bytes, size);
    memcpy(bytes + size, "R\0\0\1\0half a record", 19);
    write_bytes(f, bytes, size + 19); /* killed in the middle of a record */
    assert_reads(f, 4, false);
    write_records(f, 4, 9, true);
    assert_reads(f, 9, true);
    write_records(f, 9, 11, true); /* and a third one, as `mig retry` does */
    assert_reads(f, 11, true);
}

static void test_refuses_other_subjects(void **state) {
    struct fixture *f = *state;
    uint64_t records;
    bool complete;
    write_records(f, 0, 3, true);
    assert_int_equal(read_all(f, &f->subject, 5000, &records, &complete), X_SEAL_EXPIRED);
    assert_int_equal(records, 0);
    struct seal_subject other = f->subject;
    other.map = STR("persons");
    assert_int_equal(read_all(f, &other, 2000, &records, &complete), X_SEAL_TAMPERED);
    other = f->subject;
    other.run_id.bytes[3] ^= 1;
    assert_int_equal(read_all(f, &other, 2000, &records, &complete), X_SEAL_TAMPERED);
    assert_true(seal_key_parse(str_cstr(OTHER), &f->key));
    assert_refused(f, X_SEAL_OTHER_KEY);
}

/* Whatever bit is turned: the file is refused, or ends earlier and is not complete. */
static void test_finds_every_changed_bit(void **state) {
    struct fixture *f = *state;
    size_t size;
    write_records(f, 0, 4, false);
    write_records(f, 4, 7, true);
    char *bytes = read_bytes(f, &size);
    uint32_t refused = 0;
    for (size_t at = 0; at < size; at++) {
        uint64_t records;
        bool complete;
        bytes[at] ^= (char)(1 << (at % 8));
        write_bytes(f, bytes, size);
        bytes[at] ^= (char)(1 << (at % 8));
        enum diag_code code = read_all(f, &f->subject, 2000, &records, &complete);
        refused += code != DIAG_CODE_COUNT;
        if (code == DIAG_CODE_COUNT) assert_false(complete);
    }
    assert_true(refused > size * 9 / 10);
}

static void test_finds_every_cut(void **state) {
    struct fixture *f = *state;
    size_t size;
    write_records(f, 0, 5, true);
    char *bytes = read_bytes(f, &size);
    for (size_t at = 0; at < size; at++) {
        uint64_t records;
        bool complete;
        write_bytes(f, bytes, at);
        assert_int_equal(read_all(f, &f->subject, 2000, &records, &complete), DIAG_CODE_COUNT);
        assert_true(records <= 5);
        assert_false(complete);
    }
}

/* The place of the n-th record frame. */
static size_t find_record(const unsigned char *bytes, size_t size, int n) {
    size_t at = 98 + 6; /* the head and the map's name */
    for (;; n--) {
        while (bytes[at] != 'R')
            at += 5 +
                  ((size_t)bytes[at + 1] << 24 | bytes[at + 2] << 16 | bytes[at + 3] << 8 | bytes[at + 4]) +
                  16;
        if (n == 0) return at;
        at +=
            5 + ((size_t)bytes[at + 1] << 24 | bytes[at + 2] << 16 | bytes[at + 3] << 8 | bytes[at + 4]) + 16;
        assert_true(at < size);
    }
}

static void test_finds_swapped_and_missing_records(void **state) {
    struct fixture *f = *state;
    size_t size;
    write_records(f, 0, 3, true);
    char *bytes = read_bytes(f, &size);
    size_t first = find_record((unsigned char *)bytes, size, 0),
           second = find_record((unsigned char *)bytes, size, 1),
           third = find_record((unsigned char *)bytes, size, 2), length = second - first;
    assert_int_equal(third - second, length);
    char *swapped = memcpy(arena_alloc(&f->arena, size), bytes, size);
    memcpy(swapped + first, bytes + second, length);
    memcpy(swapped + second, bytes + first, length);
    write_bytes(f, swapped, size);
    assert_refused(f, X_SEAL_TAMPERED);
    memcpy(swapped + first, bytes + second, size - second);
    write_bytes(f, swapped, size - length); /* the first is left out */
    assert_refused(f, X_SEAL_TAMPERED);
    memcpy(swapped, bytes, size);
    memcpy(swapped + second, bytes + first, length); /* the first one twice */
    write_bytes(f, swapped, size);
    assert_refused(f, X_SEAL_TAMPERED);
}

static void test_finds_a_missing_segment(void **state) {
    struct fixture *f = *state;
    size_t one, two, three;
    write_records(f, 0, 2, false);
    read_bytes(f, &one);
    write_records(f, 2, 4, false);
    read_bytes(f, &two);
    write_records(f, 4, 6, true);
    char *bytes = read_bytes(f, &three);
    assert_reads(f, 6, true);
    memmove(bytes + one, bytes + two, three - two);
    write_bytes(f, bytes, three - (two - one));
    assert_refused(f, X_SEAL_TAMPERED);
}

static void test_refuses_other_files(void **state) {
    struct fixture *f = *state;
    write_bytes(f, "{\"map\":\"people\"}\n", 17);
    assert_refused(f, X_SEAL_TAMPERED);
    assert_null(seal_writer_open(f->path, &f->key, &f->subject));
    int64_t expires;
    assert_false(seal_peek_expiry(f->path, &expires));
    unlink(f->path);
    assert_refused(f, X_SEAL_MISSING);
}

static void test_single_values(void **state) {
    struct fixture *f = *state;
    struct seal_box *box = seal_box_new(&f->key);
    struct str text, one = seal_box_close(box, STR("row 1"), str_cstr(SECRET), &f->arena);
    struct str two = seal_box_close(box, STR("row 1"), str_cstr(SECRET), &f->arena);
    assert_false(str_eq(one, two)); /* equal values do not look equal */
    assert_null(memmem(one.ptr, one.len, SECRET, 5));
    assert_true(seal_box_open(box, STR("row 1"), one, &f->arena, &text));
    assert_true(str_is(text, SECRET));
    assert_false(seal_box_open(box, STR("row 2"), one, &f->arena, &text));
    for (size_t i = 0; i < one.len; i++) {
        ((char *)one.ptr)[i] ^= 1;
        assert_false(seal_box_open(box, STR("row 1"), one, &f->arena, &text));
        ((char *)one.ptr)[i] ^= 1;
    }
    assert_false(seal_box_open(box, STR("row 1"), str_from(one.ptr, 20), &f->arena, &text));
    assert_true(
        seal_box_open(box, STR(""), seal_box_close(box, STR(""), STR(""), &f->arena), &f->arena, &text));
    assert_int_equal(text.len, 0);
    seal_box_free(box);
}

#define SEAL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        SEAL_TEST(test_round_trip),
        SEAL_TEST(test_goes_on_after_a_kill),
        SEAL_TEST(test_refuses_other_subjects),
        SEAL_TEST(test_finds_every_changed_bit),
        SEAL_TEST(test_finds_every_cut),
        SEAL_TEST(test_finds_swapped_and_missing_records),
        SEAL_TEST(test_finds_a_missing_segment),
        SEAL_TEST(test_refuses_other_files),
        SEAL_TEST(test_single_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
