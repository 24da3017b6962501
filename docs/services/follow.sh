#!/bin/sh
# Prints the addresses of those to be asked, one a line, whenever they change.
#
#   follow.sh SERVICE [CHANGES]         CHANGES: ends after so many
broker=${MUSTER_HTTP:-http://127.0.0.1:7401}
index=0 left=${2:-0}
while :; do
  answer=$(curl -s -m 90 -w '\n%{http_code} %header{x-muster-index}' "$broker/v1/services/$1?passing&index=$index&wait=60s")
  case ${answer##*
} in
  "200 $index") ;; # the time was up, and nothing has changed
  200*)
    index=${answer##* }
    echo "$answer" | grep -o '"address":"[^"]*","port":[0-9]*' | sed 's/"address":"\([^"]*\)","port":/\1:/'
    left=$((left - 1))
    [ $left != 0 ] || exit 0
    ;;
  *) sleep 1 ;; # away, unsure, or no such service: what was printed last is the best there is
  esac
done
