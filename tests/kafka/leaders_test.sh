#!/usr/bin/env bash
# The mirror against three real Kafkas, each of which stands still in its turn for so long that the others
# lead in its place, and wakes with batches in its hands that are theirs by now. In the end every event is
# there, each in its place.
#
#   leaders_test.sh MUSTERD MUSTER
set -euo pipefail
musterd=$1 muster=$2
. "$(dirname "${BASH_SOURCE[0]}")/kafka.sh"
kafka_needs
work=$(mktemp -d)
musterd_pid='' load_pids=() ports=() pids=()
KAFKA_MEMORY=${KAFKA_MEMORY:-256m}
cleanup() {
  ((${#load_pids[@]} == 0)) || kill "${load_pids[@]}" 2>/dev/null || true
  [[ -z $musterd_pid ]] || kill -9 "$musterd_pid" 2>/dev/null || true
  ((${#pids[@]} == 0)) || kill -9 "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
die() { echo "FAILED: $*"; tail -n 20 "$work"/*.log; exit 1; }
wait_until() {
  local i
  for ((i = 0; i < 600; i++)); do "$@" && return; sleep 0.1; done
  die "waited too long for: $*"
}

voters=
for n in 1 2 3; do
  kafka_choose_port
  while [[ " ${ports[*]} " == *" $kafka_port "* ]]; do kafka_choose_port; done
  ports[n]=$kafka_port
  voters+=${voters:+,}$n@127.0.0.1:$((kafka_port + 1))
done
for n in 1 2 3; do
  kafka_data=$work/kafka$n kafka_port=${ports[n]}
  kafka_format node.id="$n" controller.quorum.voters="$voters" min.insync.replicas=2 \
    broker.session.timeout.ms=1500 broker.heartbeat.interval.ms=300 \
    leader.imbalance.check.interval.seconds=1 leader.imbalance.per.broker.percentage=0 auto.create.topics.enable=false
  kafka_launch
  pids[n]=$kafka_pid
done
for n in 1 2 3; do
  kafka_data=$work/kafka$n kafka_pid=${pids[n]}
  kafka_ready || die "Kafka $n did not start"
done
servers=127.0.0.1:${ports[1]},127.0.0.1:${ports[2]},127.0.0.1:${ports[3]}

"$musterd" --data "$work/data" --listen 127.0.0.1:0 --http-listen off --dns-listen off --ready-file "$work/ready" \
  --log-level warning --events "kafka://$servers/muster.events" --events-partitions 6 --events-replication 3 \
  --kafka-property retry.backoff.ms=10 --kafka-property linger.ms=1 >"$work/musterd.log" 2>&1 &
musterd_pid=$!
wait_until test -e "$work/ready"
listen=$(sed -n 's/^native=//p' "$work/ready")
ask() { "$muster" --server "$listen" "$@"; }
metric() { ask metrics --prefix "$1" | awk '!/^#/ { sum += $2 } END { print sum + 0 }'; }
nothing_waits() { (($(metric muster_mirror_lag_events) == 0)); }
wait_until nothing_waits

load() { # NAME
  local n
  for ((n = 0; ; n++)); do ask topics create "$1-$n" --partitions 4 >/dev/null || die "no topic $1-$n"; done
}
for name in a b c; do
  load "$name" &
  load_pids+=($!)
done
passed() { (($(metric muster_mirror_events_total) > $1)); }
for n in 1 2 3 1 2 3; do
  kill -STOP "${pids[n]}"
  sleep 3 # the fault itself: twice what the others give it
  wait_until passed "$(metric muster_mirror_events_total)"
  kill -CONT "${pids[n]}"
  wait_until passed "$(metric muster_mirror_events_total)"
  sleep 2 # it leads again
done
kill "${load_pids[@]}"
wait "${load_pids[@]}" 2>/dev/null || true
load_pids=()
wait_until nothing_waits

"$muster" events --from-kafka "kafka://$servers/muster.events" --json >"$work/mirror" 2>"$work/notes" ||
  die "$(cat "$work/notes")"
ask events --json | sort >"$work/broker"
sort "$work/mirror" | cmp - "$work/broker" || die "the topic is not what the broker kept"
(($(wc -l <"$work/broker") >= 500)) || die "too few events to mean anything: $(wc -l <"$work/broker")"
# A line for each leader under which something was written.
leaders=$(tail -qn +3 "$work"/kafka1/log/muster.events-*/leader-epoch-checkpoint | wc -l)
((leaders >= 6 + 12)) || die "only $leaders leaders of 6 partitions wrote"
repeats=$(sed -n 's/^muster: \([0-9]*\) repeat.*/\1/p' "$work/notes")
echo "$(wc -l <"$work/mirror") events, ${repeats:-0} repeats left out; $leaders leaders of 6 partitions," \
  "$(metric muster_mirror_failures_total) producers replaced"
