#!/usr/bin/env bash
# Settings of the attention that finds planted links: one seed each, all at once, one thread each.
#
#   bench/docgraph/links_tune.sh OUT [TASK [SENTENCES]]      REGARD=build/bin/regard, JOBS=number of cores
set -euo pipefail
out=${1:?usage: bench/docgraph/links_tune.sh OUT [TASK [SENTENCES]]}
regard=$(realpath "${REGARD:-build/bin/regard}")
task=${2:-lookup}
n=${3:-10}
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
mkdir -p "$out"
for documents in 6000 12000 24000; do
  for lr in 0.001 0.003; do
    for width in 48 96; do
      echo "$documents $lr $width"
    done
  done
done | xargs -P "${JOBS:-$(nproc)}" -L 1 bash -c '
  name="$0_$1_$2"
  sed -e "s/^documents = .*/documents = $0/" -e "0,/^lr = /s/^lr = .*/lr = $1/" -e "s/^width = 48/width = $2/" \
      -e "s/^seeds = .*/seeds = [1]/" recipes/docgraph/links.toml > "'"$out"'/$name.toml"
  timeout 400 "'"$regard"'" docgraph compare "'"$out"'/$name.toml" --threads 1 --task '"$task"' --sentences '"$n"' --out "'"$out"'/$name" \
      --entries stage1 "random(rule=max)" "bound(rule=mean)" "bound(rule=max)" > "'"$out"'/$name.log" 2>&1'
grep -h -H accuracy "$out"/*.log || true
