#!/usr/bin/env bash
# What consumers do when the broker is stopped, killed, unsure, or says that there is nobody: the
# table of docs/dns.md, row by row, each with the program itself. In a network of its own, since the
# system's resolver and Prometheus' dns_sd ask port 53.
#
#   away_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
for program in dig haproxy nginx prometheus curl python3 unshare; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program"; exit 77; }
done
. "$(dirname "$0")/../docs/own_world.sh"
. "$(dirname "$0")/../docs/play.sh"
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$work/resolv.conf"
mount --make-rprivate / 2>/dev/null || true
mount --bind "$work/resolv.conf" /etc/resolv.conf

# The broker, in all its moods ------------------------------------------------------------------------

broker() { # STORE
  start_musterd broker --data "$work/$1" --shards 2 --listen 127.0.0.1:7400 --http-listen 127.0.0.1:7401 --dns-listen 127.0.0.1:53
}
register() { curl -sf -o /dev/null -d "{\"service\":\"web\",\"id\":\"web-$1\",\"address\":\"127.0.7.$1\",\"port\":8080,\"ttl\":\"${2:-6s}\"}" localhost:7401/v1/register; }
kill_broker() { end "${pids[broker]}" KILL; }
for n in 1 2; do start "web-$n" python3 -m http.server --bind "127.0.7.$n" --directory "$work" 8080; done
# Of this store's only instance nothing was ever heard.
broker unsure
register 9 30m
kill_broker
# In this one the last of the service was deregistered.
broker nobody
register 9
curl -sf -o /dev/null -X PUT localhost:7401/v1/deregister/web-9
kill_broker
broker usual
for n in 1 2; do
  register "$n"
  start "beat-$n" bash -c 'while :; do curl -s -o /dev/null -m 2 -X PUT "localhost:7401/v1/heartbeat/web-$1"; sleep 0.3; done' beat "$n"
done

# The consumers ------------------------------------------------------------------------------------

block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$docs/dns.md" | grep -v '^```' | sed 's/127.0.0.1:7402/127.0.0.1:53/'; }
block haproxy >"$work/haproxy.cfg"
sed -i "s|^global|global\n  stats socket $work/haproxy.sock|" "$work/haproxy.cfg"
start haproxy haproxy -db -f "$work/haproxy.cfg"
# The same with times of patience that run out.
sed -e 's/1h$/1s/' -e 's/:8000/:8002/' -e '/stats socket/d' "$work/haproxy.cfg" >"$work/impatient.cfg"
start impatient haproxy -db -f "$work/impatient.cfg"
{
  printf 'user root;\npid %s/nginx.pid;\nerror_log stderr;\ndaemon off;\nmaster_process off;\n' "$work"
  block nginx | sed "s|^http {|http {\n access_log off; client_body_temp_path $work/1; proxy_temp_path $work/2; fastcgi_temp_path $work/3; uwsgi_temp_path $work/4; scgi_temp_path $work/5;|"
} >"$work/nginx.conf"
start nginx nginx -p "$work" -e stderr -c "$work/nginx.conf"
cat >"$work/prometheus.yml" <<'YML'
scrape_configs:
  - job_name: http_sd
    http_sd_configs: [{ url: "http://127.0.0.1:7401/v1/prometheus/sd?service=web&passing", refresh_interval: 1s }]
  - job_name: dns_sd
    dns_sd_configs: [{ names: [_web._tcp.service.muster], refresh_interval: 1s }]
YML
start prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:9090

# Each gives a word for what its program has of the service now.
see_haproxy() { curl -s -m 5 -o /dev/null -w '%{http_code}' 127.0.0.1:8000/; }
see_impatient() { curl -s -m 5 -o /dev/null -w '%{http_code}' 127.0.0.1:8002/; }
see_nginx() { curl -s -m 5 -o /dev/null -w '%{http_code}' 127.0.0.1:8001/; }
see_http_sd() { targets http_sd; }
see_dns_sd() { targets dns_sd; }
targets() { curl -s 'localhost:9090/api/v1/targets?state=active' | grep -o "\"scrapePool\":\"$1\"" | wc -l; }
see_dig() {
  local said
  said=$(dig +time=1 +tries=1 @127.0.0.1 web.service.muster A 2>&1) || { echo none; return; }
  echo "$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' <<<"$said") $(sed -n 's/.*ANSWER: \([0-9]*\),.*/\1/p' <<<"$said")"
}
see_getaddrinfo() { python3 -c '
import socket
try: print(len({a[4] for a in socket.getaddrinfo("web.service.muster", 80, socket.AF_INET, socket.SOCK_STREAM)}))
except socket.gaierror as e: print({socket.EAI_AGAIN: "EAI_AGAIN", socket.EAI_NONAME: "EAI_NONAME", socket.EAI_NODATA: "EAI_NODATA"}.get(e.errno, e))'; }

is() { [[ $(see_$1) == "$2" ]]; }
# What comes to be, and then stays for several rounds of everybody's questions.
comes_to() { for ((i = 0; i < 600; i++)); do is "$1" "$2" && return; sleep 0.1; done; die "$mood: $1 has '$(see_$1)' and not '$2'"; }
asked() { curl -s localhost:9090/metrics | sed -n 's/^prometheus_sd_dns_lookups_total //p'; }
mood=usual
expect() { # MOOD, then for each consumer what it must have
  mood=$1
  shift
  local pair until
  for pair; do comes_to "${pair%%=*}" "${pair#*=}"; done
  until=$(($(asked) + 3))
  while (($(asked) < until)); do
    for pair; do is "${pair%%=*}" "${pair#*=}" || die "$mood: ${pair%%=*} has '$(see_"${pair%%=*}")' and no more '${pair#*=}'"; done
    sleep 0.2 # how often it looks
  done
  echo "$mood: $*"
}

well=(haproxy=200 impatient=200 nginx=200 http_sd=2 dns_sd=2 "dig=NOERROR 2" getaddrinfo=2)
expect "all is well" "${well[@]}"

kill -STOP "${pids[broker]}"
expect "stopped" haproxy=200 impatient=503 nginx=502 http_sd=2 dns_sd=2 dig=none getaddrinfo=EAI_AGAIN
kill -CONT "${pids[broker]}"
expect "awake again" "${well[@]}"

kill_broker
expect "killed" haproxy=200 impatient=503 nginx=502 http_sd=2 dns_sd=2 dig=none getaddrinfo=EAI_AGAIN
broker unsure
expect "unsure" haproxy=200 impatient=503 nginx=502 http_sd=2 dns_sd=2 "dig=SERVFAIL 0" getaddrinfo=EAI_AGAIN
kill_broker
broker usual
expect "back" "${well[@]}"

kill_broker
broker nobody
expect "nobody left" haproxy=200 impatient=503 nginx=502 http_sd=0 dns_sd=0 "dig=NOERROR 0" getaddrinfo=EAI_NODATA
kill_broker
broker usual
expect "back once more" "${well[@]}"
kill_broker
broker another
expect "never heard of it" haproxy=200 impatient=503 nginx=502 http_sd=0 dns_sd=0 "dig=NXDOMAIN 0" getaddrinfo=EAI_NONAME
