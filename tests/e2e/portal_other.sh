#!/bin/sh
# Other files of the portal's shape, made and computed independently, through mig: the result must be exact.
# usage: portal_other.sh PYTHON MIG PORTAL_DIR FACTOR SEED…   (within with_postgres.sh; a database for each seed)
set -eu
here=$(dirname "$0")
python=$1 mig=$2 portal=$3 factor=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$here/portal_oracle.py" "$portal/data" "$work/own"
"$python" - "$work/own" "$portal/expected" <<'PYTHON'
import json, os, sys
ours, theirs = ({n: open(os.path.join(d, n), "rb").read() for n in os.listdir(sys.argv[2])} for d in sys.argv[1:])
a, b = (json.loads(x.pop("counts.json")) for x in (ours, theirs))
sys.exit(0 if ours == theirs and all(a[k] == b[k] for k in b) else "the oracle does not reproduce expected/")
PYTHON
status=0
for seed in "$@"; do
    psql -X -q -c "create database portal_$seed"
    "$python" "$here/portal_generate.py" "$seed" "$factor" "$work/data"
    "$python" "$here/portal_oracle.py" "$work/data" "$work/expected"
    echo "seed $seed, factor $factor"
    MIG_TEST_PG_URL="postgresql://$PGUSER@/portal_$seed?host=$PGHOST" \
        "$python" "$here/portal_check.py" "$mig" "$portal" "$work/data" "$work/expected" || status=1
done
exit $status
