#!/usr/bin/env bash
# What the registry costs: a heartbeat of an instance beside one of a member, by session handle on the
# native door; durable registrations over 64 connections at both doors; what an instance keeps in memory.
#
#   benchmarks/services.sh [BUILD_FOLDER] [ROUNDS]        default: build/release, 5 rounds
#
# Members and instances take turns, and the best round of each counts: what disturbs a run only ever adds.
# Exits 1 if an instance's heartbeat costs more than 1.1 times a member's, or if fewer than 10,000
# registrations a second become durable.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
rounds=${2:-5}
bound=1.1 least=10000

. "$here/broker.sh"
need_programs "$build" musterd muster-load http_load
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
lower() { awk -v a="$1" -v b="$2" 'BEGIN { print (a == "" || b < a) ? b : a }'; }
beats() {
  "$build/muster-load" --json --server "$server" --broker-pid "$broker" heartbeats --in-flight "$@" |
    field broker_cpu_seconds_per_million
}
resident() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$broker/status"; }

status=0
start_broker "$build" --shards 1 --threads 1
echo "in flight  member cpu/M  instance cpu/M  ratio"
for in_flight in 1 16 256; do
  member='' instance=''
  for ((round = 0; round < rounds; round++)); do
    member=$(lower "$member" "$(beats "$in_flight")")
    instance=$(lower "$instance" "$(beats "$in_flight" --instances)")
  done
  awk -v k="$in_flight" -v m="$member" -v i="$instance" -v most="$bound" 'BEGIN {
    printf "%9d  %12.4f  %14.4f  %5.2f%s\n", k, m, i, i / m, (i / m > most ? "  too much" : "")
    exit (i / m > most) }' || status=1
done
stop_broker

echo
echo "registrations, native door, 64 connections, RocksDB, each durable before its answer"
for in_flight in 1 16; do
  rm -rf "$scratch/data"
  start_broker "$build" --data "$scratch/data" --threads 1
  before=$(resident)
  "$build/muster-load" --server "$server" --broker-pid "$broker" registrations --in-flight "$in_flight" | tee "$scratch/table"
  awk -v least="$least" -v k="$in_flight" 'NR == 2 { exit (k == 1 && $3 < least) }' "$scratch/table" || status=1
  echo "resident memory for each of 100000 instances: $((($(resident) - before) / 100000)) bytes"
  stop_broker
done

echo
echo "the same over HTTP"
echo "what          connections     bytes  broker cpu/M   answers/s     p50 us     p99 us   longest us"
rm -rf "$scratch/data"
start_broker "$build" --data "$scratch/data" --threads 1
"$build/http_load" "${http##*:}" "$broker" register 64 100000
exit $status
