#!/usr/bin/env bash
# Private RabbitMQ nodes for tests: loopback only, own epmd, as an ordinary user (root hands over to "rabbitmq").
#   rmq.sh find                             prints the folder of its programs; exit 1 if there is none
#   rmq.sh up BASE EPMDPORT NODE PORT DIST  makes (once) and starts a node; user "lm", password from RMQ_PASSWORD;
#                                           more lines of its configuration from RMQ_CONF, plugins from RMQ_PLUGINS
#   rmq.sh join BASE EPMDPORT NODE OTHER    makes a node that has nothing yet one of OTHER's cluster
#   rmq.sh kill BASE EPMDPORT NODE          kill -9
#   rmq.sh ctl BASE EPMDPORT NODE ARGS...   rabbitmqctl
#   rmq.sh down BASE EPMDPORT               ends all nodes of BASE and its epmd at once
set -euo pipefail
find_sbin() {
    local server
    server=$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server 2>/dev/null | sort -V | tail -n 1)
    [ -n "$server" ] || { echo "RabbitMQ's server is not installed (Debian: rabbitmq-server)" >&2; exit 1; }
    dirname "$server"
}
sbin=$(find_sbin)
[ "$1" = find ] && { echo "$sbin"; exit; }
op=$1 base=$(realpath -m "$2") epmd_port=$3 node=${4:-} d=$base/${4:-} port= dist=
[ "$op" != up ] || port=$5 dist=$6
# Nothing of what the machine's own RabbitMQ is told reaches ours.
environment=(PATH="/usr/sbin:$PATH" HOME="$base/home" LC_ALL=C.UTF-8 ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1
    RABBITMQ_NODENAME="$node@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 ${port:+RABBITMQ_NODE_PORT=$port} ${dist:+RABBITMQ_DIST_PORT=$dist}
    RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$d/rabbitmq" RABBITMQ_ENABLED_PLUGINS_FILE="$d/enabled_plugins"
    RABBITMQ_MNESIA_BASE="$d/mnesia" RABBITMQ_LOG_BASE="$d/log" RABBITMQ_SCHEMA_DIR="$d/schema" RABBITMQ_GENERATED_CONFIG_DIR="$d/gen" RABBITMQ_PID_FILE="$d/pid"
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none")
as() {
    cd /
    if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups env -i "${environment[@]}" "$@"; else exec env -i "${environment[@]}" "$@"; fi
}
ctl() { (as "$sbin/rabbitmqctl" -q -n "$node@localhost" "$@"); }
own() { if [ "$(id -u)" = 0 ]; then chown -R rabbitmq: "$base"; fi; }
make() {
    mkdir -p "$d"/{mnesia,log,schema,gen} "$base/home"
    [ -s "$base/home/.erlang.cookie" ] || (umask 377; od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$base/home/.erlang.cookie")
    printf '%s\n' "listeners.tcp.default = 127.0.0.1:$port" 'log.file.level = warning' 'disk_free_limit.absolute = 100MB' 'cluster_partition_handling = pause_minority' \
        'default_user = lm' "default_pass = $RMQ_PASSWORD" "${RMQ_CONF:-}" >"$d/rabbitmq.conf"
    echo "[${RMQ_PLUGINS:-}]." >"$d/enabled_plugins"
    own
}
begin_epmd() {
    [ ! -e "$base/epmd.pid" ] || return 0
    (as epmd -port "$epmd_port" -address 127.0.0.1 >/dev/null 2>&1 </dev/null) &
    echo $! >"$base/epmd.pid"
    # A node that does not find it would start one of its own, which nobody ends.
    for _ in $(seq 200); do ! (: >/dev/tcp/127.0.0.1/"$epmd_port") 2>/dev/null || break; sleep .05; done
}
case $op in
up)
    [ -s "$d/rabbitmq.conf" ] || make
    begin_epmd
    # One that was killed a moment ago may still hold its port.
    for _ in $(seq 100); do (: >/dev/tcp/127.0.0.1/"$port") 2>/dev/null || break; sleep .1; done
    rm -f "$d/pid"
    (as setsid "$sbin/rabbitmq-server" >"$d/log/console.txt" 2>&1 </dev/null) &
    for _ in $(seq 600); do
        ! (: >/dev/tcp/127.0.0.1/"$port") 2>/dev/null || exit 0
        kill -0 $! 2>/dev/null || break
        sleep .1
    done
    tail -n 20 "$d/log/console.txt" >&2
    exit 1
    ;;
join) ctl stop_app && ctl join_cluster "$5@localhost" && ctl start_app ;;
ctl) ctl "${@:5}" ;;
kill) kill -9 "$(cat "$d/pid")" ;;
down) for pid in "$base"/*/pid "$base/epmd.pid"; do [ ! -s "$pid" ] || kill -9 "$(cat "$pid")" 2>/dev/null || true; done ;;
*) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
