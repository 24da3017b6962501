#!/usr/bin/env bash
# What an answer of the DNS door costs, beside a bare UDP responder of the same sizes in the same run:
# CPU seconds per million answers, with 1,000 services of 100 instances each.
#
#   benchmarks/dns.sh [BUILD_FOLDER] [ROUNDS] [SERVICES] [INSTANCES]     default: build/release, 5, 1000, 100
#
# Exits 1 if a ratio is above 1.5, where questions come as fast as they are answered.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
rounds=${2:-5} services=${3:-1000} instances=${4:-100}

. "$here/broker.sh"
need_programs "$build" musterd bench_dns muster-load
start_broker "$build" --shards 8 --threads 1
"$build/muster-load" --server "$server" registrations --in-flight 16 --services "$services" \
  --instances $((services * instances)) >/dev/null

# questions TYPE NAME: to each service in turn, NAME with its name for %.
questions() {
  for ((i = 0; i < services; i++)); do echo "${2//%/s$i} $1"; done >"$scratch/questions"
}

status=0
measure() {
  "$build/bench_dns" --server "$dns" --broker-pid "$broker" --questions "$scratch/questions" --rounds "$rounds" "$@" ||
    status=1
}

echo "in flight  questions  bytes     floor cpu/M   broker cpu/M   ratio  answers/s   lost"
questions A %.service.muster
measure --in-flight 64 --check 1.5
measure --in-flight 1 --queries 100000
questions SRV _%._tcp.service.muster
measure --in-flight 64 --check 1.5
questions A none-%.service.muster
measure --in-flight 64
exit $status
