#!/usr/bin/env bash
# docs/dns.md shows questions and their answers: this asks them.
#
#   dns_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
for program in dig curl; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program"; exit 77; }
done
. "$(dirname "$0")/play.sh"
start_musterd broker
register() { # NUMBER, VERSION, MORE
  curl -sf -o /dev/null -d "{\"service\":\"web\",\"id\":\"web-$1\",\"address\":\"10.0.0.$1\",\"port\":8080,\"meta\":{\"version\":\"$2\"},\"ttl\":\"30m\",\"status\":\"healthy\"$3}" \
    "localhost:${port[http]}/v1/register"
}
register 1 1 ''
register 2 1 ''
register 3 2 ',"weight":3,"tags":["canary"]'
"$muster" --server "127.0.0.1:${port[native]}" topics create orders --partitions 2 >/dev/null
start worker "$muster" --server "127.0.0.1:${port[native]}" join billing --topic orders --address 10.0.0.9:7001
play "$docs/dns.md"
