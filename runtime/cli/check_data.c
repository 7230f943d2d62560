/* mig check --data: the files of a spec's sources, opened and held against the columns that the spec names.
 * No row is converted, and no database asked. */
#include "runtime/cli/cli.h"
#include "runtime/reader/reader.h"

static bool is_file(const struct plan_source *source) {
    return source->format != SOURCE_POSTGRES && source->format != SOURCE_QUERY &&
           source->format != SOURCE_INLINE && !(!source->location_is_env && str_is(source->location, "-"));
}

/* "people.csv", "3 files, the first of them people-1.csv" */
static struct str files_text(struct cli *cli, const struct reader *reader) {
    uint32_t count = reader_file_count(reader);
    struct str first = reader_file_name(reader, 0);
    if (count == 1) return arena_copy_str(&cli->arena, first);
    return arena_printf(&cli->arena, "%u files, the first of them %.*s", count, STR_ARG(first));
}

static void note_unnamed(struct cli *cli, const struct plan_source *source,
                         const struct plan_source_table *table, const struct reader *reader) {
    struct str *names, list = {0};
    uint32_t count = reader_unnamed_columns(reader, &cli->arena, &names);
    if (count == 0) return;
    for (uint32_t i = 0; i < count; i++)
        list = arena_printf(&cli->arena, "%.*s%s`%.*s`", STR_ARG(list), i ? ", " : "", STR_ARG(names[i]));
    struct diag *diag = diag_report(&cli->diags, X_UNNAMED_COLUMNS, (struct span){0},
                                    "source `%.*s%s%.*s` does not name %u column%s of its data: %.*s",
                                    STR_ARG(source->name), table->name.len ? "." : "", STR_ARG(table->name),
                                    count, count == 1 ? "" : "s", STR_ARG(list));
    diag_place(&cli->diags, diag, "%.*s", STR_ARG(files_text(cli, reader)));
    diag_help(
        &cli->diags, diag,
        "what is worth keeping is named and mapped; what is not can be named with `ignored because '…'`");
}

bool cli_check_data(struct cli *cli, const struct plan *plan, struct str folder) {
    struct reader_options options = {.base_dir = folder, .limits = READER_DEFAULT_LIMITS};
    bool good = true;
    for (uint32_t s = 0; s < plan->sources_count; s++) {
        const struct plan_source *source = &plan->sources[s];
        for (uint32_t t = 0; is_file(source) && t < source->tables_count; t++) {
            struct reader *reader = reader_open(plan, s, t, NULL, 0, &options, &cli->diags);
            good = good && reader != NULL;
            if (reader == NULL && reader_lacks_file(&cli->diags)) break;
            if (reader == NULL) continue;
            note_unnamed(cli, source, &source->tables[t], reader);
            reader_close(reader);
        }
    }
    return good;
}
