/* Images: rows as they are, kept in the journal (mig.image, mig.conflict) so that they can be put back. An
 * image is a JSON object with each column's text form, as COPY writes it: that is exact for every type.
 * Columns of json and jsonb stand in it as they are, and are left out when they are null, which their own
 * null is not. So json_populate_record reads an image, too. */
#ifndef MIG_POSTGRES_PG_IMAGE_H
#define MIG_POSTGRES_PG_IMAGE_H

#include "runtime/postgres/pg_connection.h"

struct pg_live_column {
    struct str name;
    struct str type; /* as a cast names it, without length and precision */
    bool json;       /* json or jsonb, or a domain over one */
    bool generated;
    bool identity_always; /* UPDATE cannot set it */
};

/* The columns of a table as it is now, in their order; none: there is no such table. False with a diagnostic.
 */
bool pg_live_columns_read(struct pg_connection *connection, struct arena *arena, struct str schema,
                          struct str table, struct pg_live_column **columns, uint32_t *count,
                          struct diag_list *diags);

/* Appends an expression of type json: the image of the row that `alias` names. */
void pg_append_image(struct buf *sql, const char *alias, const struct pg_live_column *columns,
                     uint32_t count);
/* Appends an expression of type text: the column's text in an image (an expression of type json), and the
 * same of a row; null where it is null. */
void pg_append_image_text(struct buf *sql, const char *image, const struct pg_live_column *column);
void pg_append_column_text(struct buf *sql, const char *alias, const struct pg_live_column *column);
/* Appends an expression of the column's type: its value in an image. */
void pg_append_image_value(struct buf *sql, const char *image, const struct pg_live_column *column);

#endif
