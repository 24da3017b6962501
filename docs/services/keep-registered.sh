#!/bin/sh
# Keeps an instance registered while a command runs and its port is open, with nothing but curl.
#
#   keep-registered.sh SERVICE PORT COMMAND...
#
# MUSTER_HTTP (http://127.0.0.1:7401), TTL in seconds (15). When it is told to end, it deregisters, goes on
# for DRAIN seconds (2) so that nobody asks any more, and then ends the command.
service=$1 port=$2
shift 2
broker=${MUSTER_HTTP:-http://127.0.0.1:7401}
ttl=${TTL:-15}
id=$service-$(uname -n)-$port
start=$(date +%s)

ask() { curl -s -o /dev/null -m 3 -w '%{http_code}' "$@"; }
listens() { curl -s -o /dev/null -m 2 "http://127.0.0.1:$port/"; [ $? != 7 ]; } # 7: refused
beat() { [ "$(ask -X PUT "$broker/v1/heartbeat/$id?service=$service")" = 200 ]; }
register() {
  ask -d '{"service":"'"$service"'","id":"'"$id"'","port":'"$port"',"ttl":"'"$ttl"'s","incarnation":"'"$start"'","status":"healthy"}' "$broker/v1/register"
}
leave() {
  ask -X PUT "$broker/v1/deregister/$id?service=$service" >/dev/null
  sleep "${DRAIN:-2}"
  kill "$command"
  exit 0
}

"$@" &
command=$!
trap leave TERM INT
while kill -0 "$command" 2>/dev/null && ! listens; do sleep 0.2; done
while kill -0 "$command" 2>/dev/null; do
  # Whatever is wrong with a heartbeat, registering again is right; if the broker is away, both wait
  # for the next time. Who does not listen falls silent.
  listens && { beat || register >/dev/null; }
  sleep $((ttl / 3)) &
  wait $!
done
ask -X PUT "$broker/v1/deregister/$id?service=$service&why=the+command+ended" >/dev/null
