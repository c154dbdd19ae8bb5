#!/usr/bin/env bash
# Settings of the graph network that reads planted links: one seed each, all at once, one thread each.
#
#   bench/docgraph/links_tune.sh OUT [TASK [SENTENCES]]      REGARD=build/bin/regard, JOBS=number of cores
set -euo pipefail
out=${1:?usage: bench/docgraph/links_tune.sh OUT [TASK [SENTENCES]]}
regard=$(realpath "${REGARD:-build/bin/regard}")
task=${2:-lookup}
n=${3:-10}
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
mkdir -p "$out"
recipe() {  # layers width batch lr
  cat <<EOF
[run]
seeds = [1]
[planted]
use = true
task = "$task"
documents = 48000
sentences = $n
[data]
valid_fraction = 0.03
test_fraction = 0.04
[vectors]
kind = "hash"
width = 48
[attention]
dropout = 0.0
attention_dropout = 0.0
epochs = 5
patience = 9
lr = 0.001
[gat]
layers = $1
width = $2
dropout = 0.0
epochs = 4
patience = 9
batch = $3
lr = $4
EOF
}
for layers in 1 2; do
  for width in 64 128; do
    for step in "32 0.002" "128 0.004" "128 0.01"; do
      set -- $step
      name="${layers}_${width}_$1_$2"
      recipe "$layers" "$width" "$1" "$2" > "$out/$name.toml"
      echo "$name"
    done
  done
done | xargs -P "${JOBS:-$(nproc)}" -I NAME bash -c \
  "timeout 500 '$regard' docgraph compare '$out/NAME.toml' --threads 1 --out '$out/NAME' --entries stage1 'bound(rule=max)' > '$out/NAME.log' 2>&1"
grep -H accuracy "$out"/*.log || true
