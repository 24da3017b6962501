#!/usr/bin/env bash
# The mirror against a real Kafka whose connections break all the time, with several batches under way:
# nobody knows which of them arrived. In the end every event is there, each in its place.
#
#   cut_test.sh MUSTERD MUSTER
#
# CUT_SECONDS of breaking (20), SEED of its times.
set -euo pipefail
musterd=$1 muster=$2
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/kafka.sh"
kafka_needs
command -v python3 >/dev/null || kafka_skip "there is no python3"
work=$(mktemp -d)
kafka_data=$work/kafka
musterd_pid='' cuts_pid='' load_pids=()
cleanup() {
  ((${#load_pids[@]} == 0)) || kill "${load_pids[@]}" 2>/dev/null || true
  [[ -z $musterd_pid ]] || kill -9 "$musterd_pid" 2>/dev/null || true
  [[ -z $cuts_pid ]] || kill -9 "$cuts_pid" 2>/dev/null || true
  kafka_kill KILL
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
die() { echo "FAILED: $*"; tail -n 20 "$work/musterd.log"; exit 1; }
wait_until() {
  local i
  for ((i = 0; i < 600; i++)); do "$@" && return; sleep 0.1; done
  die "waited too long for: $*"
}

kafka_format
cut=$((kafka_port + 3)) direct=$((kafka_port + 2))
kafka_free "$cut" || die "port $cut is taken"
cat >>"$kafka_data/properties" <<LINES
listeners=CUT://127.0.0.1:$kafka_port,DIRECT://127.0.0.1:$direct,CONTROLLER://127.0.0.1:$((kafka_port + 1))
advertised.listeners=CUT://127.0.0.1:$cut,DIRECT://127.0.0.1:$direct
listener.security.protocol.map=CUT:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=DIRECT
LINES
kafka_start
mkfifo "$work/orders"
"$here/cuts.py" "$cut" "$kafka_port" "${SEED:-$$}" <"$work/orders" >"$work/cuts" &
cuts_pid=$!
exec 3>"$work/orders"
wait_until eval '! kafka_free "$cut"'

"$musterd" --data "$work/data" --listen 127.0.0.1:0 --http-listen off --dns-listen off --ready-file "$work/ready" \
  --log-level warning --events "kafka://127.0.0.1:$cut/muster.events" --events-partitions 3 \
  --kafka-property retry.backoff.ms=10 --kafka-property reconnect.backoff.ms=10 --kafka-property reconnect.backoff.max.ms=50 \
  --kafka-property linger.ms=1 >"$work/musterd.log" 2>&1 3>&- &
musterd_pid=$!
wait_until test -e "$work/ready"
listen=$(sed -n 's/^native=//p' "$work/ready")
ask() { "$muster" --server "$listen" "$@"; }
metric() { ask metrics --prefix "$1" | awk '!/^#/ { sum += $2 } END { print sum + 0 }'; }

load() { # NAME
  local n
  for ((n = 0; ; n++)); do ask topics create "$1-$n" --partitions 4 >/dev/null || die "no topic $1-$n"; done
}
for name in a b c; do
  load "$name" 3>&- &
  load_pids+=($!)
done
sleep "${CUT_SECONDS:-20}" # the fault itself
kill "${load_pids[@]}"
wait "${load_pids[@]}" 2>/dev/null || true
load_pids=()
echo mend >&3
nothing_waits() { (($(metric muster_mirror_lag_events) == 0)); }
wait_until nothing_waits
exec 3>&-
wait "$cuts_pid" || die "the way ended badly"
cuts_pid=
read -r cuts lost <"$work/cuts"
((cuts >= 20 && lost > 0)) || die "too little was broken to mean anything: $cuts cuts, $lost bytes lost"

"$muster" events --from-kafka "kafka://127.0.0.1:$direct/muster.events" --json >"$work/mirror" 2>"$work/notes" ||
  die "$(cat "$work/notes")"
ask events --json | sort >"$work/broker"
sort "$work/mirror" | cmp - "$work/broker" || die "the topic is not what the broker kept"
(($(wc -l <"$work/broker") >= 500)) || die "too few events to mean anything: $(wc -l <"$work/broker")"
repeats=$(sed -n 's/^muster: \([0-9]*\) repeat.*/\1/p' "$work/notes")
echo "$(wc -l <"$work/mirror") events, ${repeats:-0} repeats left out; $cuts cuts, $lost bytes lost, $(metric muster_mirror_failures_total) producers replaced"
