/* Options of commands, declared as tables: parsing and help come from the same list. */
#ifndef MIG_CLI_OPTIONS_H
#define MIG_CLI_OPTIONS_H

#include "runtime/base/diag.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_FOLDER };

struct option_texts {
    VEC(struct str) items;
};

/* An option that may stand alone: --data, --data=DIR, or --data DIR where DIR is a folder that exists. */
struct option_folder {
    bool given;
    struct str path; /* empty: none was named */
};

/* One option. target: bool * (FLAG), struct str * (TEXT), struct option_texts * (LIST), struct option_folder
 * * (FOLDER). */
struct option {
    const char *name; /* "env": given as --env VALUE or --env=VALUE */
    char letter;      /* or 0 */
    enum option_kind kind;
    void *target;
    const char *value; /* what the help calls the value: "NAME" */
    const char *help;
};

/* Ends an option table. */
#define OPTION_END                                                                                           \
    { 0 }

struct arguments {
    VEC(struct str) words; /* what is not an option */
};

/* Parses argv[0..argc). False with a message in *error (in the arena): unknown option (did you mean), missing
 * or unwanted value. `--` ends the options. */
bool options_parse(struct arena *arena, const struct option *options, int argc, char **argv,
                   struct arguments *out, struct str *error);
/* The options as aligned lines for the help. */
void options_help(const struct option *options, struct buf *out);

#endif
