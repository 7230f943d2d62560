/* The plan: what the compiler hands to the runtime. The structs are made from plan.def; this header adds the
 * enums that its u8 fields hold. A plan in memory lives in one arena and is read-only after plan_read. */
#ifndef MIG_PLAN_PLAN_H
#define MIG_PLAN_PLAN_H

#include "runtime/plan/opcode.h"
#include "runtime/value/value.h"

enum plan_pattern_kind {
    PATTERN_TEMPLATE,
    PATTERN_REGEX,
    PATTERN_LIKE,
    PATTERN_ZONE,
    PATTERN_JSON_PATH,
    PATTERN_KIND_COUNT
};
enum plan_slot_kind {
    SLOT_CELL,       /* raw cell of source column `column`, via self/parent/root */
    SLOT_FILE,       /* text: source file of the row */
    SLOT_LINE,       /* int: 1-based line where the row starts (xlsx: the row) */
    SLOT_ROW,        /* int: 1-based number of the row in its file */
    SLOT_DEPTH,      /* int: 0 for a top row */
    SLOT_HAS_PARENT, /* bool; via tells of whose parent */
    SLOT_JOIN,       /* row of stages[column].table; null for an unmatched left join */
    SLOT_EACH,       /* element of stages[column] */
    SLOT_GROUP,      /* value of the column-th GROUP output */
    SLOT_AGGREGATE,  /* value of aggregates[column] */
    SLOT_MAP_COLUMN, /* from_kind MAP: column-th column of that map's crosswalk table */
    SLOT_EVENT_KIND,
    SLOT_EVENT_MAP,
    SLOT_EVENT_AT,
    SLOT_EVENT_JSON, /* audit: text, text?, timestamptz, json */
    SLOT_KIND_COUNT
};
enum plan_via { VIA_SELF, VIA_PARENT, VIA_ROOT, VIA_COUNT };
enum plan_output_role {
    OUT_COLUMN, /* value for the index-th of the map's columns */
    OUT_KEY,    /* index-th key part (first part of the program, or of the group program: rows that are left
                   out or rejected later are known to the crosswalk by it too) */
    OUT_VALUE,  /* keyed tables: index-th column; checks, params, tests: the value */
    OUT_UNIQUE, /* index-th expression of unique by (first part of the program) */
    OUT_ORDER,  /* index-th expression of order by or keep … by (first part) */
    OUT_GROUP,  /* index-th expression of group by (first part) */
    OUT_AGGREGATE, /* argument of the index-th aggregate (first part) */
    OUT_PARTITION, /* text: the row's part (first part) */
    OUT_PARENT,    /* self reference: index-th part of the key of the row this one refers to (first part) */
    OUT_ROLE_COUNT
};
enum plan_action_kind { DO_REJECT, DO_SKIP, DO_WARN, DO_FAIL, DO_FIRST, DO_LAST, DO_PAD, DO_COUNT };
enum plan_source_format {
    SOURCE_CSV,
    SOURCE_JSON,
    SOURCE_NDJSON,
    SOURCE_XLSX,
    SOURCE_DYNAMODB,
    SOURCE_INLINE,
    SOURCE_POSTGRES,
    SOURCE_QUERY,
    SOURCE_FORMAT_COUNT
};
/* How a value goes over the wire in binary COPY; WIRE_TEXT_FORM: the type has no binary form that mig
 * knows, the whole statement uses text. */
enum plan_wire {
    WIRE_BOOL,
    WIRE_INT2,
    WIRE_INT4,
    WIRE_INT8,
    WIRE_NUMERIC,
    WIRE_FLOAT4,
    WIRE_FLOAT8,
    WIRE_TEXT,
    WIRE_BYTEA,
    WIRE_DATE,
    WIRE_TIME,
    WIRE_TIMESTAMP,
    WIRE_TIMESTAMPTZ,
    WIRE_INTERVAL,
    WIRE_UUID,
    WIRE_JSON,
    WIRE_JSONB,
    WIRE_ENUM,
    WIRE_ARRAY,
    WIRE_TEXT_FORM,
    WIRE_COUNT
};
enum plan_keyed_kind { KEYED_SOURCE, KEYED_TARGET, KEYED_MAP, KEYED_CODES, KEYED_KIND_COUNT };
enum plan_aggregate_kind {
    AGG_COUNT,
    AGG_SUM,
    AGG_MIN,
    AGG_MAX,
    AGG_AVG,
    AGG_FIRST,
    AGG_LAST,
    AGG_STRING,
    AGG_ARRAY,
    AGG_BOOL_AND,
    AGG_BOOL_OR,
    AGG_KIND_COUNT
};
enum plan_stage_kind { STAGE_EACH, STAGE_JOIN, STAGE_LEFT_JOIN, STAGE_KIND_COUNT };
enum plan_from { FROM_SOURCE, FROM_MAP, FROM_KIND_COUNT };
enum plan_unique { UNIQUE_NONE, UNIQUE_FIRST, UNIQUE_LAST, UNIQUE_ON_DUPLICATE, UNIQUE_COUNT };
enum plan_conflict { CONFLICT_NONE, CONFLICT_SKIP, CONFLICT_REJECT, CONFLICT_UPDATE, CONFLICT_COUNT };
enum plan_rollback { ROLLBACK_DELETE, ROLLBACK_RESTORE, ROLLBACK_SQL, ROLLBACK_NONE, ROLLBACK_COUNT };
enum plan_commit { COMMIT_DEFAULT, COMMIT_RUN, COMMIT_MAP, COMMIT_ROWS, COMMIT_COUNT };
enum plan_rule_kind { RULE_CODE, RULE_MESSAGE, RULE_VALIDATE, RULE_KIND_COUNT };
enum plan_tolerance_kind { TOLERANCE_UNSET, TOLERANCE_ROWS, TOLERANCE_PERCENT, TOLERANCE_COUNT };
enum plan_check_kind { CHECK_SCALAR, CHECK_SOURCE, CHECK_SAMPLE, CHECK_KIND_COUNT };
enum plan_compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE, COMPARE_COUNT };
/* What a NOTE instruction stands at: its span is the text that a test reaches or does not. */
enum plan_note {
    NOTE_LINE,       /* a column, let or where */
    NOTE_BRANCH,     /* a side of if or ??, an arm of match */
    NOTE_HANDLER,    /* on EVENT ACTION */
    NOTE_VALIDATION, /* validate, as such */
    NOTE_FUNCTION,   /* the body of a function */
    NOTE_KIND_COUNT
};
enum plan_expect_kind {
    EXPECT_ROW,
    EXPECT_MAP_COUNT,
    EXPECT_REJECTED,
    EXPECT_SKIPPED,
    EXPECT_WARNED,
    EXPECT_REJECT_MESSAGE,
    EXPECT_ASSERT,
    EXPECT_KIND_COUNT
};

/* Raw cells that readers produce. */
enum cell_kind {
    CELL_TEXT,
    CELL_NUMBER,   /* text: the number, as written or in its shortest form */
    CELL_BOOL,     /* text: true or false */
    CELL_DATETIME, /* text: ISO 8601 date, date and time, or time */
    CELL_JSON,     /* text: JSON fragment (object or array) */
    CELL_BAD,      /* text: why the cell cannot be read (an error cell, bytes outside the encoding) */
    CELL_KIND_COUNT
};

/* In a map's crosswalk: the column that holds the row's part, not a target column. Only ever the last. */
#define PLAN_COLUMN_PARTITION UINT32_MAX

#define PLAN_STRUCT(type) struct type {
#define PLAN_END(type)                                                                                       \
    }                                                                                                        \
    ;
#define PLAN_U8(name, doc)  uint8_t name;
#define PLAN_U32(name, doc) uint32_t name;
#define PLAN_I64(name, doc) int64_t name;
#define PLAN_STR(name, doc) struct str name;
#define PLAN_U32S(name, doc)                                                                                 \
    uint32_t *name;                                                                                          \
    uint32_t name##_count;
#define PLAN_LIST(name, type, doc)                                                                           \
    struct type *name;                                                                                       \
    uint32_t name##_count;
#define PLAN_SUB(name, type, doc) struct type name;
#include "runtime/plan/plan.def"
#include "runtime/plan/plan_undef.h"

/* How many of a crosswalk's columns are columns of the target table. */
static inline uint32_t plan_stored_columns(const struct plan_keyed_table *table) {
    uint32_t count = table->target_columns_count;
    return count && table->target_columns[count - 1] == PLAN_COLUMN_PARTITION ? count - 1 : count;
}

enum { PLAN_FORMAT_VERSION = 1, PLAN_MAX_BYTES = 256 * 1024 * 1024 };

/* Serialises a plan: magic, format version, hash of the opcode table, length, SHA-256 of the content,
 * content. The same plan gives the same bytes. */
void plan_write(const struct plan *plan, struct buf *out);

/* Reads and verifies (plan_verify) a plan. The texts point into a copy in the arena. NULL with a diagnostic
 * when the bytes are not a plan that this mig can run safely. */
struct plan *plan_read(struct arena *arena, struct str bytes, struct str name, struct diag_list *diags);

/* Proves that running the plan cannot read or write out of bounds, whatever the rows hold: every index in
 * range, register types as the opcodes ask, registers read only where they were written (selections), lists
 * within their pools, sizes bounded. False with one diagnostic (X_PLAN_INVALID) that names the place.
 *
 * The rules for a program, checked in one pass over its code; what the VM may rely on is here, and what it
 * must do in return is marked (V):
 *
 * Parts. Code is in three parts: [0, init_end) init, [init_end, pre_end) first, [pre_end, end) rest. Init
 * reads no rows: only CONST, PARAM, RUN and pure instructions over registers of init, all under selection 0;
 * no selections, merges, actions. Each of its registers is written once, and nowhere else: it is scalar.
 *
 * Selections. Selection 0 is all rows of the part. Every other selection is made once, by one SEL_
 * instruction, before its uses; that instruction's `sel` is its parent, and its rows are a part of the
 * parent's. After pre_end only 0 and selections made after pre_end are used. (V) A row leaves all selections
 * at once (skipped, failed) or none, and does not come back within a batch; selection 0 of the rest holds
 * only rows that selection 0 of the first part held.
 *
 * Registers. At each place of the code a register is undefined or was last written under one selection D. An
 * operand of an instruction under selection S is readable when D is S or an ancestor of S: so no element is
 * read that was not written in the same batch. dst is none of the instruction's own operands. A register is
 * written in one part only: the rest may run in waves, each over other rows, and what it reads from the first
 * part is still there for the last wave.
 *
 * Merges. A merge under S reads operand a under S and the others under the selection that imm names. PATCH,
 * POISON, NULLED: imm is S or a descendant of S. IF: imm = SEL_TRUE(a), imm2 = SEL_NOT_TRUE(a); AND: imm =
 * SEL_NOT_FALSE(a); OR: imm = SEL_NOT_TRUE(a); each with S as parent and made from the very value of a that
 * the merge reads. So a row of S in none of them takes a's own value or state. (V) A merge writes each row
 * of S.
 *
 * Types. Operands and result have the types that the opcode's letters ask for; kind, element and ref are
 * compared, nullability is not: any row of any register may be null or have failed. ROW registers hold rows
 * of the table that their type names, ENUM registers labels of their enum.
 *
 * Outputs. The register of an output is written by one instruction only, under selection 0; that of UNIQUE,
 * ORDER, GROUP, AGGREGATE, PARTITION, PARENT and KEY in init or the first part. (V) It reads as null for rows
 * that left before that instruction: a skipped row's key is asked for. */
bool plan_verify(const struct plan *plan, struct diag_list *diags);

/* The value of a constant: an enum's text is its label, an array's a JSON array of its elements' texts
 * (labels for enums) or nulls. What the value points to lives in the arena or in the plan. FAULT_NONE when it
 * is one. */
enum fault plan_const_value(struct arena *arena, const struct plan *plan, const struct plan_const *constant,
                            struct value *out);
/* The text of a value of this type for plan_const, the reverse of plan_const_value. type.ref is looked up in
 * `enums`. */
struct str plan_const_text(struct arena *arena, const struct plan_enum *enums, struct plan_type type,
                           const struct value *value);

/* Kind, element and ref are equal. */
static inline bool plan_type_same(struct plan_type a, struct plan_type b) {
    return a.kind == b.kind && a.element == b.element && a.ref == b.ref;
}

/* What verified programs stay within. */
enum {
    PLAN_MAX_REGS = 8192, /* of one program */
    PLAN_MAX_SELECTIONS = 16384,
    PLAN_MAX_CODE = 262144,
    PLAN_MAX_LIST = 1600, /* registers in one list: as many as a Postgres table has columns */
    PLAN_SKIP_REASONS = 9 /* enum skip_reason has so many */
};

/* The name of an enum's value in a field of a struct of plan.def ("plan_source", "format", 0: "csv"), NULL
 * for fields that are no enums and for values out of range. */
const char *plan_field_value_name(const char *structure, const char *field, uint32_t value);

/* The whole plan as text for people: declarations, then each program with its instructions beside the
 * spec's lines. */
void plan_disassemble(const struct plan *plan, struct buf *out);

/* 32 bytes: SHA-256 of the content. */
void plan_hash(const struct plan *plan, uint8_t hash[32]);

#endif
