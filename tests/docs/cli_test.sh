#!/usr/bin/env bash
# docs/cli.md tells a story with real commands and their output: this plays it.
#
#   cli_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
. "$(dirname "$0")/play.sh"
start_musterd broker
play "$docs/cli.md"
