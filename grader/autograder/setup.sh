#!/usr/bin/env bash
# Gradescope runs this once, as root, when the image is built: Python, and the grader as it was packed.
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y --no-install-recommends python3 python3-venv
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    # Ubuntu 22.04 has it beside its own 3.10.
    apt-get install -y --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi

"$python" -m venv "$root/venv"
# Torch for the CPU: a tenth of the size, and Gradescope has no GPU.
"$root/venv/bin/pip" install --no-cache-dir --constraint "$root/source/constraints.txt" \
    --extra-index-url https://download.pytorch.org/whl/cpu "$root/source"
