#!/usr/bin/env bash
# What the mirror costs. First how fast a full outbox drains into librdkafka's mock cluster; then the
# same broker with and without a mirror, in turn: the broker's CPU for a million heartbeats, and the
# time in which a group of 1,000 members settles.
#
#   benchmarks/mirror.sh [BUILD_FOLDER] [ROUNDS]        default: build/release, 5 rounds
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
rounds=${2:-5}

. "$here/broker.sh"
need_programs "$build" musterd muster-load bench_mirror

"$build/bench_mirror"

"$build/bench_mirror" --serve "$scratch/kafka" &
mock=$!
trap 'kill "$mock" 2>/dev/null; stop_broker; rm -rf "$scratch"' EXIT
until [[ -s $scratch/kafka ]]; do sleep 0.05; done
url=kafka://$(<"$scratch/kafka")/events

field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
measure() { # NAME [MUSTERD_OPTIONS...]
  local name=$1
  shift
  rm -rf "$scratch/data"
  start_broker "$build" --data "$scratch/data" "$@"
  "$build/muster-load" --json --server "$server" --broker-pid "$broker" heartbeats --connections 64 --in-flight 16 |
    field broker_cpu_seconds_per_million >>"$scratch/$name.beats"
  "$build/muster-load" --json --server "$server" --broker-pid "$broker" join --members 1000 --partitions 10000 \
    --session-timeout 45000 | tee >(field settled_ms >>"$scratch/$name.settled") | field broker_cpu_seconds >>"$scratch/$name.cpu"
  stop_broker
}
for ((round = 0; round < rounds; round++)); do
  measure without
  measure with --events "$url"
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
printf '%-44s %10s %10s %7s\n' "median of $rounds" without with ratio
for what in 'beats:CPU s for a million heartbeats' 'settled:ms until 1,000 members are settled' 'cpu:CPU s of the broker for that'; do
  awk -v what="${what#*:}" -v a="$(median "$scratch/without.${what%%:*}")" -v b="$(median "$scratch/with.${what%%:*}")" \
    'BEGIN { printf "%-44s %10.3f %10.3f %7.2f\n", what, a, b, b / a }'
done
