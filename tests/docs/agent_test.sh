#!/usr/bin/env bash
# docs/agent.md: its commands in their order; then what it says of a program that is killed.
#
#   agent_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
command -v python3 >/dev/null || { echo "SKIPPED: there is no python3"; exit 77; }
. "$(dirname "$0")/own_world.sh"
. "$(dirname "$0")/play.sh"
export MUSTER_AGENT_DIR=$work/run
start_musterd broker --data "$work/data"
play "$docs/agent.md"

# Killed, seen, restarted ---------------------------------------------------------------------------------

export MUSTER_SERVER=127.0.0.1:${port[native]}
of_jobs() { "$muster" agent status --json | grep -o '"service":"jobs".*' | grep -o "\"$1\":[^,]*" | head -n 1 | cut -d : -f 2; }
before=$(of_jobs pid)
kill -KILL "$before"
restarted() { local now; now=$(of_jobs pid); [[ $now != 0 && $now != "$before" ]]; }
wait_for restarted
wait_for "$muster" health jobs
# Stopped in order, it leaves nobody behind.
pid=$(of_jobs pid)
"$muster" agent stop
gone() { ! kill -0 "$pid" 2>/dev/null; }
wait_for gone
! "$muster" health jobs 2>/dev/null || die "jobs is still handed out"
