/* Parts for `--only`: a map that finds rows of a partitioned map belongs, row by row, to the part of the row
 * it finds. Its PARTITION output is then read from that map's crosswalk, which keeps the part as its last
 * column. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"
#include "compiler/check/expr.h"

struct part_walk {
    struct map_work *work;
    VEC(struct texpr *) finds; /* of partitioned maps, each once */
    uint32_t copied;
};

enum { PART_MAX_NODES = 20000 };

static struct map_work *part_owner(const struct part_walk *walk, uint32_t table) {
    const struct compile *compile = walk->work->compile;
    for (uint32_t i = 0; i < compile->maps.count; i++) {
        struct map_work *other = compile->maps.items[i];
        if (other != walk->work && other->map->table >= 0 && (uint32_t)other->map->table == table)
            return other->partition ? other : NULL;
    }
    return NULL;
}

static bool part_visit(struct texpr *texpr, void *context) {
    struct part_walk *walk = context;
    if (texpr->kind != TX_FIND || part_owner(walk, texpr->index) == NULL) return true;
    for (uint32_t i = 0; i < walk->finds.count; i++)
        if (walk_texpr_equal(walk->finds.items[i], texpr)) return true;
    VEC_PUSH(walk->work->compile->checker.arena, &walk->finds, texpr);
    return true;
}

/* The crosswalk's column with the part, added where it has none yet. */
static uint32_t part_column(struct checker *checker, struct checked_map *map) {
    for (uint32_t i = 0; i < map->columns.count; i++)
        if (map->columns.items[i].target_column == PLAN_COLUMN_PARTITION) return map->columns.items[i].column;
    struct checked_map_column column = {.target_column = PLAN_COLUMN_PARTITION,
                                        .name = STR("(part)"),
                                        .type = {.kind = TYPE_TEXT, .nullable = 1},
                                        .column = map->columns.count};
    VEC_PUSH(checker->arena, &map->columns, column);
    return column.column;
}

/* The part of the row that this search finds; null, and silent, where it finds none: the body reports that.
 */
static struct texpr *part_of(struct part_walk *walk, const struct texpr *find) {
    struct scope *scope = &walk->work->query.body;
    struct map_work *owner = part_owner(walk, find->index);
    struct plan_type text = {.kind = TYPE_TEXT, .nullable = 1};
    struct texpr *row = map_inline_silently(scope, find, &walk->copied, PART_MAX_NODES);
    struct texpr *part = node_new(scope, TX_FETCH, text, find->span);
    node_push(scope, part, row);
    part->imm = part_column(&walk->work->compile->checker, owner->map);
    part->type = text;
    return map_or_null(scope, part, text);
}

static void part_take(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    struct part_walk walk = {.work = work};
    if (work->partition || work->query.grouped || work->map->erroneous) return;
    for (uint32_t i = 0; i < work->lines.count; i++) {
        struct map_line *line = &work->lines.items[i];
        walk_texpr(checker->arena, line->condition, part_visit, &walk);
        if (line->binding) walk_texpr(checker->arena, line->binding->expr, part_visit, &walk);
    }
    if (walk.finds.count == 0) return;
    struct scope *scope = &work->query.body;
    struct texpr *part = NULL;
    for (uint32_t i = 0; i < walk.finds.count; i++) {
        struct texpr *next = part_of(&walk, walk.finds.items[i]);
        if (part) {
            struct texpr *either = node_new(scope, TX_COALESCE, part->type, part->span);
            node_push(scope, either, part);
            node_push(scope, either, next);
            either->type.nullable = 1;
            next = either;
        }
        part = next;
    }
    work->partition = part;
    work->plan.partition = part_owner(&walk, walk.finds.items[0]->index)->plan.partition;
}

void map_take_parts(struct compile *compile) {
    for (uint32_t i = 0; i < compile->maps.count; i++)
        part_take(compile->maps.items[i]);
}
