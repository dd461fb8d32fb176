#!/usr/bin/env bash
# How long `cargo check` of one model crate takes, from nothing and after an edit: check_time.sh [PACKAGE]
set -euo pipefail
cd "$(dirname "$0")/.."
package="${1:-zoo-vgg}"
export CARGO_TARGET_DIR="$(mktemp -d)"
trap 'rm -rf "$CARGO_TARGET_DIR"' EXIT
cargo fetch --locked -q
time_of() { local begun; begun=$(date +%s.%N); cargo check -q --locked -p "$package"; echo "$1: $(echo "$(date +%s.%N) - $begun" | bc) s"; }
time_of "cargo check -p $package, cold"
touch "crates/$package/src/lib.rs"
time_of "cargo check -p $package, after an edit"
