# Sourced by the scripts here: a broker for one measurement, on a free port, gone at the end.
#
#   start_broker BUILD_FOLDER [MUSTERD_OPTIONS...]      sets broker (its pid), server, http, dns (its doors), scratch
#   stop_broker

scratch=$(mktemp -d)
broker=
server=
http=
dns=

start_broker() {
  local build=$1
  shift
  rm -f "$scratch/ready"
  "$build/musterd" --listen 127.0.0.1:0 --http-listen 127.0.0.1:0 --dns-listen 127.0.0.1:0 \
    --log-level warning --ready-file "$scratch/ready" "$@" 2>"$scratch/log" &
  broker=$!
  until grep -qs '^native=' "$scratch/ready"; do
    kill -0 "$broker" 2>/dev/null || { cat "$scratch/log" >&2; exit 2; }
    sleep 0.05
  done
  server=$(sed -n 's/^native=//p' "$scratch/ready")
  http=$(sed -n 's/^http=//p' "$scratch/ready")
  dns=$(sed -n 's/^dns=//p' "$scratch/ready")
}

stop_broker() {
  [[ -n $broker ]] || return 0
  kill "$broker" 2>/dev/null || true
  wait "$broker" || true
  broker=
}

need_programs() {
  local build=$1 program
  shift
  for program in "$@"; do
    [[ -x $build/$program ]] || { echo "$0: $build/$program is missing; build it first" >&2; exit 2; }
  done
}

trap 'stop_broker; rm -rf "$scratch"' EXIT
