# For tests of pages that show commands and what they print; to be sourced.
#
# Starts programs and ends them with the test, and plays the ```console blocks of a page: `$ COMMAND`
# and the lines that it prints. Ports stand in the page as musterd's own (7400-7402) and as others' own;
# they are replaced by those that are in use. Takes musterd, muster and root, the folder to be in, from variables.
work=$(mktemp -d)
declare -A pids=() port=()

cleanup() {
  local pid
  for pid in "${pids[@]}"; do end "$pid" KILL; done
  rm -rf "$work"
}
trap cleanup EXIT
die() {
  echo "FAILED: $*"
  for log in "$work"/*.log; do echo "== $log"; tail -c 2000 "$log"; done
  exit 1
}
# Until it succeeds, for at most two minutes.
wait_for() {
  local i
  for ((i = 0; i < 1200; i++)); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
  die "not in time: $*"
}
# start NAME COMMAND...: in the background, until the test ends; its output in NAME.log.
start() {
  "${@:2}" >"$work/$1.log" 2>&1 &
  pids[$1]=$!
}
end() { # PID SIGNAL
  kill "-$2" "$1" 2>/dev/null || return 0
  kill -CONT "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
# await_musterd NAME: until it has written NAME.ready.
await_musterd() {
  wait_for eval "test -s '$work/$1.ready' || ! kill -0 ${pids[$1]}"
  if [[ ! -s $work/$1.ready ]]; then
    grep -q 'built without RocksDB' "$work/$1.log" || die "musterd ended before it was ready"
    echo "SKIPPED: this musterd was built without RocksDB"
    exit 77
  fi
}
# start_musterd NAME ARGS...: on free ports unless the arguments say where.
start_musterd() {
  rm -f "$work/$1.ready"
  local words=(--ready-file "$work/$1.ready") flag
  for flag in --listen --http-listen --dns-listen; do
    [[ " ${*:2} " == *" $flag "* ]] || words+=("$flag" 127.0.0.1:0)
  done
  start "$1" "$musterd" "${words[@]}" "${@:2}"
  await_musterd "$1"
  for flag in native http dns; do port[$flag]=$(sed -n "s/^$flag=.*://p" "$work/$1.ready"); done
}
# listens NAME: waits until a program of Prometheus' family says at which port it listens.
listens() {
  wait_for grep -q 'Listening on' "$work/$1.log"
  port[$1]=$(sed -n 's/.*Listening on" address=[^ ]*:\([0-9]*\).*/\1/p' "$work/$1.log" | head -n 1)
}

# own NAME NUMBER: the port that stands in pages for what port[NAME] is.
declare -A shown=([native]=7400 [http]=7401 [dns]=7402 [prometheus]=9090 [alertmanager]=9093 [front]=8000 [nginx]=8001)
as_run() {
  local text=$1 name
  for name in "${!shown[@]}"; do
    [[ -z ${port[$name]:-} ]] || text=$(sed -E "s/(localhost:|127\.0\.0\.1:|-p )${shown[$name]}\b/\1${port[$name]}/g" <<<"$text")
  done
  echo "$text"
}
# What differs from run to run, replaced by what it is; lines in order, for rows stand as they please.
normal() {
  local name rules=()
  for name in "${!shown[@]}"; do
    [[ -z ${port[$name]:-} ]] || rules+=(-e "s/:${port[$name]}\b/:${shown[$name]}/g")
  done
  sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+( UTC|Z)?/TIME/g' -e 's/\b[0-9]{2}:[0-9]{2}:[0-9]{2}\b/TIME/g' \
    -e 's/\b[0-9a-f]{32}\b/ID/g' -e 's/\b[0-9]{13,20}\b/TOKEN/g' -e 's/\[[0-9]{10}(\.[0-9]+)?,/[TIME,/g' -e 's/[0-9.]+ (ms|s)\b/DURATION/g' -e 's/"index":[0-9]+/"index":N/g' -e 's/([Ii]ndex): [0-9]+/\1: N/g' \
    -e 's/\r$//' -e 's/[ \t]+/ /g' -e 's/^ //' -e 's/ $//' "${rules[@]}" | { grep -v '^$' || true; } | sort
}
# play PAGE: each command is given a minute to print what the page says, since much of it comes soon
# and not at once. A line `...` stands for any number of lines. One that ends with & goes on until the
# test's end; what it prints at first is compared, too, if anything is shown.
played=0
play() {
  local line command='' want='' inside=no
  [[ $1 == /* ]] || die "$1 is no full path"
  while IFS= read -r line; do
    case $inside$line in
    'no```console') inside=yes ;;
    'yes```') try "$command" "$want"; inside=no command='' want='' ;;
    'yes$ '*) try "$command" "$want"; command=${line#'$ '} want='' ;;
    yes*) want+=$line$'\n' ;;
    esac
  done <"$1"
  ((played > 0)) || die "$1 shows no commands"
}
says() { [[ $(normal <"$work/$1.log") == "$(normal <<<"$2")" ]]; } # NAME WANT
try() { # COMMAND WANT
  [[ -n $1 ]] || return 0
  local command i out='' all want rest path=$(dirname "$muster"):$(dirname "$musterd"):$PATH
  command=$(as_run "$1")
  ((++played))
  if [[ $command == *' &' ]]; then
    PATH=$path MUSTER_SERVER=127.0.0.1:${port[native]} start "played-$played" bash -c "cd '$root' && exec ${command% &}"
    if [[ -n $2 ]]; then wait_for says "played-$played" "$2"; fi
    return
  fi
  want=$(grep -vx '\.\.\.' <<<"$2" | normal)
  [[ $2 == *'...'* ]] && all=no || all=yes
  for ((i = 0; i < 120; i++)); do
    out=$(cd "$root" && PATH=$path MUSTER_SERVER=127.0.0.1:${port[native]} bash -c "$command" 2>&1 | normal) || true
    [[ $all == no || $out != "$want" ]] || return 0
    if [[ $all == no ]]; then
      rest=$(comm -13 <(echo "$out") <(echo "$want"))
      [[ -n ${rest//$'\n'/} ]] || return 0
    fi
    sleep 0.5
  done
  die "\$ $1"$'\n'"printed"$'\n'"$out"$'\n'"and not"$'\n'"$want"
}
