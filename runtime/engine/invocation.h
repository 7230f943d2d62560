/* How a run was started, for those who come back to it (resume, verify, rollback, retry): kept in the
 * journal and beside the run's report, WORK_DIR/RUN_ID/invocation.json with plan.migc. Neither holds secrets,
 * nor a URL: that may have a password in it. */
#ifndef MIG_ENGINE_INVOCATION_H
#define MIG_ENGINE_INVOCATION_H

#include "runtime/engine/run.h"

struct invocation {
    struct str environment, phase;
    struct str data_dir;    /* absolute: where relative source paths start */
    struct str work_dir;    /* absolute */
    struct str sandbox_dir; /* absolute; empty: not the sandbox */
    bool url_given;         /* the target came as --target, so it has to be given again */
    bool allow_extern;
    const struct run_param *only;
    uint32_t only_count;
};

void invocation_of(const struct run_options *options, struct arena *arena, struct invocation *out);
void invocation_write(const struct invocation *invocation, struct buf *json);
/* False with a diagnostic: the JSON is not one. Texts live in the arena. */
bool invocation_read(struct str json, struct arena *arena, struct invocation *out, struct diag_list *diags);

/* Makes WORK_DIR/RUN_ID with plan.migc and invocation.json (mode 0600) and points WORK_DIR/latest to it.
 * False with a diagnostic. */
bool invocation_save(const struct plan *plan, const struct run_options *options, const char *run_id,
                     struct arena *arena, struct diag_list *diags);
/* Points WORK_DIR/NAME (`latest`) to the run's folder, in one step: whoever looks always finds a run. False
 * with errno. */
bool invocation_point(struct str work_dir, const char *name, const char *run_id);

#endif
