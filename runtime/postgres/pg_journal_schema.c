/* Schema mig: its DDL, creating and checking it, and the lock that keeps two runs apart. */
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal.h"

#include <time.h>

/* Keys of advisory locks; a session's lock on RUN_LOCK means that a run is under way, SCHEMA_LOCK guards the
 * DDL. */
#define LOCK_CLASS  "1835624239" /* "mig/" */
#define RUN_LOCK    "1"
#define SCHEMA_LOCK "2"

enum { POLL_MS = 100, SCHEMA_LOCK_MS = 30000 };

static const char SCHEMA_DDL[] =
    "CREATE SCHEMA mig;"
    "COMMENT ON SCHEMA mig IS 'journal of mig: what each run wrote; needed for resume, verify and rollback'";

static const char JOURNAL_DDL[] =
    "CREATE TABLE mig.schema_version ("
    " version integer PRIMARY KEY,"
    " applied_at timestamptz NOT NULL DEFAULT pg_catalog.now());"
    "CREATE TABLE mig.run ("
    " run_id uuid PRIMARY KEY,"
    " fence bigint NOT NULL DEFAULT 1,"
    " state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped', 'rolling back', 'rolled "
    "back')),"
    " migration text NOT NULL,"
    " version bigint NOT NULL,"
    " environment text NOT NULL,"
    " phase text NOT NULL,"
    " only_part text NOT NULL,"
    " plan_hash bytea NOT NULL,"
    " plan bytea,"
    " spec_hash bytea,"
    " schema_hash bytea,"
    " params json NOT NULL,"
    " options json NOT NULL,"
    " mig_version text NOT NULL,"
    " who text NOT NULL,"
    " host text NOT NULL,"
    " role text NOT NULL DEFAULT current_user,"
    " started_at timestamptz NOT NULL,"
    " finished_at timestamptz,"
    " exit_code integer,"
    " summary json,"
    " expires_at timestamptz,"
    " purged_at timestamptz);"
    "CREATE TABLE mig.run_source ("
    " run_id uuid NOT NULL REFERENCES mig.run,"
    " seq integer NOT NULL,"
    " source text NOT NULL,"
    " file text NOT NULL,"
    " bytes bigint NOT NULL,"
    " sha256 bytea,"
    " PRIMARY KEY (run_id, seq));"
    "CREATE TABLE mig.step ("
    " run_id uuid NOT NULL REFERENCES mig.run,"
    " map text NOT NULL,"
    " state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped', 'rolled back')),"
    " target_schema text NOT NULL,"
    " target_table text NOT NULL,"
    " target_oid oid,"
    " target_filenode oid,"
    " identity text NOT NULL CHECK (identity IN ('xmin', 'content', 'none')),"
    " rows_in bigint, written bigint, updated bigint, unchanged bigint, skipped bigint, rejected bigint,"
    " warned bigint,"
    " started_at timestamptz NOT NULL,"
    " finished_at timestamptz,"
    " PRIMARY KEY (run_id, map));"
    "CREATE TABLE mig.batch ("
    " run_id uuid NOT NULL,"
    " map text NOT NULL,"
    " ordinal bigint NOT NULL,"
    " origin text NOT NULL CHECK (origin IN ('source', 'retry')),"
    " fence bigint NOT NULL,"
    " first_row bigint NOT NULL,"
    " end_row bigint NOT NULL,"
    " first_place text NOT NULL,"
    " last_place text NOT NULL,"
    " end_offset bigint NOT NULL,"
    " rows_in bigint NOT NULL, written bigint NOT NULL, updated bigint NOT NULL, unchanged bigint NOT NULL,"
    " skipped bigint NOT NULL, rejected bigint NOT NULL, warned bigint NOT NULL,"
    " sent bigint NOT NULL, sent_sum bytea NOT NULL,"
    " row_sum bytea NOT NULL, key_sum bytea NOT NULL,"
    " update_row_sum bytea NOT NULL, update_key_sum bytea NOT NULL,"
    " xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),"
    " written_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
    " PRIMARY KEY (run_id, map, ordinal),"
    " FOREIGN KEY (run_id, map) REFERENCES mig.step);"
    "CREATE INDEX batch_xid ON mig.batch (xid);"
    "CREATE TABLE mig.image ("
    " run_id uuid NOT NULL,"
    " map text NOT NULL,"
    " ordinal bigint NOT NULL,"
    " seq bigint NOT NULL,"
    " operation text NOT NULL CHECK (operation IN ('update', 'delete')),"
    " old_xmin xid NOT NULL,"
    " old_row json NOT NULL," /* images, see pg_image.h: before the change, */
    " new_row json,"          /* and after it */
    " PRIMARY KEY (run_id, map, ordinal, seq));"
    "CREATE TABLE mig.event ("
    " id bigint PRIMARY KEY,"
    " run_id uuid,"
    " at timestamptz NOT NULL,"
    " kind text NOT NULL,"
    " map text NOT NULL,"
    " detail json NOT NULL,"
    " previous bytea NOT NULL,"
    " hash bytea NOT NULL);"
    "CREATE FUNCTION mig.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN RAISE EXCEPTION 'the audit trail takes no changes'; END $$;"
    "CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mig.event"
    " FOR EACH STATEMENT EXECUTE FUNCTION mig.refuse_change();"
    "CREATE TABLE mig.crosswalk ("
    " run_id uuid NOT NULL REFERENCES mig.run,"
    " map text NOT NULL,"
    " key bytea NOT NULL,"
    " columns json NOT NULL,"
    " batch bigint NOT NULL,"
    " seq bigint NOT NULL,"
    " expires_at timestamptz,"
    " PRIMARY KEY (run_id, map, seq));"
    "CREATE INDEX crosswalk_key ON mig.crosswalk (map, key);"
    "CREATE TABLE mig.quarantine ("
    " run_id uuid NOT NULL REFERENCES mig.run,"
    " map text NOT NULL,"
    " batch bigint NOT NULL,"
    " seq bigint GENERATED ALWAYS AS IDENTITY,"
    " row_ordinal bigint NOT NULL,"
    " nth integer NOT NULL,"
    " by_server boolean NOT NULL,"
    " file text NOT NULL,"
    " line bigint,"
    " row_number bigint,"
    " fault text NOT NULL,"
    " message text NOT NULL,"
    " faults json,"
    " raw bytea,"
    " state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),"
    " resolution text,"
    " closed_at timestamptz,"
    " expires_at timestamptz,"
    " PRIMARY KEY (run_id, map, batch, seq));"
    "INSERT INTO mig.schema_version (version) VALUES (3);";

_Static_assert(JOURNAL_SCHEMA_VERSION == 3, "the DDL above writes this version");

/* What rollbacks leave. */
static const char UNDO_DDL[] =
    "CREATE TABLE mig.undo ("
    " run_id uuid NOT NULL,"
    " map text NOT NULL,"
    " ordinal bigint NOT NULL," /* of the batch that was undone; -1: the map's SQL; below: sweeps */
    " fence bigint NOT NULL,"
    " deleted bigint NOT NULL,"  /* rows that the run had inserted */
    " restored bigint NOT NULL," /* rows that it had updated, put back as they were */
    " overwritten bigint NOT NULL, merged bigint NOT NULL," /* in spite of later changes */
    " xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),"
    " at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
    " PRIMARY KEY (run_id, map, ordinal),"
    " FOREIGN KEY (run_id, map) REFERENCES mig.step);"
    "CREATE TABLE mig.conflict ("
    " run_id uuid NOT NULL,"
    " map text NOT NULL,"
    " seq bigint GENERATED ALWAYS AS IDENTITY,"
    " outcome text NOT NULL CHECK (outcome IN ('kept', 'overwritten', 'merged')),"
    " reason text NOT NULL,"
    " key json NOT NULL,"
    " user_row json," /* overwritten, merged: as others had left it; null: deleted */
    " at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
    " PRIMARY KEY (run_id, map, seq),"
    " FOREIGN KEY (run_id, map) REFERENCES mig.step);"
    "CREATE TABLE mig.same_row ("
    " relation oid NOT NULL,"
    " key text NOT NULL,"
    " xid bigint NOT NULL,"     /* the version that a rollback gave the row when it put it back (32 bits) */
    " stands_for xid NOT NULL," /* who had written it so */
    " PRIMARY KEY (relation, key, xid));";

/* Approvals and dropped objects: made where they are missing, in a journal of an earlier mig, too. The
 * triggers write who and when themselves: a client cannot speak for another role. */
static const char GUARD_DDL[] =
    "CREATE TABLE mig.approval ("
    " plan_hash bytea NOT NULL,"
    " environment text NOT NULL,"
    " migration text NOT NULL,"
    " version bigint NOT NULL,"
    " role text NOT NULL,"
    " account text NOT NULL,"
    " alias text NOT NULL,"
    " note text NOT NULL,"
    " at timestamptz NOT NULL,"
    " PRIMARY KEY (plan_hash, environment, role));"
    "CREATE FUNCTION mig.vouch() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN NEW.role := session_user; NEW.at := pg_catalog.clock_timestamp(); RETURN NEW; END $$;"
    "CREATE TRIGGER approval_is_the_sessions BEFORE INSERT ON mig.approval"
    " FOR EACH ROW EXECUTE FUNCTION mig.vouch();"
    "CREATE TRIGGER approval_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mig.approval"
    " FOR EACH STATEMENT EXECUTE FUNCTION mig.refuse_change();"
    "CREATE TABLE mig.toggled ("
    " run_id uuid NOT NULL REFERENCES mig.run,"
    " seq integer NOT NULL,"
    " target_schema text NOT NULL,"
    " target_table text NOT NULL,"
    " kind text NOT NULL CHECK (kind IN ('index', 'foreign key')),"
    " name text NOT NULL,"
    " drop_ddl text NOT NULL,"
    " ddl text NOT NULL,"
    " after_ddl text NOT NULL,"
    " state text NOT NULL DEFAULT 'dropped' CHECK (state IN ('dropped', 'restored')),"
    " restored_at timestamptz,"
    " PRIMARY KEY (run_id, seq));";

/* Parts of runs that were rolled back by themselves: made where they are missing, too. */
static const char PART_DDL[] =
    "CREATE TABLE mig.part_undo ("
    " run_id uuid NOT NULL REFERENCES mig.run,"
    " part text NOT NULL,"
    " value text NOT NULL,"
    " state text NOT NULL CHECK (state IN ('rolling back', 'rolled back')),"
    " started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
    " finished_at timestamptz,"
    " PRIMARY KEY (run_id, part, value));"
    "CREATE TABLE mig.part_undo_batch ("
    " run_id uuid NOT NULL,"
    " map text NOT NULL,"
    " ordinal bigint NOT NULL,"
    " part text NOT NULL,"
    " value text NOT NULL,"
    " fence bigint NOT NULL,"
    " deleted bigint NOT NULL, restored bigint NOT NULL, overwritten bigint NOT NULL, merged bigint NOT NULL,"
    " settled bigint NOT NULL,"   /* of the batch's rows: undone, or found gone or changed */
    " rows_left bigint NOT NULL," /* that could not go with it */
    " xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),"
    " at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
    " PRIMARY KEY (run_id, map, ordinal, part, value),"
    " FOREIGN KEY (run_id, map) REFERENCES mig.step,"
    " FOREIGN KEY (run_id, part, value) REFERENCES mig.part_undo);"
    "CREATE TABLE mig.undone_image (" /* rows of mig.image that went back with their part */
    " run_id uuid NOT NULL,"
    " map text NOT NULL,"
    " ordinal bigint NOT NULL,"
    " seq bigint NOT NULL,"
    " operation text NOT NULL,"
    " old_xmin xid NOT NULL,"
    " old_row json NOT NULL,"
    " new_row json,"
    " part text NOT NULL,"
    " value text NOT NULL,"
    " PRIMARY KEY (run_id, map, ordinal, seq));";

static void sleep_ms(int32_t ms) {
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&ts, NULL);
}

/* -- what is there */

struct journal_look {
    bool schema, usage, create_in_schema, create_in_database, table, other_tables;
    int64_t version; /* 0: not read */
    struct str role, database;
};

static bool look(struct pg_connection *connection, struct arena *arena, struct journal_look *look_at,
                 struct diag_list *diags) {
    static const char SQL[] =
        "SELECT n.oid IS NOT NULL, coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false),"
        " coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false),"
        " pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),"
        " EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = "
        "'schema_version'),"
        " EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname <> "
        "'schema_version'),"
        " pg_catalog.quote_ident(current_user), pg_catalog.quote_ident(pg_catalog.current_database())"
        " FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'mig'";
    struct pg_result *r = pg_query(connection, SQL, NULL, 0, diags);
    if (r == NULL) return false;
    *look_at = (struct journal_look){
        .schema = pg_result_bool(r, 0, 0),
        .usage = pg_result_bool(r, 0, 1),
        .create_in_schema = pg_result_bool(r, 0, 2),
        .create_in_database = pg_result_bool(r, 0, 3),
        .table = pg_result_bool(r, 0, 4),
        .other_tables = pg_result_bool(r, 0, 5),
        .role = arena_copy_str(arena, pg_result_text(r, 0, 6)),
        .database = arena_copy_str(arena, pg_result_text(r, 0, 7)),
    };
    pg_result_free(r);
    if (!look_at->table || !look_at->usage) return true;
    static const char VERSION[] = "SELECT max(version) FROM mig.schema_version";
    r = pg_query(connection, VERSION, NULL, 0, NULL);
    if (r) look_at->version = pg_result_int(r, 0, 0);
    pg_result_free(r);
    return r != NULL || pg_last_failure(connection)->kind == PG_PERMISSION;
}

static bool report_no_access(const struct journal_look *l, struct diag_list *diags) {
    struct diag *d = diag_report(diags, X_PG_PERMISSION, pg_no_span(),
                                 "role %.*s may not use the journal (schema mig)", STR_ARG(l->role));
    diag_help(diags, d,
              "As its owner: GRANT USAGE ON SCHEMA mig TO %.*s; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL "
              "TABLES IN SCHEMA mig TO %.*s;",
              STR_ARG(l->role), STR_ARG(l->role));
    return false;
}

static bool report_no_create(const struct journal_look *l, struct diag_list *diags) {
    struct diag *d = diag_report(diags, X_PG_PERMISSION, pg_no_span(),
                                 "role %.*s may not create the journal (schema mig)", STR_ARG(l->role));
    if (l->schema)
        diag_help(diags, d, "As an administrator: GRANT USAGE, CREATE ON SCHEMA mig TO %.*s;",
                  STR_ARG(l->role));
    else
        diag_help(diags, d,
                  "As an administrator: GRANT CREATE ON DATABASE %.*s TO %.*s; or: CREATE SCHEMA mig "
                  "AUTHORIZATION %.*s;",
                  STR_ARG(l->database), STR_ARG(l->role), STR_ARG(l->role));
    return false;
}

static bool report_version(int64_t version, struct diag_list *diags) {
    struct diag *d = diag_report(diags, X_PG_JOURNAL, pg_no_span(),
                                 "the journal in schema mig is of version %lld; this "
                                 "mig knows version %d",
                                 (long long)version, JOURNAL_SCHEMA_VERSION);
    diag_help(diags, d, "Use the mig that wrote it, or a newer one.");
    return false;
}

static bool check_version(struct pg_connection *connection, const struct journal_look *l,
                          struct diag_list *diags) {
    (void)connection;
    if (!l->usage || l->version == 0) return report_no_access(l, diags);
    return l->version == JOURNAL_SCHEMA_VERSION || report_version(l->version, diags);
}

/* The rights that a run needs on the tables. */
static bool check_rights(struct pg_connection *connection, const struct journal_look *l,
                         struct diag_list *diags) {
    static const char SQL[] =
        "SELECT bool_and(pg_catalog.has_table_privilege(c.oid, 'SELECT')"
        " AND pg_catalog.has_table_privilege(c.oid, 'INSERT')"
        " AND (c.relname NOT IN ('run', 'step', 'toggled') OR pg_catalog.has_table_privilege(c.oid, "
        "'UPDATE')))"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'mig' AND c.relkind = 'r' AND c.relname <> 'schema_version'";
    struct pg_result *r = pg_query(connection, SQL, NULL, 0, diags);
    if (r == NULL) return false;
    bool ok = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return ok || report_no_access(l, diags);
}

enum journal_presence journal_find(struct pg_connection *connection, struct diag_list *diags) {
    struct arena arena = {0};
    struct journal_look l;
    enum journal_presence presence = JOURNAL_UNUSABLE;
    if (look(connection, &arena, &l, diags)) {
        if (!l.table)
            presence = JOURNAL_ABSENT;
        else if (check_version(connection, &l, diags))
            presence = JOURNAL_PRESENT;
    }
    arena_release(&arena);
    return presence;
}

/* -- creating it */

static bool begin_locked(struct pg_connection *connection, struct diag_list *diags) {
    for (int32_t waited = 0;; waited += POLL_MS) {
        if (!pg_begin(connection, diags)) return false;
        struct pg_result *r = pg_query(
            connection, "SELECT pg_catalog.pg_try_advisory_xact_lock(" LOCK_CLASS ", " SCHEMA_LOCK ")", NULL,
            0, diags);
        bool locked = r && pg_result_bool(r, 0, 0);
        pg_result_free(r);
        if (locked) return true;
        pg_rollback(connection);
        if (r == NULL) return false;
        if (waited >= SCHEMA_LOCK_MS) {
            struct diag *d = diag_report(diags, X_PG_LOCKED, pg_no_span(),
                                         "another session has been creating schema mig for %d seconds",
                                         SCHEMA_LOCK_MS / 1000);
            diag_help(diags, d, "Look for it in pg_stat_activity, then try again.");
            return false;
        }
        sleep_ms(POLL_MS);
    }
}

/* Tables that a journal of an earlier mig lacks. sign: one of them. */
static bool add_tables(struct pg_connection *connection, const struct journal_look *l, const char *sign,
                       const char *ddl, struct diag_list *diags) {
    struct str param = str_cstr(sign);
    struct pg_result *r =
        pg_query(connection,
                 "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid ="
                 " c.relnamespace WHERE n.nspname = 'mig' AND c.relname = $1)",
                 &param, 1, diags);
    if (r == NULL) return false;
    bool there = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    if (there) return true;
    if (!l->create_in_schema) return report_no_create(l, diags);
    if (pg_exec(connection, ddl, NULL)) return true;
    pg_report_failure(connection, diags, "add tables to the journal (schema mig)");
    return false;
}

static bool create_or_check(struct pg_connection *connection, struct arena *arena, struct diag_list *diags) {
    struct journal_look l;
    if (!look(connection, arena, &l, diags)) return false;
    if (l.table)
        return check_version(connection, &l, diags) &&
               add_tables(connection, &l, "approval", GUARD_DDL, diags) &&
               add_tables(connection, &l, "part_undo", PART_DDL, diags) &&
               check_rights(connection, &l, diags);
    if (l.schema && l.other_tables) {
        struct diag *d =
            diag_report(diags, X_PG_JOURNAL, pg_no_span(), "schema mig exists, but is not a journal of mig");
        diag_help(diags, d, "mig keeps its journal there: rename the other schema.");
        return false;
    }
    if (l.schema ? !(l.usage && l.create_in_schema) : !l.create_in_database)
        return report_no_create(&l, diags);
    if ((!l.schema && !pg_exec(connection, SCHEMA_DDL, NULL)) || !pg_exec(connection, JOURNAL_DDL, NULL) ||
        !pg_exec(connection, UNDO_DDL, NULL) || !pg_exec(connection, GUARD_DDL, NULL) ||
        !pg_exec(connection, PART_DDL, NULL)) {
        pg_report_failure(connection, diags, "create the journal (schema mig)");
        return false;
    }
    return true;
}

bool journal_prepare(struct pg_connection *connection, struct diag_list *diags) {
    struct arena arena = {0};
    bool ok = begin_locked(connection, diags);
    if (ok) {
        ok = create_or_check(connection, &arena, diags);
        if (ok) ok = pg_commit(connection, diags);
        if (!ok) pg_rollback(connection);
    }
    arena_release(&arena);
    return ok;
}

/* -- the run lock */

static void report_locked(struct pg_connection *connection, struct diag_list *diags) {
    static const char SQL[] =
        "SELECT l.pid, coalesce(a.application_name, ''), coalesce(a.usename::text, ''),"
        " coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI'), '')"
        " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.classid = " LOCK_CLASS " AND l.objid = " RUN_LOCK
        " AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = "
        "pg_catalog.current_database())"
        " AND l.granted";
    struct pg_result *r = pg_query(connection, SQL, NULL, 0, NULL);
    struct diag *d;
    if (r && pg_result_rows(r) > 0)
        d = diag_report(
            diags, X_PG_LOCKED, pg_no_span(),
            "another mig works on this target: server process %.*s (`%.*s`, role %.*s, since %.*s UTC)",
            STR_ARG(pg_result_text(r, 0, 0)), STR_ARG(pg_result_text(r, 0, 1)),
            STR_ARG(pg_result_text(r, 0, 2)), STR_ARG(pg_result_text(r, 0, 3)));
    else
        d = diag_report(diags, X_PG_LOCKED, pg_no_span(), "another mig worked on this target a moment ago");
    diag_help(diags, d, "Wait until it has ended; `mig status` shows what it does.");
    pg_result_free(r);
}

bool journal_lock(struct pg_connection *connection, int32_t timeout_ms, struct diag_list *diags) {
    for (int32_t waited = 0;; waited += POLL_MS) {
        struct pg_result *r =
            pg_query(connection, "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_CLASS ", " RUN_LOCK ")", NULL,
                     0, diags);
        if (r == NULL) return false;
        bool locked = pg_result_bool(r, 0, 0);
        pg_result_free(r);
        if (locked) return true;
        if (waited >= timeout_ms) {
            report_locked(connection, diags);
            return false;
        }
        sleep_ms(POLL_MS);
    }
}

void journal_unlock(struct pg_connection *connection) {
    pg_exec(connection, "SELECT pg_catalog.pg_advisory_unlock(" LOCK_CLASS ", " RUN_LOCK ")", NULL);
}

bool journal_is_locked(struct pg_connection *connection) {
    static const char SQL[] = "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory'"
                              " AND classid = " LOCK_CLASS " AND objid = " RUN_LOCK
                              " AND database = (SELECT oid FROM pg_catalog.pg_database"
                              " WHERE datname = pg_catalog.current_database()) AND granted)";
    struct pg_result *r = pg_query(connection, SQL, NULL, 0, NULL);
    bool locked = r && pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return locked;
}

bool journal_lock_is_held(struct pg_connection *connection) {
    static const char SQL[] = "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory'"
                              " AND classid = " LOCK_CLASS " AND objid = " RUN_LOCK
                              " AND pid = pg_catalog.pg_backend_pid() AND granted)";
    struct pg_result *r = pg_query(connection, SQL, NULL, 0, NULL);
    bool held = r && pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return held;
}
