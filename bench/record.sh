#!/usr/bin/env bash
# Measures what Saring costs and how it compares, keeps both as dated records beside this script, and writes the tables
# and plots of docs/cost.md from them. Run it on a machine that does nothing else; it takes about four minutes.
#
#   bash bench/record.sh            measure, record, write the page
#   bash bench/record.sh page       write the page again from the newest records
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/peers"

tags=
if pkg-config --exists libhs 2>/dev/null; then
	tags=hyperscan
else
	echo "skipped: Hyperscan; install libhyperscan-dev (Debian) to have it in the comparison" >&2
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# -mod=mod: when the product has come to need other modules, go.mod here follows.
go build -mod=mod -tags "$tags" -o "$dir/peers" .

if [ "${1:-}" != page ]; then
	commit=$(git rev-parse --short HEAD)
	for what in peers cost; do
		"$dir/peers" "$what" --json --commit "$commit" >"$dir/$what.json"
	done
	mv "$dir/peers.json" "../record/$(date +%F)-peers.json"
	mv "$dir/cost.json" "../record/$(date +%F)-cost.json"
fi
"$dir/peers" page
echo "written: docs/cost.md and its plots"
