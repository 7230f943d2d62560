/* Parameters as the command line gives them. */
#include "runtime/cli/run_params.h"

#include <string.h>

/* name=value */
static bool split_pair(struct cli *cli, struct str text, struct run_param *pair) {
    const char *equals = text.len ? memchr(text.ptr, '=', text.len) : NULL;
    if (equals == NULL || equals == text.ptr) return false;
    pair->name = str_from(text.ptr, (size_t)(equals - text.ptr));
    pair->value = arena_copy_str(&cli->arena, str_from(equals + 1, text.len - pair->name.len - 1));
    return true;
}

/* Lines name=value; blank lines and lines that start with # are passed over. */
bool cli_read_param_file(struct cli *cli, struct str path, struct run_param_list *out) {
    struct str bytes;
    if (!cli_read_file(cli, path, 1 << 20, &bytes)) return false;
    for (size_t at = 0, number = 1; at < bytes.len; number++) {
        size_t end = at;
        while (end < bytes.len && bytes.ptr[end] != '\n')
            end++;
        struct str line = str_from(bytes.ptr + at, end - at);
        at = end + 1;
        if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
        struct run_param pair;
        if (line.len == 0 || line.ptr[0] == '#') continue;
        if (!split_pair(cli, line, &pair)) {
            struct diag *diag =
                diag_report(&cli->diags, X_PARAM_VALUE, (struct span){0}, "this line is not NAME=VALUE");
            diag_place(&cli->diags, diag, "%.*s line %zu", STR_ARG(path), number);
            return false;
        }
        VEC_PUSH(&cli->arena, &out->items, pair);
    }
    return true;
}

bool cli_collect_pairs(struct cli *cli, const struct option_texts *texts, const char *option,
                       struct run_param_list *out, int *code) {
    for (uint32_t i = 0; i < texts->items.count; i++) {
        struct run_param pair;
        if (!split_pair(cli, texts->items.items[i], &pair)) {
            *code = cli_usage(cli, "--%s takes NAME=VALUE, not %.*s", option, STR_ARG(texts->items.items[i]));
            return false;
        }
        VEC_PUSH(&cli->arena, &out->items, pair);
    }
    return true;
}

/* A secret on the command line is in every process list and shell history. */
bool cli_refuse_secrets(struct cli *cli, const struct plan *plan, const struct run_param_list *given,
                        int *code) {
    for (uint32_t g = 0; g < given->items.count; g++)
        for (uint32_t p = 0; p < plan->params_count; p++)
            if (plan->params[p].type.kind == TYPE_SECRET &&
                str_eq(plan->params[p].name, given->items.items[g].name)) {
                *code =
                    cli_usage(cli, "%.*s is a secret: set MIG_PARAM_… in the environment or use --param-file",
                              STR_ARG(plan->params[p].name));
                return false;
            }
    return true;
}
