#!/usr/bin/env bash
# docs/services.md: its commands in their order, its scripts when things change and when the broker is
# killed, and a service that is scaled from 1 to 100 and back under traffic through HAProxy.
#
#   services_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
for program in dig haproxy curl python3 unshare; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program"; exit 77; }
done
. "$(dirname "$0")/own_world.sh"
. "$(dirname "$0")/play.sh"
broker() { start_musterd broker --data "$work/data" --listen 127.0.0.1:7400 --http-listen 127.0.0.1:7401 --dns-listen 127.0.0.1:7402; }
broker
play "$docs/services.md"

# The scripts, when something changes ------------------------------------------------------------------

start follow "$docs/services/follow.sh" web
TTL=3 start second "$docs/services/keep-registered.sh" web 8081 python3 -m http.server --bind 127.0.0.1 --directory "$work" 8081
told() { [[ $(tail -n "$1" "$work/follow.log" | sort | xargs) == "$2" ]]; }
wait_for told 2 "127.0.0.1:8080 127.0.0.1:8081"
end "${pids[broker]}" KILL
broker # it knows them, and they go on
heard() { grep -q "instance_status_changed.*$1.*status=healthy" "$work/broker.log" || curl -sf "localhost:7401/v1/services/web" | grep -q '"sure":true'; }
wait_for heard web
# It ends in order: first nobody is sent there, then it stops.
before=$(wc -l <"$work/follow.log")
kill -TERM "${pids[second]}"
left() { (($(wc -l <"$work/follow.log") > before)) && told 1 127.0.0.1:8080; }
wait_for left
curl -sSf -o /dev/null 127.0.0.1:8081/ 2>"$work/curl.log" || die "it stopped before it was drained"
wait "${pids[second]}" || die "keep-registered.sh ended with $?"
! curl -s -o /dev/null -m 1 127.0.0.1:8081/ || die "its command is still there"
# A broker that has lost everything: they register again.
end "${pids[broker]}" KILL
rm -rf "$work/data"
broker
back() { [[ $("$muster" --server 127.0.0.1:7400 services lookup web 2>/dev/null) == 127.0.0.1:8080 ]]; }
wait_for back
curl -sf -o /dev/null -X PUT "localhost:7401/v1/maintenance/web-$(uname -n)-8080?enable=true"

# 1, 100, 1 ---------------------------------------------------------------------------------------------

haproxy_config() { sed -n '/^```haproxy$/,/^```$/p' "$docs/dns.md" | grep -v '^```'; }
places=$(grep -o 'server-template web [0-9]*' "$docs/services.md")
haproxy_config | sed "s/server-template web [0-9]*/$places/" >"$work/haproxy.cfg"
start haproxy haproxy -db -f "$work/haproxy.cfg"
printf '1\n100\n1\n' >"$work/wanted"
PYTHONPATH=$docs/services timeout 280 python3 -B "$(dirname "$0")/scale.py" 9000 100 8000 <"$work/wanted" >"$work/scale.log" 2>&1 || die "scaling"
grep " answer; " "$work/scale.log"
[[ $(grep -c ' 0 failed' "$work/scale.log") == 3 ]] || die "requests failed"
