# A real Kafka for a test: one node, on loopback. To be sourced; kafka_data, a folder to be made, is the test's,
# and so is how several are made: each has its kafka_data, kafka_port and kafka_pid.
#
#   kafka_needs        ends the test as skipped where there is no Java or no Kafka, and says why
#   kafka_jars DIR     collects the broker's jars into DIR, through Maven, unless they are there
#   kafka_format [LINE...]  chooses kafka_port, unless it is, and makes the empty data folder; with settings of Kafka's own
#   kafka_start        starts it on what the folder holds, and waits until it is ready: kafka_launch, kafka_ready
#   kafka_kill SIGNAL  ends it
#   kafka_tool CLASS [ARGS...]  one of Kafka's own tools, on this Kafka
#
# MUSTER_KAFKA_JARS names a folder that has the jars already.

kafka_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kafka_pid= kafka_port=

# Ends the test as skipped, with its reason.
kafka_skip() { echo "SKIP: $*"; exit 77; }

kafka_needs() {
  [[ ${MUSTER_TEST_KAFKA:-} == 1 ]] || kafka_skip "a real Kafka is only started by ./dev test --kafka"
  [[ -z ${MUSTER_KAFKA_ABSENT:-} ]] || kafka_skip "$MUSTER_KAFKA_ABSENT" # ./dev has tried
  command -v java >/dev/null || kafka_skip "there is no java"
  if [[ -n ${MUSTER_KAFKA_JARS:-} ]]; then
    kafka_classes=$MUSTER_KAFKA_JARS
  else
    command -v mvn >/dev/null || kafka_skip "there is no Maven"
    kafka_classes=${MUSTER_KAFKA_CACHE:-${TMPDIR:-/tmp}/muster-kafka-jars}
    kafka_jars "$kafka_classes" || kafka_skip "Maven could not fetch Kafka"
  fi
}

kafka_jars() {
  [[ ! $1/complete -ot $kafka_here/pom.xml ]] && return
  rm -f "$1"/*.jar
  mvn -B -q -f "$kafka_here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$1" &&
    touch "$1/complete"
}

kafka_java() { java "-Xmx${KAFKA_MEMORY:-512m}" -cp "$kafka_classes/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn "$@"; }

# Is nobody there? Ports below those that a system gives out by itself.
kafka_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
kafka_choose_port() {
  for ((;;)); do
    kafka_port=$((20000 + 4 * (RANDOM % 3000)))
    kafka_free "$kafka_port" && kafka_free "$((kafka_port + 1))" && kafka_free "$((kafka_port + 2))" && return
  done
}

kafka_format() {
  [[ -n $kafka_port ]] || kafka_choose_port
  mkdir -p "$kafka_data"
  kafka_properties >"$kafka_data/properties"
  printf '%s\n' "$@" >>"$kafka_data/properties" # the last one of a name counts
  kafka_java kafka.tools.StorageTool format -t bXVzdGVyLXRlc3RzLTAwMQ -c "$kafka_data/properties" >"$kafka_data/format" 2>&1 ||
    { cat "$kafka_data/format"; return 1; }
}

kafka_properties() {
  cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((kafka_port + 1))
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$((kafka_port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$kafka_data/log
num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
END
}

kafka_launch() {
  : >"$kafka_data/out"
  java "-Xmx${KAFKA_MEMORY:-512m}" -cp "$kafka_classes/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
    kafka.Kafka "$kafka_data/properties" >>"$kafka_data/out" 2>&1 </dev/null &
  kafka_pid=$!
}

kafka_ready() {
  local i
  for ((i = 0; i < 1200; i++)); do
    grep -q 'Kafka Server started' "$kafka_data/out" && return
    kill -0 "$kafka_pid" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$kafka_data/out"
  return 1
}

kafka_start() { kafka_launch && kafka_ready; }

kafka_tool() {
  local class=$1
  shift
  kafka_java "$class" --bootstrap-server "127.0.0.1:$kafka_port" "$@"
}

kafka_kill() {
  [[ -n $kafka_pid ]] || return 0
  kill "-$1" "$kafka_pid" 2>/dev/null || true
  wait "$kafka_pid" 2>/dev/null || true
  kafka_pid=
}
