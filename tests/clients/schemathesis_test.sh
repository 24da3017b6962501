#!/usr/bin/env bash
# schemathesis reads docs/openapi.json and asks a musterd all sorts of questions, allowed ones and
# others; what comes back must be what the description says.
#
#   schemathesis_test.sh MUSTERD MUSTER OPENAPI_JSON
#
# MUSTER_TEST_CLIENTS=1 and st in build/clients (./dev test --clients) or it is skipped; EXAMPLES for each
# operation (10), SEED (1).
set -euo pipefail
musterd=$1 muster=$2 description=$3
[[ -n ${MUSTER_TEST_CLIENTS:-} ]] || { echo "SKIPPED: needs ./dev test --clients"; exit 77; }
[[ -z ${MUSTER_CLIENTS_ABSENT:-} ]] || { echo "SKIPPED: $MUSTER_CLIENTS_ABSENT"; exit 77; }
root=$(dirname "$description")/..
. "$(dirname "${BASH_SOURCE[0]}")/../docs/play.sh"
start_musterd broker --data "$work/data"
# Something to be found: a group, its topic, a service.
"$muster" --server "127.0.0.1:${port[native]}" topics create orders --partitions 2 >/dev/null
start worker "$muster" --server "127.0.0.1:${port[native]}" join payments --topic orders
curl -sf -o /dev/null -d '{"service":"web","id":"web-1","port":80,"status":"healthy","ttl":"30m"}' "localhost:${port[http]}/v1/register"
wait_for curl -sf "localhost:${port[http]}/v1/owners?group=payments&topic=orders&partition=1"

position=$(curl -sf "localhost:${port[http]}/v1/events?limit=1" | sed 's/.*"next":"\([^"]*\)".*/\1/')
[[ -n $position ]] || die "there are no events"
cat >"$work/schemathesis.toml" <<TOML
[parameters]
"path.group" = "payments"
"path.topic" = "orders"
"path.service" = "web"
"path.instance" = "web-1"
"query.wait" = "10ms"
"query.selector" = "env!=test,!draining"

# A position is what the broker has told before, and nothing else.
[[operations]]
include-name = "GET /v1/events"
parameters = { "query.after" = "$position" }

# What JSON schema cannot say: S is 0 or between two bounds, as a number and as a duration.
[[operations]]
include-name = "POST /v1/register"
checks.positive_data_acceptance.enabled = false
TOML
st=$PWD/build/clients/bin/st
cd "$work"
start schemathesis "$st" --config-file schemathesis.toml run "$description" --url "http://127.0.0.1:${port[http]}" \
  --max-examples "${EXAMPLES:-10}" --seed "${SEED:-1}" --request-timeout 10 --continue-on-failure --no-color --warnings off
wait "${pids[schemathesis]}" || { sed -n '/FAILURES\|ERRORS/,$p' "$work/schemathesis.log"; kill -0 "${pids[broker]}" || echo "musterd has died"; echo FAILED; exit 1; }
curl -sf -o /dev/null "localhost:${port[http]}/livez"
! grep -i 'assert\|sanitizer' "$work/broker.log"
sed -n 's/^ *\([0-9]* generated.*\)/\1/p' "$work/schemathesis.log"
