#!/usr/bin/env bash
# What a lookup of a service of 100 instances costs over HTTP, and what a parked query keeps.
#
#   benchmarks/http.sh [BUILD_FOLDER]        default: build/release
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
requests=${REQUESTS:-100000}
. "$here/broker.sh"
need_programs "$build" musterd http_load
ulimit -n "$(ulimit -Hn)"
start_broker "$build" --shards 1 --threads 1
port=${http##*:}
load() { "$build/http_load" "$port" "$broker" "$@"; }
load register web 100
for connections in 1 16 64; do
  load lookups '/v1/services/web?passing' "$connections" "$requests"
done
load lookups /livez 16 "$requests"
index=$(curl -si "localhost:$port/v1/services/web" | tr -d '\r' | sed -n 's/^X-Muster-Index: //p')
load parked "/v1/services/web?passing&wait=10m&index=$index" 5000
