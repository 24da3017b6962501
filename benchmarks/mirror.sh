#!/usr/bin/env bash
# What the mirror costs. First how fast a full outbox drains into librdkafka's mock cluster; then the
# same broker with and without a mirror, in turn: the broker's CPU for a million heartbeats, and the
# time in which a group of 1,000 members settles. With MUSTER_TEST_KAFKA=1 (Java and Maven) also how
# long an event takes into a real Kafka.
#
#   benchmarks/mirror.sh [BUILD_FOLDER] [ROUNDS] [PART...]   default: build/release, 5 rounds, all of drain cost delay
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
rounds=${2:-5}
parts=" ${*:3} "
[[ $parts == *[a-z]* ]] || parts=' drain cost delay '
wants() { [[ $parts == *" $1 "* ]]; }

. "$here/broker.sh"
need_programs "$build" musterd muster-load bench_mirror

mock=
kafka_kill() { :; }
trap '[[ -z $mock ]] || kill "$mock" 2>/dev/null; stop_broker; kafka_kill KILL; rm -rf "$scratch"' EXIT

field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
measure() { # NAME [MUSTERD_OPTIONS...]
  local name=$1 said
  shift
  rm -rf "$scratch/data"
  start_broker "$build" --data "$scratch/data" "$@"
  "$build/muster-load" --json --server "$server" --broker-pid "$broker" heartbeats --connections 64 --in-flight 16 |
    field broker_cpu_seconds_per_million >>"$scratch/$name.beats"
  said=$("$build/muster-load" --json --server "$server" --broker-pid "$broker" join --members 1000 --partitions 10000 \
    --session-timeout 45000)
  field settled_ms <<<"$said" >>"$scratch/$name.settled"
  field broker_cpu_seconds <<<"$said" >>"$scratch/$name.cpu"
  stop_broker
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
cost() {
  "$build/bench_mirror" --serve "$scratch/kafka" &
  mock=$!
  until [[ -s $scratch/kafka ]]; do sleep 0.05; done
  local url round what
  url=kafka://$(<"$scratch/kafka")/events
  for ((round = 0; round < rounds; round++)); do
    if ((round % 2)); then
      measure with --events "$url"
      measure without
    else
      measure without
      measure with --events "$url"
    fi
  done
  printf '%-44s %10s %10s %7s\n' "median of $rounds" without with ratio
  for what in 'beats:CPU s for a million heartbeats' 'settled:ms until 1,000 members are settled' 'cpu:CPU s of the broker for that'; do
    awk -v what="${what#*:}" -v a="$(median "$scratch/without.${what%%:*}")" -v b="$(median "$scratch/with.${what%%:*}")" \
      'BEGIN { printf "%-44s %10.3f %10.3f %7.2f\n", what, a, b, b / a }'
  done
}

# Events one after the other, on a broker that has little else to do.
delay() {
  local n
  kafka_data=$scratch/real
  kafka_format
  kafka_start
  start_broker "$build" --data "$scratch/delay" --events "kafka://127.0.0.1:$kafka_port/events" --events-partitions 4
  for ((n = 0; n < 50; n++)); do "$build/muster" --server "$server" topics create "warm-$n" --partitions 1 >/dev/null; done
  sleep 1
  "$build/muster" --server "$server" metrics --prefix muster_mirror_delay >"$scratch/delay.before"
  for ((n = 0; n < 1000; n++)); do "$build/muster" --server "$server" topics create "t-$n" --partitions 1 >/dev/null; done
  sleep 1
  "$build/muster" --server "$server" metrics --prefix muster_mirror_delay >"$scratch/delay.after"
  awk -F'le="|"}|[ ]' '/_bucket/ { if (FNR == NR) before[$2] = $NF; else { edge[++n] = $2; count[n] = $NF - before[$2] } }
    END {
      for (i = 1; i <= n; i++) if (count[i] > 0) printf "  %6.2f %% within %s ms\n", 100 * count[i] / count[n], edge[i] == "+Inf" ? "any" : 1000 * edge[i]
      for (i = 1; i <= n; i++) if (2 * count[i] >= count[n]) { printf "median of %d events from their making, durable and in Kafka: at most %s ms\n", count[n], 1000 * edge[i]; exit }
    }' "$scratch/delay.before" "$scratch/delay.after"
  stop_broker
  kafka_kill TERM
}

if wants drain; then "$build/bench_mirror"; fi
if wants cost; then cost; fi
if wants delay; then
  . "$here/../tests/kafka/kafka.sh"
  reason=$(kafka_needs) || { echo "delay: ${reason:-no Kafka}"; exit 0; }
  kafka_needs
  delay
fi
