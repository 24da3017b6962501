#!/usr/bin/env bash
# The mirror against a real Kafka: it is killed for half a minute under load, musterd is killed at
# random twenty times; then the topic is compared, event by event, with what the broker kept, and who owned what
# at several moments with what the broker said then.
#
#   mirror_test.sh MUSTERD MUSTER
#
# KAFKA_DOWN seconds without Kafka (30), KILLS of musterd (20), SEED of the random times.
set -euo pipefail
musterd=$1 muster=$2
. "$(dirname "${BASH_SOURCE[0]}")/kafka.sh"
kafka_needs
work=$(mktemp -d)
RANDOM=${SEED:-$$}
kafka_data=$work/kafka
musterd_pid='' load_pid='' stay=()

cleanup() {
  [[ -z $load_pid ]] || { kill "$load_pid" 2>/dev/null; wait "$load_pid"; } 2>/dev/null || true
  [[ -z $musterd_pid ]] || kill -9 "$musterd_pid" 2>/dev/null || true
  ((${#stay[@]} == 0)) || kill -9 "${stay[@]}" 2>/dev/null || true
  kafka_kill KILL
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
die() { echo "FAILED: $*"; tail -n 20 "$work/musterd.log"; exit 1; }

listen=127.0.0.1:0
start_musterd() {
  rm -f "$work/ready"
  "$musterd" --data "$work/data" --listen "$listen" --http-listen off --dns-listen off --ready-file "$work/ready" --log-level warning \
    --events "$url" --events-partitions 3 >>"$work/musterd.log" 2>&1 &
  musterd_pid=$!
  local i
  for ((i = 0; i < 600; i++)); do
    [[ -e $work/ready ]] && break
    kill -0 "$musterd_pid" 2>/dev/null || die "musterd did not start"
    sleep 0.1
  done
  listen=$(sed -n 's/^native=//p' "$work/ready")
}
ask() { "$muster" --server "$listen" "$@"; }
memory() { awk -v what="$1:" '$1 == what { print $2 }' "/proc/$musterd_pid/status"; }
metric() { ask metrics --prefix "$1" | awk '!/^#/ { sum += $2 } END { print sum + 0 }'; }

# Members come, go and are killed; topics are made. Every line of it is an event or several.
load() {
  local pids=() n=0
  trap 'kill -9 "${pids[@]}" 2>/dev/null; exit 0' TERM
  while true; do
    n=$((n + 1))
    ask topics create "t$n" --partitions 4 >/dev/null 2>&1 || true
    "$muster" --server "$listen" join "g$((n % 3))" --topic work --session-timeout 1s >/dev/null 2>&1 &
    pids+=($!)
    if ((${#pids[@]} > 8)); then
      kill "-$( ((n % 2)) && echo KILL || echo TERM)" "${pids[0]}" 2>/dev/null || true
      pids=("${pids[@]:1}")
    fi
    sleep 0.1
  done
}

# A group apart from the load, whose owners are looked at once it rests.
held=()
hold() {
  "$muster" --server "$listen" join h --topic held --session-timeout 5s >/dev/null 2>&1 &
  held+=($!)
  stay+=($!)
}
rests() { # NAME MEMBERS: with so many, the same before and after the time that is noted
  ask groups describe h --json | grep -q '"state":"stable"' || return 1
  (($(ask groups members h --json | grep -o '"member":' | wc -l) == $2)) || return 1
  ask groups describe h --partitions | awk '$1 == "held" && $2 ~ /^[0-9]+$/ { print "h", $1, $2, $3, $4 }' | sort >"$work/moment.$1"
  (($(wc -l <"$work/moment.$1") == 12))
}
moment() {
  local i
  for ((i = 0; i < 300; i++)); do
    if rests "$1" "$2"; then
      mv "$work/moment.$1" "$work/moment.$1.before"
      date -u +%FT%T.%3NZ >"$work/time.$1"
      rests "$1" "$2" && cmp -s "$work/moment.$1" "$work/moment.$1.before" && return
    fi
    sleep 0.2
  done
  die "the group of $2 does not rest"
}

kafka_format
url=kafka://127.0.0.1:$kafka_port/muster.events
echo "Kafka on port $kafka_port"
kafka_start
start_musterd
ask topics create work --partitions 24 >/dev/null
ask topics create held --partitions 12 >/dev/null
load 2>/dev/null &
load_pid=$!
hold
hold
moment first 2

kafka_kill KILL
before=$(metric muster_events_total) room=$(memory VmRSS)
hold
kill -9 "${held[0]}"
moment away 2
sleep "${KAFKA_DOWN:-30}"
waiting=$(metric muster_mirror_lag_events)
((waiting > 0)) || die "nothing waited while Kafka was away"
(($(metric muster_events_total) > before)) || die "the groups stood still while Kafka was away"
grown=$(($(memory VmHWM) - room))
# The ring holds 64 MiB at most and librdkafka 32; what waits here is far less than either.
((grown < 32768)) || die "musterd grew by $grown kB while $waiting events waited"
echo "Kafka was away: $waiting events wait, $grown kB more memory"
kafka_start
for ((kills = 0; kills < ${KILLS:-20}; kills++)); do
  sleep "$((RANDOM % 3)).$((RANDOM % 10))"
  kill -9 "$musterd_pid"
  wait "$musterd_pid" 2>/dev/null || true
  start_musterd
done
kill "$load_pid" && wait "$load_pid" || true
load_pid=
hold
moment killed 3
# Six that stay, so that in the end there is somebody who owns something.
for n in 0 1 2 0 1 2; do
  "$muster" --server "$listen" join "g$n" --topic work >/dev/null 2>&1 &
  stay+=($!)
done
settled() { # the killed members have expired, the others own all
  local g
  for g in g0 g1 g2; do
    ask groups describe "$g" --json | grep -q '"state":"stable"' || return 1
    (($(ask groups members "$g" --json | grep -o '"member":' | wc -l) == 2)) || return 1
  done
}
for ((i = 0; i < 300; i++)); do settled && break; sleep 0.2; done
settled || die "the groups do not settle"
for ((i = 0; i < 300; i++)); do
  (($(metric muster_mirror_lag_events) == 0)) && break
  sleep 0.2
done
rss=$(memory VmHWM)
((rss < 131072)) || die "musterd took $rss kB of memory"

"$muster" events --from-kafka "$url" --json >"$work/mirror" 2>"$work/notes" || die "$(cat "$work/notes")"
ask events --json >"$work/broker"
sort "$work/mirror" >"$work/mirror.sorted"
sort "$work/broker" >"$work/broker.sorted"
cmp "$work/mirror.sorted" "$work/broker.sorted" ||
  { diff "$work/mirror.sorted" "$work/broker.sorted" | head -n 5; die "the topic is not what the broker kept"; }
# In order per group, as they arrived.
sed -n 's/.*"group":"\([^"]*\)","sequence":\([0-9]*\).*/\1 \2/p' "$work/mirror" |
  awk '$2 <= last[$1] { print "group " $1 ": " $2 " after " last[$1]; bad = 1 } { last[$1] = $2 } END { exit bad }' ||
  die "the order is not the group's"
# Who owns what, from the topic alone and from the broker: now, and at the moments that were noted.
owners() { "$muster" events --from-kafka "$url" --owners "$@" 2>/dev/null | awk 'NR > 1 { print $1, $2, $3, $4, $5 }' | sort; }
for at in first away killed; do
  owners --until "$(<"$work/time.$at")" --group h >"$work/owners.topic"
  cmp "$work/owners.topic" "$work/moment.$at" || { diff "$work/owners.topic" "$work/moment.$at" | head -n 5; die "other owners at the moment '$at'"; }
done
cmp -s "$work/moment.first" "$work/moment.away" && die "the moments are all the same"
owners | grep -v '^h ' >"$work/owners.topic"
for g in g0 g1 g2; do
  ask groups describe "$g" --partitions | awk -v g="$g" '$1 == "work" && $2 ~ /^[0-9]+$/ { print g, $1, $2, $3, $4 }'
done | sort >"$work/owners.broker"
(($(wc -l <"$work/owners.broker") == 72)) || die "not all is owned"
cmp "$work/owners.topic" "$work/owners.broker" || { diff "$work/owners.topic" "$work/owners.broker" | head -n 5; die "other owners"; }
echo "$(wc -l <"$work/mirror") events, $(sed -n 's/^muster: \([0-9]* repeat\).*/\1s left out/p' "$work/notes"); Kafka killed once, musterd ${KILLS:-20} times; $rss kB at most"
