#!/usr/bin/env bash
# What the flight recorder costs: the same broker with and without --record, in turn, under 64
# connections with 16 heartbeats in flight on each: heartbeats per second, and the broker's CPU for a
# million of them. The best round of each counts: what disturbs a run only ever makes it worse.
#
#   benchmarks/recorder.sh [BUILD_FOLDER] [ROUNDS]        default: build/release, 7 rounds
#
# Exits 1 if the recorder costs more than 3 % of the throughput.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
rounds=${2:-7}

. "$here/broker.sh"
need_programs "$build" musterd muster-load

field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
measure() { # NAME [MUSTERD_OPTIONS...]
  local name=$1 line
  shift
  start_broker "$build" --shards 1 --threads 1 "$@"
  line=$("$build/muster-load" --json --server "$server" --broker-pid "$broker" heartbeats --connections 64 --in-flight 16)
  field heartbeats_per_second <<<"$line" >>"$scratch/$name.rate"
  field broker_cpu_seconds_per_million <<<"$line" >>"$scratch/$name.cpu"
  stop_broker
}
for ((round = 0; round < rounds; round++)); do
  measure without
  measure with --record "$scratch/flight"
done
most() { sort -n "$1" | tail -1; }
least() { sort -n "$1" | head -1; }
printf '%-28s %12s %12s %7s\n' "best of $rounds rounds" without with cost
awk -v a="$(least "$scratch/without.cpu")" -v b="$(least "$scratch/with.cpu")" \
  'BEGIN { printf "%-28s %12.4f %12.4f %6.1f%%\n", "CPU s per million", a, b, 100 * (b / a - 1) }'
awk -v a="$(most "$scratch/without.rate")" -v b="$(most "$scratch/with.rate")" 'BEGIN {
  cost = 1 - b / a
  printf "%-28s %12.0f %12.0f %6.1f%%%s\n", "heartbeats per second", a, b, 100 * cost, (cost > 0.03 ? "  too much" : "")
  exit (cost > 0.03) }'
