/* A library of extern functions for the tests. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

bool luhn_ok(const char *digits);
int64_t add(int64_t a, int64_t b);
double half(double x);
const char *greet(const char *name);
const char *broken(const char *name);

bool luhn_ok(const char *digits) {
    int sum = 0;
    size_t n = strlen(digits);
    for (size_t i = 0; i < n; i++) {
        int d = digits[n - 1 - i] - '0';
        if (i % 2 == 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

int64_t add(int64_t a, int64_t b) {
    return a + b;
}

double half(double x) {
    return x / 2;
}

/* NULL for an empty name. */
const char *greet(const char *name) {
    return name[0] == '\0' ? NULL : strcmp(name, "Bo") == 0 ? "Hello Bo" : "Hello";
}

/* Not UTF-8. */
const char *broken(const char *name) {
    (void)name;
    return "\xff";
}
