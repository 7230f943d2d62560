/* A draft of a spec: the steps in their order. */
#include "runtime/infer/model.h"

bool infer_draft(struct arena *arena, const struct infer_request *request, struct infer_result *result,
                 struct diag_list *diags) {
    struct infer_model model;
    const struct schema *schema = NULL;
    *result = (struct infer_result){.text = STR("")};
    if (request->profile_count == 0) {
        struct diag *diag = diag_report(diags, X_NO_HEADER, (struct span){0},
                                        "the files have no columns to draft a spec from");
        diag_help(diags, diag, "`mig profile` says what was found and what was left out.");
        return false;
    }
    if (request->ddl) {
        schema = schema_parse(arena, request->ddl, diags);
        if (schema == NULL || diags->error_count) return false;
    }
    infer_model_init(&model, arena, request, schema);
    infer_choose_sources(&model);
    infer_derive_tables(&model);
    infer_choose_keys(&model);
    infer_relate(&model);
    infer_relate_elements(&model);
    infer_assign(&model);
    infer_relate_partly(&model);
    infer_complete(&model);
    return infer_verify(&model, result, diags);
}
