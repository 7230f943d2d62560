/* The mapping document: what a migration does, in words that people sign. Made from a plan (which holds the
 * spec's text, so a spec and its plan give the same document); one model, three renderings. */
#ifndef MIG_DOCUMENT_DOCUMENT_H
#define MIG_DOCUMENT_DOCUMENT_H

#include "compiler/document/phrase.h"
#include "runtime/base/diag.h"
#include "runtime/plan/plan.h"

enum outcome_kind {
    OUTCOME_USE, /* another value is used */
    OUTCOME_SKIP,
    OUTCOME_REJECT,
    OUTCOME_WARN,
    OUTCOME_FAIL, /* the run stops */
    OUTCOME_KEEP, /* the first or last of several is taken */
    OUTCOME_UPDATE
};

/* What happens when something is not as it should be. */
struct document_outcome {
    enum outcome_kind kind;
    struct phrase when;    /* "when there is no such code" */
    struct phrase message; /* empty: the program's own message, which quotes the value */
    struct phrase use;     /* USE, WARN: the value instead; KEEP, UPDATE: which */
    bool implied;          /* follows from types; nothing was written */
};
struct document_outcomes {
    VEC(struct document_outcome) list;
};

/* A label with words: a clause of a map, a `let`, a validation, a part of a check. */
struct document_rule {
    struct str label; /* "Rows come from"; of a term its name */
    struct str anchor;
    struct phrase words;
    struct str code; /* as written; empty where the words say no less */
    struct str doc;
    struct document_outcomes outcomes;
};
struct document_rules {
    VEC(struct document_rule) list;
};

enum column_origin {
    ORIGIN_ASSIGNED,
    ORIGIN_COPIED,   /* by ...row */
    ORIGIN_DATABASE, /* default, identity or generated: filled by the database */
    ORIGIN_IGNORED,  /* left empty, with the spec's own reason */
    ORIGIN_EMPTY     /* left empty */
};

struct document_column {
    struct str name, anchor;
    struct str type; /* as Postgres writes it; of a csv file: empty */
    bool not_null, primary, pii;
    struct str references; /* "portal.projects (id)"; empty: no foreign key */
    enum column_origin origin;
    struct phrase words; /* empty where nothing fills it */
    struct str code, doc;
    struct str because; /* IGNORED */
    struct document_outcomes outcomes;
    VEC(struct str)
    sources; /* anchors of the source columns that it is made from, lets and functions seen
                through */
};

struct document_map {
    struct str name, anchor, doc;
    struct str table; /* "public.tasks", or the file's name */
    bool is_file;
    uint32_t order, level; /* 1 is the first to run; maps of a level do not wait for each other */
    struct document_rules rules;
    struct document_rules terms; /* its lookups' rows and lets, which its columns speak of */
    struct document_rules validations;
    struct phrase rollback;
    VEC(struct document_column) columns;
    struct str phase;      /* or empty */
    VEC(uint32_t) after;   /* maps (indexes) that must be complete before, for whatever reason */
    VEC(uint32_t) finds;   /* maps whose rows it finds by key */
    VEC(struct str) reads; /* anchors of the source tables it reads, the first its `from` */
    VEC(struct str) looks; /* names of target tables that it looks rows up in */
};

struct document_source_column {
    struct str name;  /* in the spec */
    struct str title; /* in the file */
    struct str anchor;
    struct str type;
    struct str noun; /* the type in words: "whole number" */
    struct str format, doc, because;
    bool nullable, pii, ignored;
    bool read;                /* by anything: a column, a rule, a check */
    VEC(struct str) used_for; /* "public.tasks.due_on" */
};

struct document_texts {
    VEC(struct str) list;
};

struct document_source_table {
    struct str title; /* "sheet `Projects`"'s title, a table's name; empty where the source has one table */
    struct str name;  /* in the spec: master.projects */
    struct str anchor, doc;
    VEC(struct document_source_column) columns;
    bool is_table;                   /* of a database: many that nobody reads may be there */
    bool is_read;                    /* some column is */
    uint32_t rows_count;             /* of an inline source: how many there are */
    VEC(struct document_texts) rows; /* of an inline source; cells of personal columns are *** */
};

struct document_source {
    struct str name, anchor, doc;
    struct phrase words; /* "CSV file `links.csv`, fields separated by “;”" */
    struct str sql;      /* of a query */
    struct document_outcomes outcomes;
    VEC(struct document_source_table) tables;
};

struct document_code_line {
    VEC(struct str) keys; /* all that give this value */
    struct str value;
};

struct document_codes {
    struct str name, anchor, doc;
    struct str file; /* where its pairs come from, or empty */
    struct phrase types;
    VEC(struct document_code_line) lines;
    struct document_outcomes outcomes;
    VEC(struct str) used_for;
};

struct document_function {
    struct str name, anchor, doc, signature;
    struct phrase words;
    struct str code;
};

struct document_param {
    struct str name, anchor, doc, type;
    struct phrase value; /* the default; empty: it must be given */
    bool secret;
};

struct document_environment {
    struct str name, doc, tolerance, window, retention;
    uint32_t approvals;
};

struct document_check {
    struct str name, anchor, title, doc;
    bool before;
    struct document_rules rules;
    struct str sql;
    struct document_outcomes outcomes;
};

struct document_test {
    struct str title, doc;
    uint32_t givens, expectations;
};

struct document_phase {
    struct str name, doc;
    VEC(struct str) maps;
};

/* A column with personal data and one place that it reaches. */
struct document_personal {
    struct str source, source_anchor; /* "`Contact Phone` of projects"; empty: a target column alone */
    struct str target, target_anchor; /* "public.users.phone"; empty: it reaches none */
    struct phrase protection;         /* "declared personal in the target", "only as a keyed hash" */
};

struct document {
    struct str title;
    int64_t version;
    struct str doc;
    struct str compiler;                     /* mig's version */
    struct str plan_hash, spec_hash, schema; /* hexadecimal; of the DDL: empty without a target */
    struct str date;                         /* given by who asked for the document; empty: none */
    struct str target;                       /* its name in the spec */
    struct str target_env;                   /* the environment variable with its URL, or empty */
    struct str strategy;
    VEC(struct str) files;
    VEC(struct document_source) sources;
    VEC(struct document_map) maps; /* in the order of running */
    VEC(struct document_codes) codes;
    VEC(struct document_function) functions;
    VEC(struct document_param) params;
    VEC(struct document_environment) environments;
    VEC(struct document_check) checks;
    VEC(struct document_test) tests;
    VEC(struct document_phase) phases;
    VEC(struct document_personal) personal;
    struct document_rules audit; /* one for each column */
    struct str audit_table;
    VEC(struct str) unwritten; /* tables of the target's DDL that no map writes */
};

/* NULL with diagnostics when the plan's texts are not those of a spec. date: as it is to stand in the
 * document, or empty. Everything lives in `arena` or in the plan. */
struct document *document_make(struct arena *arena, const struct plan *plan, struct str date,
                               struct diag_list *diags);

/* One page that needs nothing else: styles and diagram are in it, there are no scripts. */
void document_render_html(const struct document *document, struct buf *out);
/* The same content in Markdown (GitHub's tables). */
void document_render_markdown(const struct document *document, struct buf *out);
/* The model as one JSON object; see docs/cli.md for its fields. */
void document_render_json(const struct document *document, struct buf *out);

#endif
