/* See generate.h. An expression is made from templates: @x is any expression of the type with the letter x,
 * @@ one of the same type as the whole. */
#include "tests/reference/generate.h"

uint32_t random_below(struct random *random, uint32_t n) {
    /* splitmix64 (Steele, Lea, Flood 2014) */
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

struct template {
    char type;
    const char *text;
};

static const struct template LEAVES[] = {
    {'b', "t.b"},
    {'b', "t.b_n"},
    {'b', "true"},
    {'b', "(1 > 2)"},
    {'i', "t.i"},
    {'i', "t.i_n"},
    {'i', "0"},
    {'i', "1"},
    {'i', "(-1)"},
    {'i', "9223372036854775807"},
    {'i', "7"},
    {'d', "t.d"},
    {'d', "t.d_n"},
    {'d', "0.5"},
    {'d', "(-12.50)"},
    {'d', "99999999999999999999.99"},
    {'f', "t.f"},
    {'f', "t.f_n"},
    {'f', "1.5e0"},
    {'f', "1e308"},
    {'t', "t.s"},
    {'t', "t.s_n"},
    {'t', "t.s"},
    {'t', "'a'"},
    {'t', "''"},
    {'t', "' Äb  c '"},
    {'t', "$region"},
    {'D', "t.da"},
    {'D', "t.da_n"},
    {'D', "date '2024-02-29'"},
    {'T', "t.ti"},
    {'T', "t.ti_n"},
    {'T', "time '13:45'"},
    {'S', "t.ts"},
    {'S', "t.ts_n"},
    {'S', "timestamp '2025-10-05 02:30'"},
    {'Z', "t.tz"},
    {'Z', "t.tz_n"},
    {'Z', "$cutover"},
    {'Z', "$run.started_at"},
    {'I', "t.iv"},
    {'I', "t.iv_n"},
    {'I', "14 days"},
    {'I', "interval '1 month 2 hours'"},
    {'I', "3 hours"},
    {'u', "t.u"},
    {'u', "t.u_n"},
    {'u', "$run.id"},
    {'j', "t.j"},
    {'j', "t.j_n"},
    {'j', "t.j.a"},
    {'j', "t.j['x y'][0]"},
    {'e', "t.e"},
    {'e', "t.e_n"},
    {'a', "t.a"},
    {'a', "t.a_n"},
    {'y', "t.y"},
    {'y', "t.y_n"},
};

static const struct template TEMPLATES[] = {
    {'b', "(@i == @i)"},
    {'b', "(@d < @d)"},
    {'b', "(@t >= @t)"},
    {'b', "(@D != @D)"},
    {'b', "(@f <= @f)"},
    {'b', "(@I > @I)"},
    {'b', "(@u == @u)"},
    {'b', "(@e == 'done')"},
    {'b', "(@e < @e)"},
    {'b', "(@Z < @Z)"},
    {'b', "(@b and @b)"},
    {'b', "(@b or @b)"},
    {'b', "(not @b)"},
    {'b', "(@t is null)"},
    {'b', "(@i is not null)"},
    {'b', "(@t in ('a', 'b', 'wip'))"},
    {'b', "(@i not in (1, 2, 7))"},
    {'b', "(@e in ('todo', 'done'))"},
    {'b', "(@d in (0.5, @i))"},
    {'b', "(@i between @i and @i)"},
    {'b', "(@D not between @D and @D)"},
    {'b', "(@t like 'a%')"},
    {'b', "(@t like @t)"},
    {'b', "(@t matches '^[a-z]+')"},
    {'b', "strict[@t]"},
    {'b', "starts_with(@t, @t)"},
    {'b', "contains(@t, @t)"},
    {'b', "is_blank(@t)"},
    {'b', "bool(@t)"},
    {'b', "contains(@a, @t)"},
    {'b', "(@b == @b)"},
    {'b', "bool(@j)"},
    {'b', "(@y == @y)"},
    {'b', "(if @t is null then @b else length(@t) > 1)"},
    {'i', "(@i + @i)"},
    {'i', "(@i - @i)"},
    {'i', "(@i * @i)"},
    {'i', "(@i % @i)"},
    {'i', "(- @i)"},
    {'i', "div(@i, @i)"},
    {'i', "length(@t)"},
    {'i', "int(@t)"},
    {'i', "int(@d)"},
    {'i', "int(@f)"},
    {'i', "int(@b)"},
    {'i', "sign(@d)"},
    {'i', "abs(@i)"},
    {'i', "(@D - @D)"},
    {'i', "year(@D)"},
    {'i', "weekday(@D)"},
    {'i', "hour(@S)"},
    {'i', "position(@t, @t)"},
    {'i', "nullif(@i, @i)"},
    {'i', "crc32(@t)"},
    {'i', "greatest(@i, @i)"},
    {'i', "length(@a)"},
    {'i', "int(@j)"},
    {'i', "to_epoch(@Z)"},
    {'i', "safe(@t)"},
    {'i', "length(@y)"},
    {'i', "int(@t, '999')"},
    {'d', "(@d + @d)"},
    {'d', "(@d - @i)"},
    {'d', "(@d * @d)"},
    {'d', "(@d / @d)"},
    {'d', "(@i / @i)"},
    {'d', "(@d % @d)"},
    {'d', "(- @d)"},
    {'d', "decimal(@t)"},
    {'d', "decimal(@f)"},
    {'d', "round(@d, 1)"},
    {'d', "round(@d, @i)"},
    {'d', "truncate(@d)"},
    {'d', "ceil(@d)"},
    {'d', "floor(@d)"},
    {'d', "least(@d, @d)"},
    {'d', "rates[@t, @i]"},
    {'d', "decimal(@j)"},
    {'d', "nullif(@d, 0)"},
    {'d', "money(@t)"},
    {'d', "decimal(@t, '999G990D00')"},
    {'f', "(@f + @f)"},
    {'f', "(@f * @f)"},
    {'f', "(@f / @f)"},
    {'f', "(@f - 1)"},
    {'f', "float(@t)"},
    {'f', "float(@i)"},
    {'f', "float(@d)"},
    {'f', "round(@f, 2)"},
    {'f', "abs(@f)"},
    {'f', "(- @f)"},
    {'t', "(@t || @t)"},
    {'t', "lower(@t)"},
    {'t', "upper(@t)"},
    {'t', "trim(@t)"},
    {'t', "squeeze(@t)"},
    {'t', "slug(@t)"},
    {'t', "title(@t)"},
    {'t', "left(@t, @i)"},
    {'t', "right(@t, 2)"},
    {'t', "substr(@t, @i, @i)"},
    {'t', "replace(@t, @t, @t)"},
    {'t', "text(@i)"},
    {'t', "text(@d)"},
    {'t', "text(@D)"},
    {'t', "text(@Z)"},
    {'t', "text(@e)"},
    {'t', "text(@f)"},
    {'t', "text(@u)"},
    {'t', "text(@I)"},
    {'t', "text(@j)"},
    {'t', "json_text(@j)"},
    {'t', "format(@D, 'DD/MM/YYYY')"},
    {'t', "format(@d, '999G990D00')"},
    {'t', "labels[@i]"},
    {'t', "nullif(@t, @t)"},
    {'t', "blank_to_null(@t)"},
    {'t', "regex_replace(@t, 'x$1', '([a-c])')"},
    {'t', "regex_extract(@t, '[0-9]+')"},
    {'t', "split_part(@t, ' ', @i)"},
    {'t', "reverse(@t)"},
    {'t', "unaccent(@t)"},
    {'t', "digits(@t)"},
    {'t', "join(@a, ',')"},
    {'t', "element(@a, @i)"},
    {'t', "sha256(@t)"},
    {'t', "mask(@t, keep last 2)"},
    {'t', "redact(@t)"},
    {'t', "hex(@y)"},
    {'t', "url_encode(@t)"},
    {'t', "url_decode(@t)"},
    {'t', "\"<{@t}|{@i}>\""},
    {'t', "\"{@D} {@e}\""},
    {'t', "tidy(@t)"},
    {'t', "opt(@t)"},
    {'t', "twice(@t)"},
    {'t', "translate(@t, 'abc', 'xy')"},
    {'t', "pad_left(@t, 5, '0')"},
    {'D', "date(@t)"},
    {'D', "date(@t, 'DD/MM/YYYY')"},
    {'D', "(@D + @i)"},
    {'D', "(@D - @i)"},
    {'D', "(@D + 12 months)"},
    {'D', "(@D - @I)"},
    {'D', "date_of(@S)"},
    {'D', "date_at(@Z, 'Australia/Sydney')"},
    {'D', "truncate_to(@D, 'month')"},
    {'D', "month_end(@D)"},
    {'D', "greatest(@D, @D)"},
    {'D', "make_date(@i, @i, 7)"},
    {'T', "time(@t)"},
    {'T', "time_of(@S)"},
    {'S', "timestamp(@t, 'DD/MM/YYYY HH24:MI')"},
    {'S', "timestamp(@t)"},
    {'S', "(@S + @I)"},
    {'S', "(@S - 3 hours)"},
    {'S', "timestamp(@D)"},
    {'S', "timestamp(@D, @T)"},
    {'S', "timestamp_at(@Z, 'Europe/Berlin')"},
    {'S', "truncate_to(@S, 'hour')"},
    {'Z', "at_zone(@S, 'Australia/Sydney')"},
    {'Z', "assume_zone(@S, 'Australia/Sydney')"},
    {'Z', "(@Z + 14 days)"},
    {'Z', "(@Z - @I)"},
    {'Z', "timestamptz(@t)"},
    {'Z', "from_epoch(@i)"},
    {'I', "interval(@t)"},
    {'I', "(@S - @S)"},
    {'I', "(@Z - @Z)"},
    {'I', "(@I * @i)"},
    {'I', "(- @I)"},
    {'I', "(@I + @I)"},
    {'I', "age(@S, @S)"},
    {'I', "age(@D, @D)"},
    {'u', "uuid(@t)"},
    {'u', "uuid5('x', @t, @i)"},
    {'u', "uuid5(@d, @D)"},
    {'j', "json(@t)"},
    {'j', "@j.a"},
    {'j', "@j.a.b"},
    {'j', "@j[@t]"},
    {'j', "@j[@i]"},
    {'j', "to_json(@t)"},
    {'e', "(states[@t] on missing use 'todo')"},
    {'e', "states[@t]"},
    {'e', "(if @b then 'doing' else @e)"},
    {'e', "(if @b then @e else match @t { 'a' => 'todo'; _ => 'done' })"},
    {'e', "(if @b then (if @b then 'todo' else 'done') else @e)"},
    {'a', "split(@t, ' ')"},
    {'a', "[@t, @t]"},
    {'a', "regex_split(@t, '[ ,]')"},
    {'y', "bytes(@t)"},
    {'y', "hmac_sha256($key, @t)"},
};

/* For every type. */
static const char *const COMMON[] = {
    "(if @b then @@ else @@)",
    "(@@ ?? @@)",
    "(@@ ?? @@)",
    "(if @b then @@ else null)",
    "(@@ on error use @@)",
    "(@@ on null use @@)",
    "(@@ on error use null)",
    "(@@ on missing use @@)",
    "(@@ on null warn \"none {@t}\" use @@)",
    "(@@ on error warn \"bad {@i}\" use @@)",
    "(@@ on error use @@ on null use @@)",
    "(@@ on error reject \"no {@t}\")",
    "(@@ on null reject \"null {t.i}\")",
    "(@@ on missing reject)",
    "(@@ on error reject)",
    "(match @t { 'a', 'wip' => @@; when @b => @@; _ => @@ })",
    "(match @e { 'todo' => @@; 'doing', 'done' => @@ } on missing use @@)",
    "(match @b { true => @@; _ => reject \"arm {@i}\" })",
    "(match @i { 1 => @@; 7 => @@ } on missing use @@)",
    "(match @t { 'a' => skip; _ => @@ })",
    "(@@ on null skip)",
    "(match @i { 7 => warn 'seven' use @@; null => @@; _ => @@ })",
};

struct generator {
    struct random *random;
    const char *lines;
    uint32_t line_count;
    struct buf *out;
};

static void generate(struct generator *g, char type, int depth);

static void fill_template(struct generator *g, const char *text, char type, int depth) {
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '@') {
            buf_append_char(g->out, *at);
            continue;
        }
        at++;
        generate(g, *at == '@' ? type : *at, depth - 1);
    }
}

static const char *pick_template(struct random *random, const struct template *list, size_t count,
                                 char type) {
    uint32_t fits = 0;
    for (size_t i = 0; i < count; i++)
        fits += list[i].type == type;
    if (fits == 0) return NULL;
    uint32_t nth = random_below(random, fits);
    for (size_t i = 0; i < count; i++)
        if (list[i].type == type && nth-- == 0) return list[i].text;
    return NULL;
}

static void generate(struct generator *g, char type, int depth) {
    /* A line above, now and then. */
    if (g->line_count > 0 && random_below(g->random, 8) == 0) {
        uint32_t line = random_below(g->random, g->line_count);
        if (g->lines[line] == type) {
            buf_printf(g->out, "x%u", line);
            return;
        }
    }
    bool leaf = depth <= 0 || random_below(g->random, 5) == 0;
    if (!leaf && random_below(g->random, 3) == 0) {
        fill_template(g, COMMON[random_below(g->random, sizeof COMMON / sizeof *COMMON)], type, depth);
        return;
    }
    const char *text =
        leaf ? NULL : pick_template(g->random, TEMPLATES, sizeof TEMPLATES / sizeof *TEMPLATES, type);
    if (text == NULL) text = pick_template(g->random, LEAVES, sizeof LEAVES / sizeof *LEAVES, type);
    fill_template(g, text, type, depth);
}

char generate_expression(struct random *random, const char *lines, uint32_t line_count, struct buf *out) {
    static const char types[] = "biiddfttttDDTSSZIujeay";
    char type = types[random_below(random, sizeof types - 1)];
    struct generator g = {random, lines, line_count, out};
    generate(&g, type, 1 + (int)random_below(random, 4));
    return type;
}

/* ---------------------------------------------------------------- cells */

static const struct {
    char type;
    const char *text;
} CELLS[] = {
    {'b', "true"},
    {'b', "false"},
    {'b', "No"},
    {'b', "1"},
    {'b', "maybe"},
    {'b', ""},
    {'i', "0"},
    {'i', "1"},
    {'i', "-1"},
    {'i', "7"},
    {'i', "42"},
    {'i', "9223372036854775807"},
    {'i', "-9223372036854775808"},
    {'i', "9223372036854775808"},
    {'i', " 1"},
    {'i', "abc"},
    {'i', "2025"},
    {'i', "3"},
    {'d', "0"},
    {'d', "0.00"},
    {'d', "1.50"},
    {'d', "-2.5"},
    {'d', "99999999999999999999999999999999999999"},
    {'d', "0.00000000000000000000000000000000000001"},
    {'d', "1e5"},
    {'d', "NaN"},
    {'d', "x"},
    {'d', "12.345"},
    {'f', "0"},
    {'f', "-0"},
    {'f', "1.5"},
    {'f', "1e308"},
    {'f', "-1e308"},
    {'f', "5e-324"},
    {'f', "inf"},
    {'f', "x"},
    {'f', "3"},
    {'t', "a"},
    {'t', "b"},
    {'t', "wip"},
    {'t', "open"},
    {'t', ""},
    {'t', " trim   me "},
    {'t', "\xc3\x84 \xc3\x9f \xc3\xa9"},
    {'t', "e\xcc\x81"},
    {'t', "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
    {'t', "\xf0\x9f\x98\x80 ok"},
    {'t', "12"},
    {'t', "1.5"},
    {'t', "31/02/2025"},
    {'t', "28/02/2025"},
    {'t', "05/10/2025 02:30"},
    {'t', "2025-02-28"},
    {'t', "{\"a\":1}"},
    {'t', "x\x1fy"},
    {'t', "%_\\"},
    {'t', "abc abc"},
    {'t', "%41%zz"},
    {'t', "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10"},
    {'t', "\xff"},
    {'t', "14 days"},
    {'t', "\xc2\xa0nbsp\xc2\xa0"},
    {'t', "1,234.50"},
    {'D', "2025-02-28"},
    {'D', "2024-02-29"},
    {'D', "0001-01-01"},
    {'D', "9999-12-31"},
    {'D', "2025-02-30"},
    {'D', "x"},
    {'D', "2025-01-31"},
    {'T', "00:00"},
    {'T', "24:00:00"},
    {'T', "13:45:30.5"},
    {'T', "25:00"},
    {'T', "23:59:59.999999"},
    {'S', "2025-10-05 02:30:00"},
    {'S', "2025-04-06 02:30:00"},
    {'S', "2025-06-01 12:00"},
    {'S', "9999-12-31 23:59:59.999999"},
    {'S', "2025-06-01"},
    {'S', "0001-01-01 00:00"},
    {'S', "2025-03-30 02:30:00"},
    {'Z', "2025-10-04T16:30:00Z"},
    {'Z', "2025-04-05 15:30:00+00"},
    {'Z', "2025-06-01 12:00 Australia/Sydney"},
    {'Z', "2025-06-01 12:00"},
    {'Z', "2025-10-05 02:30 Australia/Sydney"},
    {'Z', "0001-01-01 00:00:00+00"},
    {'I', "1 day"},
    {'I', "1 mon"},
    {'I', "-3 days"},
    {'I', "02:00:00"},
    {'I', "100 years"},
    {'I', "x"},
    {'I', "30 days"},
    {'u', "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10"},
    {'u', "00000000-0000-0000-0000-000000000000"},
    {'u', "6f1c"},
    {'j', "{\"a\":{\"b\":[1,2]},\"x y\":[null,1]}"},
    {'j', "[1,\"2\",null]"},
    {'j', "12"},
    {'j', "\"t\\u00e9xt\""},
    {'j', "null"},
    {'j', "{bad"},
    {'j', "true"},
    {'j', "{\"a\":\"x\",\"a\":\"y\"}"},
    {'j', "1.50"},
    {'a', "[\"a\",\"b\"]"},
    {'a', "[]"},
    {'a', "[\"x\",null]"},
    {'a', "[\"wip\",\"\",\"\xc3\xa9\"]"},
    {'a', "nope"},
    {'e', "todo"},
    {'e', "doing"},
    {'e', "done"},
    {'e', "nope"},
    {'e', "todo"},
    {'y', "\\x00ff"},
    {'y', "aGk="},
    {'y', "zz!"},
    {'y', ""},
};

struct ref_cell generate_cell(struct random *random, char type) {
    uint32_t dice = random_below(random, 20);
    if (dice < 2) return (struct ref_cell){.state = ROW_NULL};
    if (dice == 2) return (struct ref_cell){.state = ROW_ERROR, .text = STR("#REF!")};
    uint32_t fits = 0;
    for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++)
        fits += CELLS[i].type == type;
    if (fits == 0) return (struct ref_cell){.state = ROW_NULL};
    uint32_t nth = random_below(random, fits);
    for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++)
        if (CELLS[i].type == type && nth-- == 0)
            return (struct ref_cell){.state = ROW_VALUE, .text = str_cstr(CELLS[i].text)};
    return (struct ref_cell){.state = ROW_NULL};
}
