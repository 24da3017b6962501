#!/usr/bin/env bash
# Runs every curl line of docs/http.md against a real broker, in their order.
#   docs_test.sh MUSTERD MUSTER HTTP_MD
set -euo pipefail
musterd=$1 muster=$2 page=$3
command -v curl >/dev/null || { echo "SKIPPED: there is no curl"; exit 77; }
work=$(mktemp -d)
kept=()
cleanup() {
  for pid in "${kept[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
  rm -rf "$work"
}
trap cleanup EXIT
die() { echo "FAILED: $*"; tail -n 20 "$work/log"; exit 1; }
wait_for() {
  for ((i = 0; i < 600; i++)); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done
  die "not in time: $*"
}

"$musterd" --listen 127.0.0.1:0 --http-listen 127.0.0.1:0 --ready-file "$work/ready" --log-level warning 2>"$work/log" &
kept+=($!)
wait_for test -e "$work/ready"
native=$(sed -n 's/^native=//p' "$work/ready")
http=$(sed -n 's/^http=//p' "$work/ready")
port=${http##*:}
"$muster" --server "$native" topics create orders --partitions 4
"$muster" --server "$native" join payments --topic orders --address 127.0.0.1:9000 >"$work/join" 2>&1 &
kept+=($!)
wait_for curl -sf "localhost:$port/v1/owners?group=payments&topic=orders&partition=2"

# A failed request fails the line; what follows a change waits until it is seen.
export CURL_HOME=$work
printf 'silent\nshow-error\nfail-with-body\nmax-time=40\n' >"$work/.curlrc"
lines=0
while IFS= read -r line; do
  [[ $line == curl\ * ]] || continue
  rc=0
  out=$(bash -c "${line//localhost:7401/localhost:$port}" 2>&1) || rc=$?
  ((rc == 0 || (rc == 28 && ${#out} > 0))) || die "$line: exit $rc: $out" # 28: a stream, and its time is up
  [[ -n $out ]] || die "$line: nothing was said"
  ((++lines))
done < <(sed -n '/^```sh/,/^```$/p' "$page")
((lines >= 20)) || die "only $lines lines were found"

# What the page says in words.
status() { curl -s -o /dev/null -w '%{http_code}' -K /dev/null "$@"; }
[[ $(status -X PUT "localhost:$port/v1/heartbeat/web-1") == 404 ]] || die "a heartbeat of who is gone"
[[ $(status -H 'Host: evil.example' "localhost:$port/v1/groups") == 421 ]] || die "another name"
[[ $(status -H 'Origin: http://evil.example' "localhost:$port/v1/groups") == 403 ]] || die "another origin"
[[ $(status -I "localhost:$port/v1/groups") == 200 ]] || die "HEAD"
echo "$lines lines of $page"
