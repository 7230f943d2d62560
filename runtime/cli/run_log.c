/* Log and progress of a run. */
#include "runtime/cli/run_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void clear_progress(struct run_log *log) {
    if (log->drawn_width) fprintf(stderr, "\r%*s\r", (int)log->drawn_width, "");
    log->drawn_width = 0;
}

static void write_file(struct run_log *log, const struct buf *line) {
    for (size_t done = 0; log->fd >= 0 && done < line->len;) {
        ssize_t n = write(log->fd, line->ptr + done, line->len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (!log->failed)
                fprintf(stderr, "mig: warning: the log file cannot be written: %s\n", strerror(errno));
            log->failed = true;
            return;
        }
        done += (size_t)n;
    }
}

static void log_line(void *context, char level, struct str text) {
    struct run_log *log = context;
    struct timespec now;
    struct tm utc;
    struct buf line = {0};
    const char *word = level == 'E' ? "error" : level == 'W' ? "warn " : "info ";
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    buf_printf(&line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s ", utc.tm_year + 1900, utc.tm_mon + 1,
               utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000, word);
    for (size_t i = 0; i < text.len; i++) /* one line each, whatever a message quotes */
        buf_append_char(&line, (unsigned char)text.ptr[i] < 0x20 ? ' ' : text.ptr[i]);
    buf_append_char(&line, '\n');
    write_file(log, &line);
    if (!log->quiet) {
        clear_progress(log);
        fwrite(line.ptr, 1, line.len, stderr);
    }
    buf_release(&line);
}

static void format_left(char *out, size_t size, double left) {
    if (left >= 3600)
        snprintf(out, size, "%.0f:%02.0f h left", left / 3600,
                 (left - 3600 * (double)(long)(left / 3600)) / 60);
    else if (left >= 60)
        snprintf(out, size, "%.0f min left", left / 60);
    else
        snprintf(out, size, "%.0f s left", left);
}

static void draw_progress(void *context, struct str map, uint64_t rows, uint64_t bytes, uint64_t total) {
    struct run_log *log = context;
    double now = seconds_now();
    if (!log->terminal || log->quiet) return;
    size_t keep = map.len < sizeof log->map - 1 ? map.len : sizeof log->map - 1;
    if (strlen(log->map) != keep || memcmp(log->map, map.ptr, keep) != 0) {
        memcpy(log->map, map.ptr, keep);
        log->map[keep] = '\0';
        log->map_started = now;
        log->drawn = 0;
    }
    if (now - log->drawn < 0.1) return;
    log->drawn = now;
    double took = now - log->map_started, rate = took > 0.05 ? (double)rows / took : 0;
    char line[200], left[32] = "";
    double part = total ? (double)bytes / (double)total : 0;
    if (part > 0.01 && took > 1) format_left(left, sizeof left, took * (1 - part) / part);
    int n = total ? snprintf(line, sizeof line, "%s  %3.0f%%  %llu rows  %.0f rows/s  %s", log->map,
                             part * 100, (unsigned long long)rows, rate, left)
                  : snprintf(line, sizeof line, "%s  %llu rows  %.0f rows/s", log->map,
                             (unsigned long long)rows, rate);
    fprintf(stderr, "\r%-*s", (int)log->drawn_width, line);
    fflush(stderr);
    if ((size_t)n > log->drawn_width) log->drawn_width = (size_t)n;
}

bool run_log_open(struct run_log *log, const char *path, bool quiet) {
    *log = (struct run_log){.fd = -1, .quiet = quiet, .terminal = isatty(STDERR_FILENO)};
    if (path[0] == '\0') return true;
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return log->fd >= 0;
}

void run_log_close(struct run_log *log) {
    clear_progress(log);
    if (log->fd >= 0 && (fsync(log->fd), close(log->fd)) != 0)
        fprintf(stderr, "mig: warning: the log file may be incomplete: %s\n", strerror(errno));
    log->fd = -1;
}

struct run_observer run_log_observer(struct run_log *log) {
    return (struct run_observer){.context = log, .log = log_line, .progress = draw_progress};
}
