/* Replays files through a fuzz target where the compiler has no fuzzer of its own: each argument is a file or
 * a folder of files. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, unsigned long *replayed) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t size = 0, capacity = 1 << 16;
    uint8_t *data = malloc(capacity);
    while (data) {
        size += fread(data + size, 1, capacity - size, file);
        if (size < capacity) break;
        uint8_t *larger = realloc(data, capacity *= 2);
        if (larger == NULL) free(data);
        data = larger;
    }
    fclose(file);
    if (data == NULL) return 1;
    /* A copy of the exact size, so that a read past the end is seen. */
    uint8_t *exact = malloc(size ? size : 1);
    if (exact) {
        if (size) memcpy(exact, data, size);
        LLVMFuzzerTestOneInput(exact, size);
        ++*replayed;
    }
    free(exact);
    free(data);
    return 0;
}

static int replay(const char *path, unsigned long *replayed) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return replay_file(path, replayed);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        perror(path);
        return 1;
    }
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        failed |= replay(name, replayed);
    }
    closedir(folder);
    return failed;
}

int main(int argc, char **argv) {
    int failed = 0;
    unsigned long replayed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay(argv[i], &replayed);
    printf("%lu inputs replayed\n", replayed);
    return failed || replayed == 0;
}
