/* Makes two pages of docs/ from the tables, so that they cannot say anything else than the code:
 * `plan_doc format FILE` the plan format, `plan_doc functions FILE` the functions of the language. FILE `-`:
 * standard output. */
#include "runtime/plan/container.h"

#include <stdio.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- docs/plan-format.md */

static void add_field(struct buf *out, const char *structure, const char *name, const char *kind,
                      const char *doc) {
    buf_printf(out, "| `%s` | %s | %s", name, kind, doc);
    const char *value = plan_field_value_name(structure, name, 0);
    bool is_type = value != NULL && strcmp(value, type_kind_name((enum type_kind)0)) == 0;
    if (value != NULL && !is_type) {
        buf_append_cstr(out, doc[0] ? ": " : "");
        for (uint32_t i = 0; (value = plan_field_value_name(structure, name, i)) != NULL; i++)
            buf_printf(out, "%s%u `%s`", i ? ", " : "", i, value);
    }
    buf_append_cstr(out, " |\n");
}

static void add_structs(struct buf *out) {
#define PLAN_STRUCT(type)                                                                                    \
    {                                                                                                        \
        static const char structure[] = #type;                                                               \
        buf_printf(out, "\n### %s\n\n| field | form | meaning |\n|---|---|---|\n", structure);
#define PLAN_END(type)             }
#define PLAN_U8(name, doc)         add_field(out, structure, #name, "u8", doc);
#define PLAN_U32(name, doc)        add_field(out, structure, #name, "u32", doc);
#define PLAN_I64(name, doc)        add_field(out, structure, #name, "i64", doc);
#define PLAN_STR(name, doc)        add_field(out, structure, #name, "str", doc);
#define PLAN_U32S(name, doc)       add_field(out, structure, #name, "list of u32", doc);
#define PLAN_LIST(name, type, doc) add_field(out, structure, #name, "list of " #type, doc);
#define PLAN_SUB(name, type, doc)  add_field(out, structure, #name, #type, doc);
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"
}

static void add_letters(struct buf *out) {
    buf_append_cstr(out, "Letters of operands and results:");
    for (int kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
        buf_printf(out, "%s `%c` %s", kind > TYPE_NULL + 1 ? "," : "", type_kind_letter((enum type_kind)kind),
                   type_kind_name((enum type_kind)kind));
    buf_append_cstr(out, "; `*` any type, `=` the type of the result, `N` any one type that is stored as a "
                         "64-bit integer.\n\n");
}

static void add_immediates(struct buf *out, const struct opcode_info *info) {
    const char *separator = "";
    const uint8_t kinds[2] = {info->imm, info->imm2};
    for (int i = 0; i < 2; i++) {
        if (kinds[i] == IMM_NONE) continue;
        buf_printf(out, "%s%s", separator, IMM_KIND_NAMES[kinds[i]]);
        separator = ", ";
    }
}

static void add_flags(struct buf *out, uint16_t flags) {
    static const struct {
        uint16_t flag;
        const char *name;
    } names[] = {{OPF_CAN_FAIL, "fails"},    {OPF_MAY_NULL, "may be null"}, {OPF_RAW, "raw"},
                 {OPF_SELECT, "selection"},  {OPF_ACTION, "action"},        {OPF_SPECIAL, "own rule"},
                 {OPF_VOLATILE, "volatile"}, {OPF_NO_FOLD, "not folded"}};
    const char *separator = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(flags & names[i].flag)) continue;
        buf_printf(out, "%s%s", separator, names[i].name);
        separator = ", ";
    }
}

static void add_opcodes(struct buf *out) {
    buf_append_cstr(out, "| number | name | operands | result | immediates | flags | meaning "
                         "|\n|---|---|---|---|---|---|---|\n");
    for (int op = 0; op < OP_COUNT; op++) {
        const struct opcode_info *info = &OPCODES[op];
        buf_printf(out, "| %d | %s | %s%s%s | %s%s%s | ", op, info->name, info->operands[0] ? "`" : "",
                   info->operands, info->operands[0] ? "`" : "", info->result[0] ? "`" : "", info->result,
                   info->result[0] ? "`" : "");
        add_immediates(out, info);
        buf_append_cstr(out, " | ");
        add_flags(out, info->flags);
        buf_printf(out, " | %s |\n", info->doc);
    }
}

static void add_format(struct buf *out) {
    buf_append_cstr(
        out, "# The plan format\n\n"
             "This page is made from `runtime/plan/plan.def` and the opcode tables (`ninja plan_doc`).\n\n"
             "A plan (`.migc`) is what `mig build` writes and `mig run` reads: everything that a run needs, "
             "in one file that\n"
             "depends on nothing but its data sources and its target. The same spec gives the same bytes. A "
             "plan is input\n"
             "like any other: it is read with every count checked against the bytes that are left, and "
             "verified before an\n"
             "instruction runs. `mig disasm PLAN` prints one.\n\n## Container\n\n");
    buf_printf(out,
               "| offset | bytes | what |\n|---|---|---|\n"
               "| 0 | %d | magic: `89 4D 49 47 0D 0A 1A 0A`; transfers in text mode damage it visibly |\n"
               "| %d | 4 | format version, little-endian: %d |\n"
               "| %d | %d | start of the SHA-256 over the table of instructions |\n"
               "| %d | 8 | length of the content in bytes, little-endian, at most %d MiB |\n"
               "| %d | 32 | SHA-256 of the content |\n"
               "| %d | | content: one `plan` |\n\n",
               PLAN_MAGIC_BYTES, PLAN_VERSION_AT, PLAN_FORMAT_VERSION, PLAN_TABLE_HASH_AT,
               PLAN_TABLE_HASH_BYTES, PLAN_LENGTH_AT, PLAN_MAX_BYTES / (1024 * 1024), PLAN_SHA256_AT,
               PLAN_HEADER_BYTES);
    buf_append_cstr(out, "`u8` is one byte. `u32` and counts are LEB128 in the fewest bytes, `i64` the same "
                         "after zigzag (0, -1, 1, -2 …\n"
                         "become 0, 1, 2, 3 …). `str` is a count and so many bytes of UTF-8 (the two hashes: "
                         "of binary). A list is a count and its\n"
                         "items; a struct is its fields in this order, with nothing between them. \"index + "
                         "1\" fields use 0 for none.\n\n"
                         "## Structs\n");
    add_structs(out);
    buf_append_cstr(out, "\n## Instructions\n\n");
    add_letters(out);
    buf_append_cstr(out, "An instruction works on the rows of its selection. Its result takes the strongest "
                         "state of its operands (value, null,\n"
                         "poison, error, missing, skipped, duplicate) and is computed where all are values; "
                         "`raw` instructions see rows of any\n"
                         "state. What a verified program may rely on is written at `plan_verify` in "
                         "`runtime/plan/plan.h`.\n\n");
    add_opcodes(out);
}

/* ---------------------------------------------------------------- docs/functions.md */

/* The groups' headings are the comments of functions.def; here functions stand in the order of the alphabet,
 * overloads together in their own order. */
static int compare_functions(const void *a, const void *b) {
    const struct opcode_info *x = *(const struct opcode_info *const *)a,
                             *y = *(const struct opcode_info *const *)b;
    int order = strcmp(x->function, y->function);
    return order ? order : (x > y) - (x < y);
}

static void add_functions(struct buf *out) {
    const struct opcode_info *list[OP_COUNT];
    size_t count = 0;
    for (int op = 0; op < OP_COUNT; op++)
        if (OPCODES[op].function[0]) list[count++] = &OPCODES[op];
    qsort(list, count, sizeof list[0], compare_functions);
    buf_append_cstr(out, "# Functions\n\n"
                         "This page is made from `runtime/plan/functions.def` (`ninja plan_doc`).\n\n"
                         "Functions are pure. A null argument gives null; what the function cannot do is an "
                         "error of the row (`on error`)\n"
                         "where the last column says so. `type?` is null for some values that are not. "
                         "Patterns, regular expressions, zones and\n"
                         "paths are constant texts, checked when the spec is compiled.\n\n"
                         "| function | result | meaning | fails |\n|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        const char *doc = list[i]->doc;
        const char *close = strchr(doc, ')');
        if (close == NULL) continue;
        const char *colon = strstr(close, ": ");
        size_t signature = (size_t)(close + 1 - doc);
        size_t result = colon ? (size_t)(colon - close - 1) : strlen(close + 1);
        const char *meaning = colon ? colon + 2 : "";
        while (result > 0 && close[1] == ' ')
            close++, result--;
        buf_printf(out, "| `%.*s` | `%.*s` | ", (int)signature, doc, (int)result, close + 1);
        for (; *meaning; meaning++) {
            if (*meaning == '|') buf_append_char(out, '\\');
            buf_append_char(out, *meaning);
        }
        buf_printf(out, " | %s |\n", list[i]->flags & OPF_CAN_FAIL ? "yes" : "");
    }
}

int main(int argc, char **argv) {
    bool format = argc == 3 && strcmp(argv[1], "format") == 0;
    if (!format && !(argc == 3 && strcmp(argv[1], "functions") == 0)) {
        fprintf(stderr, "usage: plan_doc format|functions FILE\n");
        return 2;
    }
    struct buf out = {0};
    if (format)
        add_format(&out);
    else
        add_functions(&out);
    FILE *file = strcmp(argv[2], "-") == 0 ? stdout : fopen(argv[2], "w");
    bool ok = file != NULL && fwrite(out.ptr, 1, out.len, file) == out.len;
    if (file != NULL && fclose(file) != 0) ok = false;
    if (!ok) perror(argv[2]);
    buf_release(&out);
    return ok ? 0 : 1;
}
