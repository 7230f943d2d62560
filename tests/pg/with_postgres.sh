#!/bin/sh
# Runs a command against a throw-away PostgreSQL server: with_postgres.sh COMMAND [ARGUMENT…]
#
# The server listens on a Unix socket in a temporary folder only, trusts everybody, and does not care for
# durability. The command finds it in MIG_TEST_PG_URL (and in PGHOST, PGUSER, PGDATABASE for psql and its kind).
# The server and its folder are gone when the command has ended, however it ended; its exit status is ours.
# PostgreSQL refuses to run as root: then the server, not the command, runs as `postgres`, or else as `nobody`.
set -eu

if [ $# -eq 0 ]; then
    echo "usage: $0 COMMAND [ARGUMENT...]" >&2
    exit 2
fi

bin=${MIG_TEST_PG_BIN:-}
if [ -z "$bin" ]; then
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n -r) \
        $(pg_config --bindir 2>/dev/null || true); do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            bin=$folder
            break
        fi
    done
fi
if [ -z "$bin" ]; then
    echo "with_postgres.sh: no PostgreSQL server found; install the package postgresql" >&2
    exit 77
fi

dir=$(mktemp -d /tmp/mig-pg.XXXXXX)
as_server=''
if [ "$(id -u)" -eq 0 ]; then
    if id postgres >/dev/null 2>&1; then user=postgres; else user=nobody; fi
    chown "$user" "$dir"
    as_server="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
fi
chmod 755 "$dir"

stop() {
    status=$?
    trap - EXIT
    trap '' HUP INT TERM
    if [ -f "$dir/data/postmaster.pid" ]; then
        (cd "$dir" && $as_server "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1) || true
    fi
    rm -rf "$dir"
    exit "$status"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

(
    cd "$dir"
    export HOME="$dir"
    $as_server "$bin/initdb" -D "$dir/data" -U tester -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$dir/init.log" 2>&1 ||
        { cat "$dir/init.log" >&2; exit 1; }
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
unix_socket_permissions = 0777
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 40
shared_buffers = 64MB
max_wal_size = 512MB
autovacuum = off
log_min_messages = warning
CONF
    # The server must not hold our caller's pipes open, hence the redirections.
    $as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 start >"$dir/start.log" 2>&1 </dev/null ||
        { cat "$dir/start.log" "$dir/data/server.log" >&2; exit 1; }
)

export PGHOST="$dir" PGUSER=tester PGDATABASE=postgres
export MIG_TEST_PG_URL="postgresql://tester@/postgres?host=$dir"
status=0
"$@" || status=$?
exit "$status"
