#!/usr/bin/env bash
# What a heartbeat costs the native door, beside the bare echo (floor) in the same run: broker CPU
# seconds per million heartbeats at 1, 16 and 256 in flight on each of 64 connections.
#
#   benchmarks/native.sh [BUILD_FOLDER] [ROUNDS]        default: build/release, 5 rounds
#
# Floor and broker take turns, and the best round of each counts: what disturbs a run only ever adds.
# Exits 1 if a ratio is above its bound.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
rounds=${2:-5}
connections=64
in_flight=(1 16 256)
bounds=(1.6 2 5)

. "$here/broker.sh"
need_programs "$build" musterd muster-load floor
start_broker "$build" --shards 1 --threads 1

field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
lower() { awk -v a="$1" -v b="$2" 'BEGIN { print (a == "" || b < a) ? b : a }'; }

status=0
printf '%9s  %12s  %13s  %6s  %6s\n' 'in flight' 'floor cpu/M' 'broker cpu/M' ratio bound
for i in "${!in_flight[@]}"; do
  floor_best='' broker_best=''
  for ((round = 0; round < rounds; round++)); do
    floor_best=$(lower "$floor_best" "$("$build/floor" --json --connections $connections \
      --in-flight "${in_flight[i]}" | field server_cpu_seconds_per_million)")
    broker_best=$(lower "$broker_best" "$("$build/muster-load" --json --server "$server" --broker-pid "$broker" \
      heartbeats --connections $connections --in-flight "${in_flight[i]}" | field broker_cpu_seconds_per_million)")
  done
  awk -v k="${in_flight[i]}" -v f="$floor_best" -v b="$broker_best" -v most="${bounds[i]}" 'BEGIN {
    ratio = b / f
    printf "%9d  %12.4f  %13.4f  %6.2f  %6.2f%s\n", k, f, b, ratio, most, (ratio > most ? "  too much" : "")
    exit (ratio > most) }' || status=1
done
exit $status
