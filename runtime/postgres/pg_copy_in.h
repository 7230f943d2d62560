/* Encoded rows into a table of the caller's, without journal: for temporary tables. */
#ifndef MIG_POSTGRES_PG_COPY_IN_H
#define MIG_POSTGRES_PG_COPY_IN_H

#include "runtime/postgres/pg_connection.h"
#include "runtime/postgres/pg_encode.h"

/* Runs `COPY target FROM STDIN` over the rows. target: the table with its columns, quoted. text: as
 * pg_row_encoder_is_text says of their encoder. False with a diagnostic. */
bool pg_copy_in(struct pg_connection *connection, struct str target, bool text,
                const struct encoded_rows *rows, struct diag_list *diags);

#endif
