#!/usr/bin/env bash
# What a fleet sees: 10,000 members join one group of 10,000 partitions; and members fall silent: the
# time until they are expelled and until their work is owned again. On the memory store and on RocksDB.
#
#   benchmarks/fleet.sh [BUILD_FOLDER]        default: build/release
#
# Exits 1 if a partition ever had two owners, or a member that beats was expelled.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}

. "$here/broker.sh"
need_programs "$build" musterd muster-load

play() {
  local options=()
  [[ $1 == memory ]] || options=(--data "$scratch/data")
  echo "== store: $1"
  start_broker "$build" "${options[@]}"
  local load=("$build/muster-load" --server "$server" --broker-pid "$broker")
  "${load[@]}" join --members 10000 --partitions 10000 --session-timeout 45000
  "${load[@]}" join --members 10000 --partitions 10000 --session-timeout 45000 --groups 100
  "${load[@]}" deaths --members 1000 --partitions 10000 --silent 1
  "${load[@]}" deaths --members 1000 --partitions 10000 --silent 100
  "${load[@]}" steady --members 10000 --partitions 10000 --seconds 10
  stop_broker
}

play memory
play rocksdb
