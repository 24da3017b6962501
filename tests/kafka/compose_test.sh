#!/usr/bin/env bash
# Does what docker-compose.yml says, with its own command lines, against a real Kafka: without an
# engine, in this machine's root, the services' names being loopback with their ports.
#
#   compose_test.sh COMPOSE_FILE BUILD_FOLDER
#
# COMPOSE_SCHEMA names the Compose specification's compose-spec.json, if the file is to be held against it, too.
set -euo pipefail
file=$1 build=$2
. "$(dirname "${BASH_SOURCE[0]}")/kafka.sh"
kafka_needs
python3 -c 'import yaml' 2>/dev/null || kafka_skip "python3-yaml is missing, which reads the compose file"
work=$(mktemp -d)
kafka_data=$work/kafka
pids=()
cleanup() {
  ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
  kafka_kill KILL
  rm -rf "$work"
}
trap cleanup EXIT
kafka_format num.partitions=6 # as the file says
broker_port=$((kafka_port + 2))
die() { echo "FAILED: $*"; cat "$work"/*.log; exit 1; }
export PATH=$build:$PATH
[[ -z ${COMPOSE_SCHEMA:-} ]] || python3 - "$file" "$COMPOSE_SCHEMA" <<'END' || die "the file is not of the schema"
import json, jsonschema, sys, yaml
jsonschema.validate(yaml.safe_load(open(sys.argv[1])), json.load(open(sys.argv[2])))
END

# One word a line of what the service runs, its hosts and folders replaced by this machine's.
command_of() {
  python3 - "$file" "$1" <<'END' | sed "s#kafka:9092#127.0.0.1:$kafka_port#g; s#\(broker\|0.0.0.0\):7400#127.0.0.1:$broker_port#g; s#^/data/store#$work/data#"
import sys, yaml
print("\n".join(yaml.safe_load(open(sys.argv[1]))["services"][sys.argv[2]]["command"]))
END
}
run() { # SERVICE
  local words
  mapfile -t words < <(command_of "$1")
  "${words[@]}" >"$work/$1.log" 2>&1
}
start() {
  local words
  mapfile -t words < <(command_of "$1")
  "${words[@]}" >"$work/$1.log" 2>&1 &
  pids+=($!)
}
wait_until() {
  local i
  for ((i = 0; i < 300; i++)); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
  die "waited too long for: $*"
}
ask() { muster --server "127.0.0.1:$broker_port" "$@"; }

start broker # before Kafka: it does not mind
wait_until ask topics list
kafka_start
wait_until run lines # restart: on-failure
run topic || die "topic"
start worker-a
start worker-b
wait_until muster events --from-kafka "kafka://127.0.0.1:$kafka_port/muster.events" --limit 1
start events
owners() { ask groups describe demo --json | grep -o '"partitions":\[[0-9]' | wc -l; }
two_own() { (($(owners) >= 2)); }
wait_until two_own
tally() { ask groups offsets demo | grep -o 'lines=[0-9]*' | awk -F= '{ n += $2 } END { print n + 0 }'; }
total=$(cat /usr/share/common-licenses/* | wc -l)
counted() { (($(tally) >= total)); }
wait_until counted
kill -9 "${pids[2]}" # worker-b, as the file's head says
told() { grep -q member_expelled "$work/events.log"; }
wait_until told
grep -q rebalance_completed "$work/events.log" || die "no rebalance was printed"
echo "the compose file's commands do what it says: $(tally) lines counted, $(wc -l <"$work/events.log") events printed"
