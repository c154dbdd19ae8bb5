#!/usr/bin/env bash
# Planted links (docs/docgraph.md): two tasks, three lengths, five seeds, as many at once as there are cores; one thread each.
#
#   bench/docgraph/links_grid.sh OUT          REGARD=build/bin/regard, JOBS=number of cores
set -euo pipefail
out=${1:?usage: bench/docgraph/links_grid.sh OUT}
regard=${REGARD:-build/bin/regard}
jobs=${JOBS:-$(nproc)}
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
mkdir -p "$out"
for n in 20 10 6; do
  for task in lookup xor; do
    echo "$task $n"
  done
done | xargs -P "$(((jobs + 4) / 5))" -L 1 bash -c \
  "$regard docgraph compare recipes/docgraph/links.toml --threads 5 --task \$0 --sentences \$1 --out '$out'/\$0\$1 > '$out'/\$0\$1.log 2>&1"
for file in "$out"/*/results.json; do echo "$file"; done
