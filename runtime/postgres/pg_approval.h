/* Approvals: who has agreed that a plan may run in an environment. Each stands in mig.approval and, in the
 * same transaction, in the audit trail.
 *
 * A person is a database role: the server vouches for who logged in (session_user, written by a trigger, not
 * by the client), and each role approves a plan once. Two roles used from one account of one machine count as
 * one person all the same, so that whoever knows two passwords is still one pair of eyes. */
#ifndef MIG_POSTGRES_PG_APPROVAL_H
#define MIG_POSTGRES_PG_APPROVAL_H

#include "runtime/postgres/pg_connection.h"

struct approval {
    uint8_t plan_hash[32];
    struct str environment;
    struct str migration;
    int64_t version;
    struct str role;    /* read: the database role */
    struct str account; /* USER@HOST of the machine that it was typed on */
    struct str alias;   /* the name that the person gave (--as); may be empty */
    struct str note;    /* may be empty */
    struct str at;      /* read: ISO, UTC */
    bool counts;        /* read: it is one of the different people */
};

/* USER@HOST of this process, as approvals and runs note it. */
struct str approval_account(struct arena *arena);

/* Writes the approval and its event; the journal must be there. *again: this role had approved it before, and
 * nothing was written. False with a diagnostic. */
bool approval_write(struct pg_connection *connection, const struct approval *approval, bool *again,
                    struct diag_list *diags);

/* The approvals of one plan (plan_hash not NULL) or of all, of one environment (not empty) or all; oldest
 * first within a plan. An absent journal gives none. False with a diagnostic. */
bool approval_read(struct pg_connection *connection, const uint8_t plan_hash[32], struct str environment,
                   struct arena *arena, struct approval **approvals, uint32_t *count,
                   struct diag_list *diags);
/* How many different people these are. */
uint32_t approval_people(const struct approval *approvals, uint32_t count);

#endif
