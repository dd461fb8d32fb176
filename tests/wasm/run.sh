#!/usr/bin/env bash
# The engine in WebAssembly: builds tests/wasm for wasm32-unknown-unknown and holds it to PyTorch under node.
# Says that it is skipped where the target or node is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/burn-zoo/target}"
target=wasm32-unknown-unknown

skip() { echo "skipped: $*"; exit 0; }
command -v node >/dev/null || skip "there is no node"
rustc --print target-libdir --target $target 2>/dev/null | xargs -I{} test -d {} ||
  { command -v rustup >/dev/null && rustup target add $target >/dev/null 2>&1; } || skip "the target $target cannot be had"

# The host answers getrandom, see src/host.rs; the flags reach what is compiled for the target only.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='-C target-feature=+simd128 --cfg getrandom_backend="custom"'
# Flex only says here what is right: optimising it for this target takes ten times as long as the rest.
cargo rustc --locked -q --config 'profile.dev.package.burn-flex.opt-level=1' -p zoo-wasm --target $target --lib --crate-type cdylib
node tests/wasm/smoke.mjs "$CARGO_TARGET_DIR/$target/debug/zoo_wasm.wasm" 4
