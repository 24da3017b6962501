#!/usr/bin/env bash
# README.md: what it shows of the service registry.
#
#   readme_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
for program in dig curl python3 unshare; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program"; exit 77; }
done
. "$(dirname "$0")/own_world.sh"
. "$(dirname "$0")/play.sh"
start_musterd broker --listen 127.0.0.1:7400 --http-listen 127.0.0.1:7401 --dns-listen 127.0.0.1:7402
play "$docs/../README.md"
