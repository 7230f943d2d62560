/* Texts of faults. */
#include "runtime/base/fault.h"

static const struct {
    const char *id, *title;
} FAULTS[] = {
    {"", ""},
#define FAULT(symbol, id, title) {id, title},
#include "runtime/base/faults.def"
#undef FAULT
};

const char *fault_id(enum fault fault) {
    return FAULTS[fault].id;
}
const char *fault_title(enum fault fault) {
    return FAULTS[fault].title;
}
