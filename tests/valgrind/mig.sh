#!/bin/sh
# The program of the environment's MIG under valgrind: an error of memory, or memory that nothing points to any
# more, ends it with 99.
exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite --num-callers=30 "$MIG" "$@"
