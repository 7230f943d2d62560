/* Removing what a run has kept of rows, once its time is over. Counts, checksums and events stay. */
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"
#include "runtime/postgres/pg_journal_ledger.h"

#include "runtime/value/uuid.h"

/* r: mig.run, in the query around it */
#define EXPIRED_REJECTS                                                                                      \
    "q.run_id = r.run_id AND q.expires_at <= pg_catalog.now()"                                               \
    " AND (q.raw IS NOT NULL OR q.faults IS NOT NULL OR q.message <> '')"
#define EXPIRED_CROSSWALK "c.run_id = r.run_id AND coalesce(c.expires_at, r.expires_at) <= pg_catalog.now()"
#define EXPIRED_IMAGES    "i.run_id = r.run_id AND r.expires_at <= pg_catalog.now()"

/* Images that went back with a part of their run. A journal of an earlier mig has no table of them. */
static bool has_undone_images(struct pg_connection *connection, bool *there, struct diag_list *diags) {
    struct pg_result *r =
        pg_query(connection, "SELECT pg_catalog.to_regclass('mig.undone_image') IS NOT NULL", NULL, 0, diags);
    if (r) *there = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return r != NULL;
}

static bool count_undone_images(struct pg_connection *connection, struct purge_run *runs, uint32_t count,
                                struct diag_list *diags) {
    static const char SQL[] =
        "SELECT i.run_id, count(*) FROM mig.undone_image i, mig.run r WHERE " EXPIRED_IMAGES " GROUP BY 1";
    bool there = false;
    if (!has_undone_images(connection, &there, diags)) return false;
    struct pg_result *r = there ? pg_query(connection, SQL, NULL, 0, diags) : NULL;
    for (uint32_t i = 0; r && i < pg_result_rows(r); i++)
        for (uint32_t k = 0; k < count; k++) {
            char text[UUID_TEXT_SIZE];
            if (str_eq(journal_uuid_text(runs[k].run_id, text), pg_result_text(r, i, 0)))
                runs[k].images += (uint64_t)pg_result_int(r, i, 1);
        }
    pg_result_free(r);
    return !there || r != NULL;
}

bool purge_look(struct pg_connection *connection, const struct uuid *run_id, struct arena *arena,
                struct purge_run **runs, uint32_t *count, struct diag_list *diags) {
    static const char SQL[] =
        "SELECT r.run_id, r.migration, r.state, coalesce(r.expires_at::text, ''), r.version,"
        " coalesce(r.expires_at <= pg_catalog.now(), false),"
        " (SELECT count(*) FROM mig.quarantine q WHERE " EXPIRED_REJECTS "),"
        " (SELECT count(*) FROM mig.crosswalk c WHERE " EXPIRED_CROSSWALK "),"
        " (SELECT count(*) FROM mig.image i WHERE " EXPIRED_IMAGES ")"
        " FROM mig.run r WHERE $1 = '' OR r.run_id::text = $1 ORDER BY r.started_at, r.run_id";
    char text[UUID_TEXT_SIZE];
    struct str param = run_id ? journal_uuid_text(*run_id, text) : STR("");
    struct pg_result *r = pg_query(connection, SQL, &param, 1, diags);
    *runs = NULL;
    *count = 0;
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *runs = ARENA_ARRAY(arena, struct purge_run, *count + 1);
    for (uint32_t i = 0; i < *count; i++) {
        struct purge_run *p = &(*runs)[i];
        uuid_parse(pg_result_text(r, i, 0), &p->run_id);
        p->migration = arena_copy_str(arena, pg_result_text(r, i, 1));
        p->state = arena_copy_str(arena, pg_result_text(r, i, 2));
        p->expires_at = arena_copy_str(arena, pg_result_text(r, i, 3));
        p->version = pg_result_int(r, i, 4);
        p->expired = pg_result_bool(r, i, 5);
        p->rejects = (uint64_t)pg_result_int(r, i, 6);
        p->crosswalk = (uint64_t)pg_result_int(r, i, 7);
        p->images = (uint64_t)pg_result_int(r, i, 8);
    }
    pg_result_free(r);
    return count_undone_images(connection, *runs, *count, diags);
}

static bool run_for(struct pg_connection *connection, const char *sql, struct str run_text,
                    struct diag_list *diags) {
    struct pg_result *r = pg_query(connection, sql, &run_text, 1, diags);
    pg_result_free(r);
    return r != NULL;
}

static bool remove_rows(struct pg_connection *connection, struct str run_text, struct diag_list *diags) {
    /* The ledger's rows stay, without what they say of the data: they are counted on. */
    static const char *const STATEMENTS[] = {
        "UPDATE mig.quarantine q SET raw = NULL, faults = NULL, message = '', state = 'closed',"
        " resolution = coalesce(q.resolution, 'expired'), closed_at = coalesce(q.closed_at, pg_catalog.now())"
        " FROM mig.run r WHERE r.run_id = $1::uuid AND " EXPIRED_REJECTS,
        "DELETE FROM mig.crosswalk c USING mig.run r WHERE r.run_id = $1::uuid AND " EXPIRED_CROSSWALK,
        "DELETE FROM mig.image i USING mig.run r WHERE r.run_id = $1::uuid AND " EXPIRED_IMAGES,
        "UPDATE mig.run SET purged_at = pg_catalog.now() WHERE run_id = $1::uuid"
        " AND expires_at <= pg_catalog.now() AND purged_at IS NULL",
    };
    for (size_t i = 0; i < sizeof STATEMENTS / sizeof STATEMENTS[0]; i++)
        if (!run_for(connection, STATEMENTS[i], run_text, diags)) return false;
    bool there = false;
    if (!has_undone_images(connection, &there, diags)) return false;
    return !there ||
           run_for(
               connection,
               "DELETE FROM mig.undone_image i USING mig.run r WHERE r.run_id = $1::uuid AND " EXPIRED_IMAGES,
               run_text, diags);
}

bool purge_remove(struct pg_connection *connection, const struct purge_run *run, struct str detail_more,
                  int64_t at, struct diag_list *diags) {
    struct arena arena = {0};
    char text[UUID_TEXT_SIZE];
    const struct journal_run journal = {run->run_id, 0};
    struct str detail = arena_printf(&arena, "{\"rejects\":%llu,\"crosswalk\":%llu,\"images\":%llu%.*s}",
                                     (unsigned long long)run->rejects, (unsigned long long)run->crosswalk,
                                     (unsigned long long)run->images, STR_ARG(detail_more));
    bool good = pg_begin(connection, diags) &&
                remove_rows(connection, journal_uuid_text(run->run_id, text), diags) &&
                journal_append_event(connection, &journal, STR("purged"), STR(""), detail, at, diags) &&
                pg_commit(connection, diags);
    if (!good) pg_rollback(connection);
    arena_release(&arena);
    return good;
}
