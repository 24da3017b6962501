#!/usr/bin/env bash
# What lookups cost over HTTP: of services of 100 instances each, 1,000 of them in turn, over
# kept-alive connections; and how long they take at a fixed rate.
#
#   benchmarks/http.sh [BUILD_FOLDER] [SERVICES] [INSTANCES]      default: build/release, 1000, 100
#
# Exits 1 if a lookup costs more than 20 broker CPU seconds per million.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
services=${2:-1000} instances=${3:-100}
requests=${REQUESTS:-100000}
bound=20
. "$here/broker.sh"
need_programs "$build" musterd http_load muster-load
start_broker "$build" --shards 8 --threads 1
port=${http##*:}
load() { "$build/http_load" "$port" "$broker" "$@"; }

"$build/muster-load" --server "$server" registrations --in-flight 16 --services "$services" \
  --instances $((services * instances)) >/dev/null
echo "what          connections     bytes  broker cpu/M   answers/s     p50 us     p99 us   longest us"
status=0
for connections in 1 16 64; do
  line=$(load lookups '/v1/services/s%?passing' "$connections" "$requests")
  echo "$line"
  awk -v bound="$bound" '{ exit ($4 > bound) }' <<<"$line" || status=1
done
load lookups '/v1/services/s7?passing' 64 "$requests"
load lookups /livez 64 "$requests"
load paced '/v1/services/s%?passing' 64 10000 10
load paced '/v1/services/s7?passing&tag=v2&zone=north' 64 10000 5
exit $status
