#!/usr/bin/env bash
# docs/prometheus.md and the files beside it, with a real Prometheus and a real Alertmanager: rules
# that do what they say, targets by http_sd, alerts that fire, and a page that arrives. And what
# Prometheus does while the broker is stopped, killed, or says that there is nobody.
#
#   prometheus_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
. "$(dirname "${BASH_SOURCE[0]}")/../docs/play.sh"
for program in prometheus promtool prometheus-alertmanager amtool curl python3; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program"; exit 77; }
done

# The files themselves ------------------------------------------------------------------------------

alerts=$docs/prometheus/alerts.yml
names=$(sed -n 's/^ *- alert: //p' "$alerts")
for name in $names; do
  grep -A1 "alertname: $name\$" "$docs/prometheus/alerts_test.yml" | grep -q exp_alerts || die "alerts_test.yml never fires $name"
  grep -q "| \`$name\` |" "$docs/prometheus.md" || die "prometheus.md does not explain $name"
done

# What an alert reads must exist: a broker with all that has metrics of its own.
more=()
"$musterd" --help | grep -q -- '--events ' && more=(--events kafka://127.0.0.1:9/events)
start_musterd all --data "$work/all" --record "$work/flight" --record-size 16MiB "${more[@]}"
curl -sf "localhost:${port[http]}/metrics" >"$work/metrics"
for metric in $(grep -o 'muster_[a-z_]*' "$alerts" | sort -u); do
  [[ $metric != muster_mirror_* || ${#more[@]} -gt 0 ]] || continue
  grep -q "^# TYPE $metric " "$work/metrics" || die "$alerts reads $metric, which musterd does not write"
done
shop_port=${port[http]} # it is what the two of the shop have to show

# Prometheus, Alertmanager, and whoever carries the pager ----------------------------------------------

begin_musterd() { start_musterd broker --data "$work/data" --http-listen "127.0.0.1:${port[http]:-0}" --listen "127.0.0.1:${port[native]:-0}"; }
port=()
begin_musterd
cat >"$work/pager.py" <<'PY'
import http.server, sys
class Pager(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open(sys.argv[1], "ab") as out:
            out.write(self.rfile.read(int(self.headers["Content-Length"])) + b"\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Pager)
print(server.server_port, flush=True)
server.serve_forever()
PY
start pager python3 "$work/pager.py" "$work/pages"
wait_for test -s "$work/pager.log"
# As documented, but for the ports, and quicker.
sed -e "s/127.0.0.1:9095/127.0.0.1:$(<"$work/pager.log")/" -e 's/group_wait: .*/group_wait: 1s/' "$docs/prometheus/alertmanager.yml" >"$work/alertmanager.yml"
start alertmanager prometheus-alertmanager --config.file="$work/alertmanager.yml" --storage.path="$work/alertmanager" \
  --web.listen-address=127.0.0.1:0 --cluster.listen-address=
listens alertmanager
sed 's/for: .*/for: 1s/' "$alerts" >"$work/alerts.yml"
sed -e "s/127.0.0.1:7401/127.0.0.1:${port[http]}/" -e "s/127.0.0.1:9093/127.0.0.1:${port[alertmanager]}/" -e 's/15s/1s/' \
  "$docs/prometheus/prometheus.yml" >"$work/prometheus.yml"
start prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:0
listens prometheus

register() { curl -sf -d '{"service":"shop","id":"'"$1"'","address":"127.0.0.1","port":'"$shop_port"',"ttl":"9s"}' "localhost:${port[http]}/v1/register"; }
beat() { start "$1" bash -c 'while :; do curl -s -o /dev/null -m 5 -X PUT "localhost:$1/v1/heartbeat/$2"; sleep 0.5; done' beat "${port[http]}" "$1"; }
asked() { curl -sfG "localhost:${port[prometheus]}/api/v1/query" --data-urlencode "query=$1"; }
# Whether the query has so many results.
has() { [[ $(asked "$2" | grep -o '"metric"' | wc -l) == "$1" ]]; }
firing() { has 1 "ALERTS{alertname=\"$1\",alertstate=\"firing\"}"; }
silent() { has 0 "ALERTS{alertname=\"$1\"}"; }
shops() { curl -sf "localhost:${port[prometheus]}/api/v1/targets?state=active" | grep -o '"__meta_muster_service":"shop"' | wc -l; }
shops_are() { [[ $(shops) == "$1" ]]; }

for id in shop-1 shop-2; do register $id >/dev/null; beat $id; done
wait_for has 2 'up{job="services",service="shop"} == 1'
wait_for has 1 'up{job="muster"} == 1'
wait_for has 1 'muster_service_healthy{service="shop"} == 2'
play "$docs/prometheus.md"
for alert in InstanceLost ServiceEmpty ServiceDegraded Down; do silent "Muster$alert" || die "Muster$alert is there before anything has happened"; done

# One dies.
end "${pids[shop-2]}" KILL
wait_for firing MusterInstanceLost
wait_for shops_are 1
told() { amtool --alertmanager.url="http://localhost:${port[alertmanager]}" alert query | grep -q "$1"; }
wait_for told MusterInstanceLost
register shop-2 >/dev/null
beat shop-2
wait_for silent MusterInstanceLost
wait_for shops_are 2

# What is told while nothing can be known: whoever was there stays there ---------------------------------

failures() { curl -sf "localhost:${port[prometheus]}/metrics" | sed -n 's/^prometheus_sd_http_failures_total //p'; }
failed() { [[ $(failures) -ge $1 ]]; }
# Until so many more refreshes have failed, the targets stay.
stays() {
  local until=$(($(failures) + $1)) i
  for ((i = 0; i < 1200; i++)); do
    shops_are 2 || die "Prometheus has $(shops) targets while $2"
    ! failed "$until" || return 0
    sleep 0.1
  done
  die "Prometheus does not notice that $2"
}
kill -STOP "${pids[broker]}"
stays 3 "the broker is stopped"
kill -CONT "${pids[broker]}"
end "${pids[broker]}" KILL
stays 3 "the broker is killed"
wait_for firing MusterDown
begin_musterd
for ((i = 0; i < 30; i++)); do
  shops_are 2 || die "Prometheus has $(shops) targets after the restart"
  sleep 0.1
done
wait_for silent MusterDown
wait_for has 1 'muster_service_healthy{service="shop"} == 2'

# Both die: nobody is left, and somebody is told.
for id in shop-1 shop-2; do end "${pids[$id]}" KILL; done
wait_for firing MusterServiceEmpty
wait_for grep -q '"alertname":"MusterServiceEmpty".*"service":"shop"' "$work/pages"
wait_for shops_are 0
echo "$(wc -w <<<"$names") alerts; 3 of them fired in a running Prometheus; the pager was told of the empty service"
