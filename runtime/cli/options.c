/* Parsing declared options. */
#include "runtime/cli/options.h"

#include "runtime/base/utf8.h"

#include <sys/stat.h>

static const struct option *find_long(const struct option *options, struct str name) {
    for (; options->name; options++)
        if (str_is(name, options->name)) return options;
    return NULL;
}

static const struct option *find_letter(const struct option *options, char letter) {
    for (; options->name; options++)
        if (options->letter == letter) return options;
    return NULL;
}

static bool unknown(struct arena *arena, const struct option *options, struct str word, struct str *error) {
    struct str names[64], name = word;
    uint32_t count = 0;
    while (name.len && name.ptr[0] == '-')
        name = str_from(name.ptr + 1, name.len - 1);
    for (; options->name && count < 64; options++)
        names[count++] = str_cstr(options->name);
    struct str close = diag_closest_name(name, names, count);
    *error = close.len ? arena_printf(arena, "unknown option %.*s; did you mean --%.*s?", STR_ARG(word),
                                      STR_ARG(close))
                       : arena_printf(arena, "unknown option %.*s", STR_ARG(word));
    return false;
}

static void store(struct arena *arena, const struct option *option, struct str value) {
    switch (option->kind) {
    case OPTION_FLAG: *(bool *)option->target = true; break;
    case OPTION_TEXT: *(struct str *)option->target = value; break;
    case OPTION_FOLDER: *(struct option_folder *)option->target = (struct option_folder){true, value}; break;
    case OPTION_LIST: VEC_PUSH(arena, &((struct option_texts *)option->target)->items, value); break;
    }
}

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool options_parse(struct arena *arena, const struct option *options, int argc, char **argv,
                   struct arguments *out, struct str *error) {
    bool only_words = false;
    *out = (struct arguments){0};
    for (int i = 0; i < argc; i++) {
        struct str word = str_cstr(argv[i]), value = {0};
        if (only_words || word.len < 2 || word.ptr[0] != '-') {
            VEC_PUSH(arena, &out->words, word);
            continue;
        }
        if (str_is(word, "--")) {
            only_words = true;
            continue;
        }
        const char *equals = memchr(word.ptr, '=', word.len);
        const struct option *option = NULL;
        if (word.ptr[1] == '-') {
            size_t end = equals ? (size_t)(equals - word.ptr) : word.len;
            option = find_long(options, str_from(word.ptr + 2, end - 2));
            if (equals) value = str_cstr(equals + 1);
        } else if (word.len == 2) {
            option = find_letter(options, word.ptr[1]);
        }
        if (option == NULL) return unknown(arena, options, word, error);
        if (option->kind == OPTION_FLAG && value.ptr) {
            *error = arena_printf(arena, "--%s takes no value", option->name);
            return false;
        }
        if (option->kind == OPTION_FOLDER) {
            if (value.ptr == NULL && i + 1 < argc && is_folder(argv[i + 1])) value = str_cstr(argv[++i]);
        } else if (option->kind != OPTION_FLAG && value.ptr == NULL) {
            if (i + 1 >= argc) {
                *error = arena_printf(arena, "--%s needs a value: --%s %s", option->name, option->name,
                                      option->value);
                return false;
            }
            value = str_cstr(argv[++i]);
        }
        store(arena, option, value);
    }
    return true;
}

void options_help(const struct option *options, struct buf *out) {
    enum { COLUMN = 24 };
    for (; options->name; options++) {
        size_t from = out->len;
        buf_append_cstr(out, "  ");
        if (options->letter) buf_printf(out, "-%c, ", options->letter);
        buf_printf(out, "--%s", options->name);
        if (options->kind == OPTION_FOLDER)
            buf_printf(out, " [%s]", options->value);
        else if (options->kind != OPTION_FLAG)
            buf_printf(out, " %s", options->value);
        size_t used = utf8_count(str_from(out->ptr + from, out->len - from));
        if (used < COLUMN)
            buf_repeat_char(out, ' ', COLUMN - used);
        else {
            buf_append_char(out, '\n');
            buf_repeat_char(out, ' ', COLUMN);
        }
        buf_printf(out, "%s\n", options->help);
    }
}
