/* Names at top level: a table of them, did-you-mean, and who took a name first. */
#include "compiler/check/decl.h"

#include "runtime/base/hash.h"

static struct name_slot *name_slot_of(const struct name_index *index, struct str key) {
    uint32_t at = (uint32_t)hash_bytes64(0, key.ptr, key.len) & (index->cap - 1);
    while (index->slots[at].taken && !str_eq(index->slots[at].key, key))
        at = (at + 1) & (index->cap - 1);
    return &index->slots[at];
}

static void name_index_grow(struct name_index *index) {
    struct name_index wider = {.arena = index->arena, .cap = index->cap ? index->cap * 2 : 64};
    wider.slots = ARENA_ARRAY(index->arena, struct name_slot, wider.cap);
    wider.count = index->count;
    for (uint32_t i = 0; i < index->cap; i++)
        if (index->slots[i].taken) *name_slot_of(&wider, index->slots[i].key) = index->slots[i];
    *index = wider;
}

bool name_index_add(struct name_index *index, struct str key, uint32_t value, uint32_t *existing) {
    if (2 * (index->count + 1) > index->cap) name_index_grow(index);
    struct name_slot *slot = name_slot_of(index, key);
    if (slot->taken) {
        if (existing) *existing = slot->value;
        return false;
    }
    *slot = (struct name_slot){.key = key, .value = value, .taken = true};
    index->count++;
    return true;
}

void decl_suggest(struct checker *checker, struct diag *diag, struct ast_name wanted, const struct str *names,
                  uint32_t count) {
    struct str closest = diag_closest_name(wanted.text, names, count);
    if (closest.len == 0) {
        if (count > 0)
            diag_help(checker->diags, diag, "there %s %.*s", count == 1 ? "is" : "are",
                      STR_ARG(decl_list_names(checker, names, count)));
        return;
    }
    diag_help(checker->diags, diag, "did you mean `%.*s`?", STR_ARG(closest));
    if (wanted.span.source != NULL && str_eq(span_text(wanted.span), wanted.text))
        diag_fix(checker->diags, diag, wanted.span, closest);
}

struct str decl_list_names(struct checker *checker, const struct str *names, uint32_t count) {
    enum { SHOWN = 12 };
    struct str text = {0};
    uint32_t shown = count > SHOWN ? SHOWN : count;
    for (uint32_t i = 0; i < shown; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " and " : ", ";
        text = arena_printf(checker->arena, "%.*s%s`%.*s`", STR_ARG(text), before, STR_ARG(names[i]));
    }
    if (count > shown) text = arena_printf(checker->arena, "%.*s and %u more", STR_ARG(text), count - shown);
    return text;
}

static const char *name_kind_noun(enum decl_name_kind kind) {
    switch (kind) {
    case NAMED_SOURCE: return "source";
    case NAMED_TARGET: return "target";
    case NAMED_CODES: return "code table";
    case NAMED_MAP: return "map";
    case NAMED_FN: return "function";
    case NAMED_PARAM: return "parameter";
    case NAMED_OTHER: break;
    }
    return "declaration";
}

bool decl_claim_name(struct compile *compile, enum decl_name_kind kind, struct ast_name name) {
    struct checker *checker = &compile->checker;
    if (name.text.len == 0) return false;
    /* How a name is written tells which kind is meant: x.table or `in x`, x[key], x(…), $x. */
    static const char *const SPACES[] = {"rows", "rows", "index", "index", "call", "param", "other"};
    struct str key = arena_printf(checker->arena, "%s %.*s", SPACES[kind], STR_ARG(name.text));
    uint32_t first;
    if (name_index_add(&compile->names, key, compile->name_spans.count, &first)) {
        VEC_PUSH(checker->arena, &compile->name_spans, name.span);
        VEC_PUSH(checker->arena, &compile->name_kinds, kind);
        return true;
    }
    enum decl_name_kind taken_by = compile->name_kinds.items[first];
    struct diag *diag =
        diag_report(checker->diags, E_DECLARED_TWICE, name.span, "the name `%.*s` is taken by a %s",
                    STR_ARG(name.text), name_kind_noun(taken_by));
    diag_label(checker->diags, diag, compile->name_spans.items[first], "declared here first");
    if (kind == taken_by)
        diag_help(checker->diags, diag, "give one of the two another name, or remove one");
    else
        diag_help(checker->diags, diag, "%s share one space of names: rename one of the two",
                  kind == NAMED_SOURCE || kind == NAMED_TARGET ? "sources and targets"
                                                               : "code tables and maps");
    return false;
}

bool decl_check_limit(struct checker *checker, struct span span, uint64_t count, uint64_t limit,
                      const char *noun) {
    if (count <= limit) return true;
    struct diag *diag = diag_report(checker->diags, E_TOO_MANY, span, "too many %s: %llu, the limit is %llu",
                                    noun, (unsigned long long)count, (unsigned long long)limit);
    diag_help(checker->diags, diag, "split the spec, or read these from a source instead");
    return false;
}
