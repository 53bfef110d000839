#!/usr/bin/env bash
# Train the expression networks on a folder of labelled faces and put them into models/. Goes on where it was stopped.
# Usage: tools/train/retrain.sh DATA [--minutes N] [--fusion-only]
#   --minutes N     processor minutes for the network on grey values (default 120)
#   --fusion-only   keep that network, fit only shape and fusion: for infrared faces of your own camera
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

data='' minutes=120 fusion_only=no
while [ $# -gt 0 ]; do
  case "$1" in
    --minutes) minutes=$2; shift ;;
    --fusion-only) fusion_only=yes ;;
    -*) data=''; break ;;
    *) data=$1 ;;
  esac
  shift
done
if [ ! -d "$data" ]; then
  sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi

python=build/train-venv/bin/python
[ -x "$python" ] || python=python3
run=build/train/settled
network=models/expression_int8.tflite
labels=(neutral happiness sadness anger surprise disgust fear contempt)
figure() { "$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

if [ "$fusion_only" = no ]; then
  train() { "$python" tools/train/expression.py --data "$data" "$@"; }
  first=build/train/first taught=build/train/taught targets=build/train/targets.npz
  # Half of the time on the labels, two fifths on its own smoothed answers, the rest in milder light.
  train --out "$first" --minutes $((minutes / 2))
  [ -f "$targets" ] || "$python" tools/train/teach.py "student=$first" --data "$data" --out "$targets"
  train --out "$taught" --minutes $((minutes * 2 / 5)) --start "$first" --targets "$targets" --rate 0.8
  train --out "$run" --minutes $((minutes / 10 + 1)) --start "$taught" --targets "$targets" --strength 0.5 --rate 0.25
  "$python" tools/train/export.py --data "$data" --run "$run"
  "$python" tools/quantize.py "$run/expression_float.tflite" "$network" \
    --calibration "$run/calibration.npz" --check "$run/check.npz"
  "$python" tools/train/measure.py "$network" --data "$data" --json "$run/figures.json"
  "$python" tools/manifest_entry.py expression "$network" --labels "${labels[@]}" \
    --temperature "$(figure "$run/figures.json" 'temperature of the softmax over seven')" \
    --abstain "$(figure "$run/figures.json" 'abstain below this largest probability')" \
    --purpose "displayed expression" --decide top:logits:7
fi

sets=(nir)
for name in ckplus wild ferplus; do
  [ -f "build/train/shapes_$name.npz" ] || sets+=("$name")
done
"$python" tools/train/shapes.py --data "$data" --sets "${sets[@]}"
"$python" tools/train/infrared.py --data "$data" --network "$network" --out models/expression_fusion.tflite \
  --json build/train/infrared.json
# Its logits are calibrated inside; its golden input is noise of the size of real logits and millimetres.
"$python" tools/manifest_entry.py expression_fusion models/expression_fusion.tflite --temperature 1.0 \
  --abstain "$(figure build/train/infrared.json 'abstain below this largest probability')" \
  --labels "${labels[@]}" --card expression.card.md --frames noise --low -3 --high 3 --tolerance 0.01 \
  --purpose "displayed expression fused with the face's shape"
