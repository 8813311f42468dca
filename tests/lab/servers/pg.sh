#!/usr/bin/env bash
# A private PostgreSQL for tests: loopback only, as an ordinary user (root hands over to "postgres").
#   pg.sh find                              prints the folder of its programs; exit 1 if there is none
#   pg.sh up BASE PORT [-c NAME=VALUE ...]  makes (once) and starts it; user "lm", password from PGPASSWORD, log in BASE/data/log.txt
#   pg.sh down BASE [MODE]                  fast (default) or immediate, which is what a crash looks like
set -euo pipefail
find_bin() {
    local initdb
    initdb=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
    [ -n "$initdb" ] || initdb=$(command -v initdb) || { echo "PostgreSQL's server programs are not installed (Debian: postgresql)" >&2; exit 1; }
    dirname "$(readlink -f "$initdb")"
}
bin=$(find_bin)
[ "$1" = find ] && { echo "$bin"; exit; }
op=$1 base=$(realpath -m "$2") port=${3:-}
as() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups env -i PATH="$bin:$PATH" LC_ALL=C.UTF-8 "$@"; else env LC_ALL=C.UTF-8 "$@"; fi
}
case $op in
up)
    mkdir -p "$base"
    if [ "$(id -u)" = 0 ]; then chown postgres: "$base"; fi
    if [ ! -s "$base/data/PG_VERSION" ]; then
        (umask 077; echo "$PGPASSWORD" >"$base/pw")
        if [ "$(id -u)" = 0 ]; then chown postgres: "$base/pw"; fi
        as "$bin/initdb" -D "$base/data" -U lm --auth=scram-sha-256 --pwfile="$base/pw" -E UTF8 --locale=C.UTF-8 >/dev/null
        rm -f "$base/pw"
    fi
    as "$bin/pg_ctl" -D "$base/data" -w -t 60 -l "$base/data/log.txt" start >/dev/null \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c shared_buffers=64MB ${*:4}"
    ;;
down) as "$bin/pg_ctl" -D "$base/data" -m "${3:-fast}" -w stop >/dev/null ;;
*) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
