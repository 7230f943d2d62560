/* Mutated plans, many of them: each is refused or verified, and a verified one runs (build with ASan and
 * UBSan to see that it keeps to its own memory).
 *
 *   plan_fuzz_test N [DIR]   N mutations of good plans and of those in DIR: bits, bytes, cuts, pieces moved,
 * and fields of instructions; most with the container put right, so that the content is what is judged
 *   plan_fuzz_test FILE      that file, as it is and with its container put right
 *   plan_fuzz_test -w DIR    writes the good plans as seeds
 */
#include "runtime/plan/container.h"
#include "tests/emit/tree.h"
#include "tests/fuzz/plan_run.h"
#include "tests/plan/all_opcodes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static void mutate_bytes(struct buf *bytes, uint64_t *seed) {
    uint32_t from = below(seed, bytes->len), to = below(seed, bytes->len), len = 1 + below(seed, 16);
    switch (below(seed, 6)) {
    case 0: bytes->ptr[from] ^= (char)(1 << below(seed, 8)); break;
    case 1: bytes->ptr[from] = (char)next_random(seed); break;
    case 2: bytes->ptr[from] = (char)(bytes->ptr[from] + (below(seed, 2) ? 1 : -1)); break;
    case 3: bytes->len = from; break;
    case 4: /* a piece over another */
        if (from + len <= bytes->len && to + len <= bytes->len)
            memmove(bytes->ptr + to, bytes->ptr + from, len);
        break;
    default: /* bytes put in */
        buf_reserve(bytes, len);
        memmove(bytes->ptr + from + len, bytes->ptr + from, bytes->len - from);
        for (uint32_t i = 0; i < len; i++)
            bytes->ptr[from + i] = (char)next_random(seed);
        bytes->len += len;
        break;
    }
    if (bytes->len == 0) buf_append_char(bytes, 0);
}

/* A field of an instruction, an output or a list gets another small number: what only the verifier notices.
 */
static void mutate_program(struct plan *plan, uint64_t *seed) {
    struct plan_program *p = &plan->programs[below(seed, plan->programs_count)];
    if (p->code_count == 0) return;
    struct plan_instr *in = &p->code[below(seed, p->code_count)];
    uint32_t limit = p->regs_count + 2;
    switch (below(seed, 12)) {
    case 0: in->op = below(seed, OP_COUNT); break;
    case 1: in->sel = below(seed, p->selections + 1); break;
    case 2: in->dst = below(seed, limit); break;
    case 3: in->a = below(seed, limit); break;
    case 4: in->b = below(seed, limit); break;
    case 5: in->imm = below(seed, limit); break;
    case 6: in->imm2 = below(seed, limit); break;
    case 7: p->pre_end = below(seed, p->code_count + 1); break;
    case 8: p->init_end = below(seed, p->code_count + 1); break;
    case 9:
        if (p->operands_count) p->operands[below(seed, p->operands_count)] = below(seed, limit);
        break;
    case 10: { /* two instructions change places */
        uint32_t other = below(seed, p->code_count);
        struct plan_instr moved = p->code[other];
        p->code[other] = *in;
        *in = moved;
        break;
    }
    default:
        if (p->outputs_count) p->outputs[below(seed, p->outputs_count)].reg = below(seed, limit);
        break;
    }
}

static bool fuzz_fields(struct str base, uint64_t *seed) {
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    struct plan *plan = plan_read(&arena, base, STR("seed"), &diags);
    bool accepted = false;
    if (plan != NULL && plan->programs_count > 0) {
        for (uint32_t n = 1 + below(seed, 2); n-- > 0;)
            mutate_program(plan, seed);
        struct buf bytes = {0};
        plan_write(plan, &bytes);
        accepted = plan_run_bytes(buf_str(&bytes));
        buf_release(&bytes);
    }
    arena_release(&arena);
    return accepted;
}

static bool fuzz_bytes(struct str base, uint64_t *seed) {
    struct buf bytes = {0};
    buf_append_str(&bytes, base);
    for (uint32_t n = 1 + below(seed, 4); n-- > 0;)
        mutate_bytes(&bytes, seed);
    if (below(seed, 8) != 0) plan_repair(&bytes);
    bool accepted = plan_run_bytes(buf_str(&bytes));
    buf_release(&bytes);
    return accepted;
}

/* ---------------------------------------------------------------- main */

static bool read_file(const char *path, struct buf *out) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    char chunk[65536];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_append(out, chunk, n);
    return fclose(file) == 0;
}

/* 0: a map with lookups and handlers; 1: every instruction once. */
static void make_seed(int which, struct buf *out) {
    struct arena arena = {0};
    struct diag_list diags;
    uint32_t opcodes;
    diag_list_init(&diags, &arena);
    plan_write(which == 0 ? tree_make_plan(&arena, &diags) : make_all_opcodes(&arena, &opcodes), out);
    arena_release(&arena);
}

/* The good plan and the files of a folder. Those of an older instruction set are put right first. */
static uint32_t load_seeds(const char *folder, struct buf *seeds, uint32_t limit) {
    uint32_t count = 0;
    make_seed(0, &seeds[count++]);
    make_seed(1, &seeds[count++]);
    DIR *dir = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; dir != NULL && count < limit && (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (!read_file(path, &seeds[count])) continue;
        plan_run_bytes(buf_str(&seeds[count]));
        plan_repair(&seeds[count]);
        plan_run_bytes(buf_str(&seeds[count]));
        if (seeds[count].len > 0) count++;
    }
    if (dir != NULL) closedir(dir);
    return count;
}

static bool write_seed(int which, const char *folder, const char *name) {
    struct buf bytes = {0};
    char path[4096];
    make_seed(which, &bytes);
    snprintf(path, sizeof path, "%s/%s.migc", folder, name);
    FILE *file = fopen(path, "wb");
    bool ok = file != NULL && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len && fclose(file) == 0;
    buf_release(&bytes);
    return ok;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "-w") == 0) {
        return write_seed(0, argv[2], "tasks") && write_seed(1, argv[2], "opcodes") ? 0 : 1;
    }
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    struct buf seeds[32] = {{0}};
    if (argc > 1 && rounds == 0) {
        if (!read_file(argv[1], &seeds[0])) return 2;
        plan_run_bytes(buf_str(&seeds[0]));
        plan_repair(&seeds[0]);
        printf("%s\n", plan_run_bytes(buf_str(&seeds[0])) ? "accepted" : "refused");
        buf_release(&seeds[0]);
        return 0;
    }
    uint32_t count = load_seeds(argc > 2 ? argv[2] : NULL, seeds, 32);
    if (!plan_run_bytes(buf_str(&seeds[0])) || !plan_run_bytes(buf_str(&seeds[1]))) {
        fprintf(stderr, "a good plan is refused\n");
        return 1;
    }
    uint64_t seed = 0x9e3779b97f4a7c15u;
    unsigned long accepted = 0;
    for (unsigned long i = 0; i < rounds; i++) {
        struct str base = buf_str(&seeds[below(&seed, count)]);
        accepted += below(&seed, 2) ? fuzz_fields(base, &seed) : fuzz_bytes(base, &seed);
    }
    printf("%lu mutations, %lu accepted and run, %lu refused\n", rounds, accepted, rounds - accepted);
    for (uint32_t i = 0; i < count; i++)
        buf_release(&seeds[i]);
    return 0;
}
