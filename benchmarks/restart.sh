#!/usr/bin/env bash
# SIGKILL of the broker in mid-load, with the records of many members, and the start on its data: the
# time until it greets, its CPU time by then, and that every member is still known.
#
#   benchmarks/restart.sh [BUILD_FOLDER] [MEMBERS] [GROUPS]        default: build/release, 100000, 100
#
# Exits 1 if a member's record is lost.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
members=${2:-100000}
groups=${3:-100}

. "$here/broker.sh"
need_programs "$build" musterd muster muster-load

metric() { "$build/muster" --server "$server" metrics | awk -v name="$1" '$1 ~ "^" name "([{]|$)" { sum += $2 } END { print sum + 0 }'; }
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hz }' "/proc/$1/stat"; }

start_broker "$build" --data "$scratch/data"
"$build/muster-load" --server "$server" steady --members "$members" --groups "$groups" --partitions 10000 \
  --session-timeout 45000 --seconds 600 >"$scratch/load.out" 2>&1 &
load=$!
trap 'kill "$load" 2>/dev/null || true; stop_broker; rm -rf "$scratch"' EXIT
until (($(metric muster_sessions) >= members)); do
  kill -0 "$load" 2>/dev/null || { cat "$scratch/load.out" >&2; exit 2; }
  sleep 0.2
done
beats=$(metric muster_heartbeats_total)
until (($(metric muster_heartbeats_total) > beats + members / 10)); do sleep 0.2; done
kill -9 "$broker"
wait "$broker" 2>/dev/null || true
kill "$load" 2>/dev/null || true
wait "$load" 2>/dev/null || true

began=$(date +%s%N)
start_broker "$build" --data "$scratch/data"
ended=$(date +%s%N)
used=$(cpu "$broker")
kept=$(metric muster_sessions)
printf '%d members in %d groups: greets %d ms after the start (CPU %.2f s); %d members known\n' \
  "$members" "$groups" $(((ended - began) / 1000000)) "$used" "$kept"
((kept == members))
