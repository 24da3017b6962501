#!/usr/bin/env bash
# The example kafka_worker: real text in a topic of Kafka, counted by workers that are killed
# meanwhile. The result must be exact.
#
#   worker_test.sh MUSTERD MUSTER KAFKA_WORKER KAFKA_LINES MOCK_KAFKA      against librdkafka's mock cluster
#   worker_test.sh MUSTERD MUSTER KAFKA_WORKER KAFKA_LINES                 against a real Kafka
set -euo pipefail
musterd=$1 muster=$2 worker=$3 lines=$4 mock=${5:-}
work=$(mktemp -d)
pids=()
cleanup() {
  ((${#pids[@]} == 0)) || kill -9 "${pids[@]}" 2>/dev/null || true
  [[ -n $mock ]] || kafka_kill KILL
  rm -rf "$work"
}
trap cleanup EXIT
die() { echo "FAILED: $*"; exit 1; }
keep() { pids+=("$1"); disown "$1"; } # it is killed without a word
wait_for() { # FILE
  local i
  for ((i = 0; i < 600; i++)); do [[ -s $1 ]] && return; sleep 0.1; done
  die "$1 did not come"
}

if [[ -n $mock ]]; then
  "$mock" "$work/kafka.ready" few:2 words:6 &
  keep $!
  wait_for "$work/kafka.ready"
  kafka=$(<"$work/kafka.ready")
else
  . "$(dirname "${BASH_SOURCE[0]}")/kafka.sh"
  kafka_needs
  kafka_data=$work/kafka
  kafka_format
  kafka_start
  kafka=127.0.0.1:$kafka_port
  # The first line makes the topic.
  for ((i = 0; i < 30; i++)); do
    echo | "$lines" "$kafka" words >>"$work/expected" 2>/dev/null && break
    sleep 1
  done
fi
"$musterd" --data "$work/data" --listen 127.0.0.1:0 --http-listen off --dns-listen off --ready-file "$work/ready" \
  --log-level warning 2>"$work/musterd.log" &
keep $!
wait_for "$work/ready"
server=$(sed -n 's/^native=//p' "$work/ready")
ask() { "$muster" --server "$server" "$@"; }
partitions() { ask topics list --json | sed -n 's/.*"topic":"words"[^}]*"partitions":\([0-9]*\).*/\1/p'; }
if [[ -n $mock ]]; then # as if Kafka's topic had grown
  ask topics follow words --kafka "$kafka" --kafka-topic few --once
  [[ $(ask topics follow words --kafka "$kafka" --once) == *" 6 partitions "* ]] || die "the topic has not grown"
else
  [[ $(ask topics follow words --kafka "$kafka" --once) == *" 3 partitions "* ]] || die "the topic is not followed"
fi
workers=()
"$muster" --server "$server" topics follow words --kafka "$kafka" --interval 200ms >"$work/follow.log" 2>&1 &
keep $!

start_worker() {
  "$worker" "$server" counters words "$kafka" 2>>"$work/worker.log" &
  workers+=($!)
  keep $!
}
for _ in 1 2 3; do start_worker; done

# Real text: the headers that this machine has.
find /usr/include -maxdepth 2 -name '*.h' -print0 | sort -z | xargs -0 cat 2>/dev/null | sed "${LINES_OF_TEXT:-40000}q" >"$work/text" || true
[[ -s $work/text ]] || die "this machine has no headers"
split -n l/8 "$work/text" "$work/part."
# Kafka's topic grows while it is worked on: whoever follows it finds that by itself.
grow() {
  kafka_tool org.apache.kafka.tools.TopicCommand --alter --topic words --partitions 6
  local i
  for ((i = 0; i < 300; i++)); do [[ $(partitions) == 6 ]] && return; sleep 0.1; done
  die "Kafka's topic has grown, but muster's has $(partitions) partitions"
}
n=0
for part in "$work"/part.*; do
  [[ -n $mock ]] || ((n++ != 3)) || grow
  "$lines" "$kafka" words <"$part" >>"$work/expected" || die "producing $part"
  victim=$((RANDOM % ${#workers[@]}))
  kill -9 "${workers[victim]}" 2>/dev/null || true
  workers=("${workers[@]:0:victim}" "${workers[@]:victim+1}")
  start_worker
  sleep 0.3
done
sum() { # lines=N bytes=N sum=N, added up
  awk '{ for (i = 1; i <= NF; i++) if (split($i, f, "=") == 2) total[f[1]] += f[2] }
       END { printf "lines=%.0f bytes=%.0f sum=%.0f\n", total["lines"], total["bytes"], total["sum"] }'
}
expected=$(sum <"$work/expected")
for ((i = 0; i < 600; i++)); do
  found=$(ask groups offsets counters 2>/dev/null | grep -o 'lines=[0-9]* bytes=[0-9]* sum=[0-9]*' | sum)
  [[ $found == "$expected" ]] && break
  sleep 0.1
done
[[ $found == "$expected" ]] || { ask groups describe counters; ask groups offsets counters; cat "$work/worker.log"; die "counted $found, not $expected"; }
echo "exact: $found, eight workers killed"
