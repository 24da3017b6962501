#!/usr/bin/env bash
# How long a change takes to 10,000 who wait for it, over HTTP (blocking queries, server-sent events) and
# natively; what it costs the broker, and what each of them keeps in its memory meanwhile.
#
#   benchmarks/watch.sh [BUILD_FOLDER] [WATCHERS] [INSTANCES]     default: build/release, 10000, 10
#
# Exits 1 if the 99th percentile is above 250 ms.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
watchers=${2:-10000} instances=${3:-10}
. "$here/broker.sh"
need_programs "$build" musterd bench_watch
ulimit -n "$(ulimit -Hn)"
status=0
echo "kind    watchers  instances  bytes each     p50 ms     p99 ms   worst ms  cpu us each  connection B    watch B"
measure() {
  start_broker "$build" --threads 1
  "$build/bench_watch" --native "$server" --http "$http" --broker-pid "$broker" --watchers "$watchers" \
    --instances "$instances" --check 250 "$@" || status=1
  stop_broker
}
measure --kind poll
measure --kind sse
measure --kind native
measure --kind native --per-connection 16
exit $status
