/* What a run shows while it goes on: log lines with timestamps on the console and in a file, and, on a
 * terminal, a progress line with rate and ETA. */
#ifndef MIG_CLI_RUN_LOG_H
#define MIG_CLI_RUN_LOG_H

#include "runtime/engine/run.h"

struct run_log {
    int fd;        /* of the log file, -1: none */
    bool terminal; /* standard error is a terminal: progress is drawn there */
    bool quiet;
    bool failed; /* the file could not be written: said once */
    double map_started, drawn;
    char map[64];
    size_t drawn_width;
};

/* path empty: no file. False when the file cannot be opened (errno). */
bool run_log_open(struct run_log *log, const char *path, bool quiet);
void run_log_close(struct run_log *log);
struct run_observer run_log_observer(struct run_log *log);

#endif
