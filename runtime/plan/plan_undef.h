/* Ends one use of plan.def. No include guard: included after each. */
#undef PLAN_STRUCT
#undef PLAN_END
#undef PLAN_U8
#undef PLAN_U32
#undef PLAN_I64
#undef PLAN_STR
#undef PLAN_U32S
#undef PLAN_LIST
#undef PLAN_SUB
