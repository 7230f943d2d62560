#!/bin/sh
# Rules of the source tree: check.sh [FOLDER] (the folder that holds the tree; else the one above this script).
#   layout as clang-format 14 gives it; headers that compile alone; and what check.py lists
set -eu
cd "${1:-$(dirname "$0")/../..}"
status=0

code() { find compiler runtime tests -name "$1" | sort; }

format=$(command -v clang-format-14 || command -v clang-format || echo clang-format-14)
case $("$format" --version 2>/dev/null) in
*' version 14.'*)
    unformatted=$({ code '*.c'; code '*.h'; } | xargs "$format" -n 2>&1 | sed -n 's/^\([^ :]*\):.*/\1/p' | sort -u)
    if [ -n "$unformatted" ]; then
        printf '%s: not as clang-format has it\n' $unformatted
        status=1
    fi
    ;;
*)
    echo "clang-format 14 is missing"
    status=1
    ;;
esac

alone=$(mktemp)
trap 'rm -f "$alone"' EXIT
code '*.h' | xargs -P 2 -n 8 sh -c '
    for header; do
        printf "#include \"%s\"\n" "$header" |
            cc -std=gnu17 -D_GNU_SOURCE -I. $(pkg-config --cflags libpq libcjson) -Wall -Wextra -Werror \
                -fsyntax-only -x c - 2>&1 || echo "$header: does not compile alone"
    done' sh >"$alone"
if [ -s "$alone" ]; then
    cat "$alone"
    status=1
fi

python3 tests/style/check.py . || status=1
exit $status
