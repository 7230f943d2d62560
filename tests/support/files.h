/* Files that tests read, find and compare with. */
#ifndef MIG_TESTS_SUPPORT_FILES_H
#define MIG_TESTS_SUPPORT_FILES_H

#include "runtime/base/arena.h"
#include "runtime/base/str.h"
#include "runtime/base/vec.h"

struct file_names {
    VEC(struct str) v;
};

/* Reads a whole file into the arena. False when there is none. */
bool files_read(struct arena *arena, const char *path, struct str *bytes);
/* Adds the paths of all files below the folder with this ending, sorted. */
void files_find(struct arena *arena, const char *folder, const char *ending, struct file_names *names);
/* Compares with the file, or writes it when MIG_UPDATE_GOLDEN is set. False (and both are printed):
 * different. */
bool files_match(struct arena *arena, const char *path, struct str actual);

#endif
