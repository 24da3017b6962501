#!/usr/bin/env bash
# A Kafka that wants TLS and a password: the mirror reaches it with librdkafka's settings from a file, makes
# the topic as it was asked to, and says the password nowhere. What arrives is read by Kafka's own console
# consumer.
#
#   secure_test.sh MUSTERD MUSTER
set -euo pipefail
musterd=$1 muster=$2
. "$(dirname "${BASH_SOURCE[0]}")/kafka.sh"
kafka_needs
work=$(mktemp -d)
kafka_data=$work/kafka
password=hunter2-of-this-test
musterd_pid=
cleanup() {
  [[ -z $musterd_pid ]] || kill -9 "$musterd_pid" 2>/dev/null || true
  kafka_kill KILL
  rm -rf "$work"
}
trap cleanup EXIT
die() { echo "FAILED: $*"; tail -n 20 "$work"/*.log; exit 1; }
wait_until() {
  local i
  for ((i = 0; i < 300; i++)); do "$@" && return; sleep 0.1; done
  die "waited too long for: $*"
}

keystore=(-alias kafka -storetype PKCS12 -keystore "$work/server.p12" -storepass of-the-test)
keytool -genkeypair "${keystore[@]}" -keyalg EC -groupname secp256r1 -dname CN=localhost -ext SAN=dns:localhost \
  -validity 2 2>/dev/null
keytool -exportcert "${keystore[@]}" -rfc >"$work/ca.pem" 2>/dev/null
kafka_format
secure=localhost:$((kafka_port + 2))
cat >>"$kafka_data/properties" <<LINES
listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$((kafka_port + 1)),SECURE://$secure
advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port,SECURE://$secure
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_muster="$password";
listener.name.secure.ssl.keystore.type=PKCS12
listener.name.secure.ssl.keystore.location=$work/server.p12
listener.name.secure.ssl.keystore.password=of-the-test
auto.create.topics.enable=false
LINES
kafka_start

settings() { # PASSWORD
  (umask 077 && cat >"$work/settings") <<LINES
security.protocol=sasl_ssl
ssl.ca.location=$work/ca.pem
sasl.mechanisms=PLAIN
sasl.username=muster
sasl.password=$1
broker.address.family=v4
LINES
}
url=kafka://$secure/muster.events
start_musterd() {
  rm -f "$work/ready"
  "$musterd" --data "$work/data" --listen 127.0.0.1:0 --http-listen off --dns-listen off --ready-file "$work/ready" \
    --log-level debug --events "$url" --events-partitions 5 --events-replication 1 --events-retention 36h --kafka-config "$work/settings" >>"$work/musterd.log" 2>&1 &
  musterd_pid=$!
  wait_until test -e "$work/ready"
  server=$(sed -n 's/^native=//p' "$work/ready")
}
ask() { "$muster" --server "$server" "$@"; }
metric_is() { [[ $(ask metrics --prefix "$1" | awk '!/^#/ { sum += $2 } END { print sum + 0 }') == "$2" ]]; }
# Nowhere where others could read it.
secret_is_kept() {
  ask metrics >"$work/metrics.log"
  tr '\0' '\n' <"/proc/$musterd_pid/cmdline" >"$work/cmdline.log"
  tr '\0' '\n' <"/proc/$musterd_pid/environ" >"$work/environ.log"
  ! grep -rl -e "$1" "$work"/*.log "$work/data" || die "the password is there to be read"
}

# With a wrong password nothing arrives, nobody minds, and it is said why.
settings wrong-in-this-test
start_musterd
for n in 1 2 3 4 5; do ask topics create "early-$n" --partitions 2 >/dev/null; done
wait_until grep -qi 'authentication fail' "$work/musterd.log"
wait_until metric_is muster_mirror_troubled 1
metric_is muster_mirror_position 0 || die "something passed"
secret_is_kept wrong-in-this-test
kill -9 "$musterd_pid"
wait "$musterd_pid" 2>/dev/null || true

settings "$password"
start_musterd
for n in 1 2 3 4 5; do ask topics create "late-$n" --partitions 2 >/dev/null; done
wait_until metric_is muster_mirror_lag_events 0
secret_is_kept "$password"
"$muster" events --from-kafka "$url" --kafka-config "$work/settings" --json | sort >"$work/mirror"
ask events --json | sort >"$work/broker"
cmp "$work/mirror" "$work/broker" || die "the topic is not what the broker kept"

# On the command line it is refused, unsaid.
! timeout 20 "$musterd" --events "$url" --kafka-property "sasl.password=$password" >"$work/refused.log" 2>&1 || die "a password on the command line"
! grep -e "$password" "$work/refused.log" || die "it was repeated"
chmod 0644 "$work/settings"
! timeout 20 "$musterd" --events "$url" --kafka-config "$work/settings" >"$work/readable.log" 2>&1 || die "a file for all to read"
grep -q "$work/settings" "$work/readable.log" || die "the file is not named"

# The topic as it was asked for, in Kafka's own words.
kafka_tool org.apache.kafka.tools.TopicCommand --describe --topic muster.events >"$work/topic.log"
for what in 'PartitionCount: 5' 'ReplicationFactor: 1' 'retention.ms=129600000'; do
  grep -q "$what" "$work/topic.log" || die "the topic has not $what"
done

# CloudEvents in binary content mode, to any consumer.
kafka_tool org.apache.kafka.tools.consumer.ConsoleConsumer --topic muster.events --from-beginning --timeout-ms 20000 \
  --property print.headers=true --property print.key=true --property print.timestamp=true >"$work/console" 2>"$work/console.log" || true
awk -F'\t' '
  $1 !~ /^CreateTime:[0-9]+$/ || $2 !~ /^ce_specversion:1\.0,ce_id:[0-9a-f]+-[0-9]+-[0-9]+,ce_source:\/muster\/[0-9a-f]+,ce_type:muster\.[a-z_]+,ce_time:[^,]+Z,ce_dataschema:urn:muster:event:1,content-type:application\/json$/ || $4 !~ /^{"id":.*}$/ {
    print "odd: " $0; bad = 1 }
  END { exit bad }' "$work/console" || die "no CloudEvents"
(($(wc -l <"$work/console") >= $(wc -l <"$work/broker"))) || die "the console consumer has only $(wc -l <"$work/console") events"
grep -q $'\tearly-3\t' "$work/console" || die "the key is not the topic's name"
echo "TLS, a password from a file, the topic as asked for: $(wc -l <"$work/console") events on Kafka's console"
