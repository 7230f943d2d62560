/* The order of the document's sections, and those that are small. */
#include "compiler/document/page.h"

static struct page_cell *add_fact(struct page *page, struct page_block *block, const char *label) {
    struct page_row *row = page_add_row(page, block);
    page_print(page, page_add_cell(page, row), LINE_NORMAL, "%s", label);
    return page_add_cell(page, row);
}

static void add_text_fact(struct page *page, struct page_block *block, const char *label, enum run_kind kind,
                          struct str text) {
    if (text.len) page_add_text(page, add_fact(page, block, label), LINE_NORMAL, kind, text);
}

static void page_identity(struct page *page) {
    const struct document *document = page->document;
    page_section(page, BLOCK_SECTION, "identity", "What this document describes");
    struct page_block *block = page_add(page, BLOCK_FACTS);
    block->name = "identity";
    add_text_fact(page, block, "Migration", RUN_TERM, document->title);
    page_print(page, add_fact(page, block, "Version"), LINE_NORMAL, "%lld", (long long)document->version);
    add_text_fact(page, block, "Date", RUN_TEXT, document->date);
    if (document->target.len) {
        struct page_cell *cell = add_fact(page, block, "Target");
        page_print(page, cell, LINE_NORMAL, "Postgres database %.*s", STR_ARG(document->target));
        if (document->target_env.len)
            page_print(page, cell, LINE_NOTE, "its address is in the environment variable %.*s",
                       STR_ARG(document->target_env));
    }
    add_text_fact(page, block, "Plan hash", RUN_CODE, document->plan_hash);
    add_text_fact(page, block, "SHA-256 of the spec", RUN_CODE, document->spec_hash);
    add_text_fact(page, block, "SHA-256 of the target's DDL", RUN_CODE, document->schema);
    struct page_cell *files = add_fact(page, block, "Files");
    for (uint32_t i = 0; i < document->files.count; i++)
        page_add_text(page, files, LINE_NORMAL, RUN_NAME, document->files.items[i]);
    add_text_fact(page, block, "Made by", RUN_TEXT,
                  arena_printf(&page->arena, "mig %.*s", STR_ARG(document->compiler)));
}

static void page_reading(struct page *page) {
    struct page_block *block = page_add(page, BLOCK_FACTS);
    block->name = "reading";
    static const struct {
        enum line_style style;
        const char *word, *meaning;
    } OUTCOMES[] = {
        {LINE_REJECT, "Rejected",
         "The row is not loaded. It is kept whole, with its place in the source, the value and the reason, "
         "and is "
         "counted."},
        {LINE_SKIP, "Left out", "The row is not loaded, on purpose, and is counted."},
        {LINE_WARN, "Warned",
         "The row is loaded with the value that is named; the warning is counted and reported."},
        {LINE_USE, "Replaced", "The row is loaded with the value that is named; nothing is reported."},
        {LINE_FAIL, "Run stops", "Nothing more is loaded; what is loaded already stands."},
    };
    for (size_t i = 0; i < sizeof OUTCOMES / sizeof *OUTCOMES; i++) {
        struct page_row *row = page_add_row(page, block);
        page_print(page, page_add_cell(page, row), OUTCOMES[i].style, "%s", OUTCOMES[i].word);
        page_print(page, page_add_cell(page, row), LINE_NORMAL, "%s", OUTCOMES[i].meaning);
    }
    page_paragraph(page, LINE_NORMAL,
                   STR("For each map, rows read = written + updated + unchanged + left out + rejected. Where "
                       "nothing else is said, an empty value stays empty through every function, and a cell "
                       "that is not text in its file's encoding, and a result beyond the largest number or "
                       "the last day, reject the rows that need it."));
}

/* ------------------------------------------------------------------ running */

static void page_params(struct page *page) {
    const struct document *document = page->document;
    if (document->params.count == 0) return;
    page_section(page, BLOCK_SECTION, "parameters", "Parameters");
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "params";
    VEC_PUSH(&page->arena, &block->head, STR("Parameter"));
    VEC_PUSH(&page->arena, &block->head, STR("Type"));
    VEC_PUSH(&page->arena, &block->head, STR("Value"));
    for (uint32_t i = 0; i < document->params.count; i++) {
        const struct document_param *param = &document->params.items[i];
        struct page_row *row = page_add_row(page, block);
        struct page_cell *name = page_add_cell(page, row);
        name->anchor = param->anchor;
        page_add_text(page, name, LINE_NORMAL, RUN_TERM, param->name);
        page_add_text(page, name, LINE_NOTE, RUN_TEXT, param->doc);
        page_add_text(page, page_add_cell(page, row), LINE_NORMAL, RUN_CODE, param->type);
        struct page_cell *value = page_add_cell(page, row);
        if (!phrase_is_empty(&param->value))
            page_add_line(page, value, LINE_NORMAL, &param->value);
        else
            page_print(page, value, LINE_NORMAL, "given for each run");
        if (param->secret) page_print(page, value, LINE_NOTE, "secret: never shown, logged or stored");
    }
}

static void page_environments(struct page *page) {
    const struct document *document = page->document;
    if (document->environments.count == 0) return;
    page_section(page, BLOCK_SECTION, "environments", "Environments");
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "environments";
    static const char *const HEAD[] = {"Environment", "Rejected rows tolerated", "Approvals", "Window",
                                       "Files kept"};
    for (size_t i = 0; i < sizeof HEAD / sizeof *HEAD; i++)
        VEC_PUSH(&page->arena, &block->head, str_cstr(HEAD[i]));
    for (uint32_t i = 0; i < document->environments.count; i++) {
        const struct document_environment *environment = &document->environments.items[i];
        struct page_row *row = page_add_row(page, block);
        struct page_cell *name = page_add_cell(page, row);
        page_add_text(page, name, LINE_NORMAL, RUN_TERM, environment->name);
        page_add_text(page, name, LINE_NOTE, RUN_TEXT, environment->doc);
        page_add_text(page, page_add_cell(page, row), LINE_NORMAL, RUN_TEXT,
                      environment->tolerance.len == 0       ? STR("none")
                      : str_is(environment->tolerance, "0") ? STR("none")
                                                            : environment->tolerance);
        page_print(page, page_add_cell(page, row), LINE_NORMAL, "%u", environment->approvals);
        page_add_text(page, page_add_cell(page, row), LINE_NORMAL, RUN_TEXT,
                      environment->window.len ? environment->window : STR("no limit"));
        page_add_text(page, page_add_cell(page, row), LINE_NORMAL, RUN_TEXT,
                      environment->retention.len ? environment->retention : STR("no limit"));
    }
    page_paragraph(
        page, LINE_NORMAL,
        STR("A map that names its own tolerance keeps to that. Beyond the tolerance the run stops before "
            "the next map."));
}

static void page_phases(struct page *page) {
    const struct document *document = page->document;
    if (document->phases.count == 0 && document->strategy.len == 0) return;
    page_section(page, BLOCK_SECTION, "phases", "Phases");
    if (document->strategy.len)
        page_paragraph(page, LINE_NORMAL,
                       arena_printf(&page->arena, "Strategy: %.*s.", STR_ARG(document->strategy)));
    if (document->phases.count == 0) return;
    struct page_block *block = page_add(page, BLOCK_FACTS);
    block->name = "phases";
    for (uint32_t i = 0; i < document->phases.count; i++) {
        const struct document_phase *phase = &document->phases.items[i];
        struct page_row *row = page_add_row(page, block);
        page_add_text(page, page_add_cell(page, row), LINE_NORMAL, RUN_TERM, phase->name);
        struct phrase maps = {0};
        for (uint32_t m = 0; m < phase->maps.count; m++) {
            if (m) phrase_print(&page->arena, &maps, ", ");
            phrase_link(&page->arena, &maps, RUN_TERM, phase->maps.items[m],
                        phrase_anchor(&page->arena, "map", phase->maps.items[m]));
        }
        struct page_cell *cell = page_add_cell(page, row);
        page_add_line(page, cell, LINE_NORMAL, &maps);
        page_add_text(page, cell, LINE_NOTE, RUN_TEXT, phase->doc);
    }
}

static bool same_words(const struct phrase *a, const struct phrase *b) {
    if (a->runs.count != b->runs.count) return false;
    for (uint32_t i = 0; i < a->runs.count; i++)
        if (!str_eq(a->runs.items[i].text, b->runs.items[i].text)) return false;
    return true;
}

/* The last map is undone first; neighbours with one policy share a row. */
static void page_rollback(struct page *page) {
    const struct document *document = page->document;
    if (document->maps.count == 0) return;
    page_section(page, BLOCK_SECTION, "rollback", "Rollback");
    page_paragraph(page, LINE_NORMAL,
                   STR("What undoing the migration means for each map, the last one first."));
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "rollback";
    VEC_PUSH(&page->arena, &block->head, STR("Map"));
    VEC_PUSH(&page->arena, &block->head, STR("Policy"));
    for (uint32_t i = document->maps.count; i-- > 0;) {
        const struct document_map *map = &document->maps.items[i];
        struct page_row *row = page_add_row(page, block);
        struct phrase names = {0};
        phrase_link(&page->arena, &names, RUN_TERM, map->name, map->anchor);
        while (i > 0 && same_words(&document->maps.items[i - 1].rollback, &map->rollback)) {
            const struct document_map *next = &document->maps.items[--i];
            phrase_print(&page->arena, &names, ", ");
            phrase_link(&page->arena, &names, RUN_TERM, next->name, next->anchor);
        }
        page_add_line(page, page_add_cell(page, row), LINE_NORMAL, &names);
        page_add_line(page, page_add_cell(page, row), LINE_NORMAL, &map->rollback);
    }
}

/* ------------------------------------------------------------------ what must hold */

static void page_check(struct page *page, const struct document_check *check) {
    struct page_block *head = page_add(page, BLOCK_HEADING);
    head->anchor = check->anchor;
    phrase_add(&page->arena, &head->title, RUN_TERM, check->name);
    if (check->title.len) {
        phrase_print(&page->arena, &head->title, ": ");
        phrase_add(&page->arena, &head->title, RUN_TEXT, check->title);
    }
    page_doc(page, check->doc);
    struct page_block *block = page_add(page, BLOCK_FACTS);
    block->name = "check";
    page_print(page, add_fact(page, block, "Runs"), LINE_NORMAL, "%s",
               check->before ? "before any row moves" : "after the last map");
    for (uint32_t i = 0; i < check->rules.list.count; i++)
        page_add_rule(page, block, &check->rules.list.items[i], RUN_TEXT);
    struct page_cell *cell = add_fact(page, block, "Otherwise");
    page_add_outcomes(page, cell, &check->outcomes);
    if (check->outcomes.list.count == 0)
        page_print(page, cell, LINE_NORMAL, "the run counts as failed; what is loaded stands");
    if (check->sql.len) page_add(page, BLOCK_CODE)->code = check->sql;
}

static void page_checks(struct page *page) {
    const struct document *document = page->document;
    if (document->checks.count == 0) return;
    page_section(page, BLOCK_SECTION, "checks", "Checks");
    for (uint32_t i = 0; i < document->checks.count; i++)
        page_check(page, &document->checks.items[i]);
}

static void page_tests(struct page *page) {
    const struct document *document = page->document;
    if (document->tests.count == 0) return;
    page_section(page, BLOCK_SECTION, "tests", "Tests");
    page_paragraph(page, LINE_NORMAL, STR("Examples that stand in the spec and are run before it is used."));
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "tests";
    VEC_PUSH(&page->arena, &block->head, STR("Test"));
    VEC_PUSH(&page->arena, &block->head, STR("Given rows"));
    VEC_PUSH(&page->arena, &block->head, STR("Expectations"));
    for (uint32_t i = 0; i < document->tests.count; i++) {
        const struct document_test *test = &document->tests.items[i];
        struct page_row *row = page_add_row(page, block);
        struct page_cell *title = page_add_cell(page, row);
        page_add_text(page, title, LINE_NORMAL, RUN_TEXT, test->title);
        page_add_text(page, title, LINE_NOTE, RUN_TEXT, test->doc);
        page_print(page, page_add_cell(page, row), LINE_NORMAL, "%u", test->givens);
        page_print(page, page_add_cell(page, row), LINE_NORMAL, "%u", test->expectations);
    }
}

static void page_audit(struct page *page) {
    const struct document *document = page->document;
    if (document->audit_table.len == 0) return;
    page_section(page, BLOCK_SECTION, "audit", "Audit trail");
    page_paragraph(page, LINE_NORMAL,
                   arena_printf(&page->arena, "Each run leaves a row for each of its events in %.*s.",
                                STR_ARG(document->audit_table)));
    struct page_block *block = page_add(page, BLOCK_FACTS);
    block->name = "audit";
    for (uint32_t i = 0; i < document->audit.list.count; i++)
        page_add_rule(page, block, &document->audit.list.items[i], RUN_NAME);
}

static void page_unwritten(struct page *page) {
    const struct document *document = page->document;
    if (document->unwritten.count == 0) return;
    page_section(page, BLOCK_PART, "unwritten", "Tables that are not written");
    struct page_cell cell = {0};
    struct phrase names = {0};
    for (uint32_t i = 0; i < document->unwritten.count; i++) {
        if (i) phrase_print(&page->arena, &names, ", ");
        phrase_add(&page->arena, &names, RUN_NAME, document->unwritten.items[i]);
    }
    page_add_line(page, &cell, LINE_NORMAL, &names);
    page_add(page, BLOCK_TEXT)->text = cell;
}

void page_make(struct page *page, const struct document *document) {
    *page = (struct page){.document = document};
    arena_init(&page->arena);
    page_identity(page);
    page_section(page, BLOCK_SECTION, "overview", "Overview");
    page_add(page, BLOCK_DIAGRAM);
    page_section(page, BLOCK_PART, "reading", "What happens to rows");
    page_reading(page);
    page_maps(page);
    page_unwritten(page);
    page_codes(page);
    page_functions(page);
    page_sources(page);
    page_personal(page);
    page_checks(page);
    page_tests(page);
    page_params(page);
    page_environments(page);
    page_phases(page);
    page_rollback(page);
    page_audit(page);
    page_section(page, BLOCK_SECTION, "sign-off", "Sign-off");
    page_add(page, BLOCK_SIGNATURES);
}

void page_release(struct page *page) {
    arena_release(&page->arena);
}
