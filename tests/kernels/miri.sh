#!/usr/bin/env bash
# zoo-kernels under Miri, which checks every access of the unsafe code: all kernels in plain Rust, small, and the pool with threads.
# Says that it is skipped where a nightly toolchain with Miri cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/burn-zoo/target}"

skip() { echo "skipped: $*"; exit 0; }
command -v rustup >/dev/null || skip "there is no rustup"
rustup toolchain list | grep -q '^nightly' || skip "there is no nightly toolchain"
cargo +nightly miri --version >/dev/null 2>&1 ||
  rustup component add miri rust-src --toolchain nightly >/dev/null 2>&1 || skip "Miri cannot be had"
cargo +nightly miri setup -q 2>/dev/null || skip "the standard library cannot be built for Miri"

# The pool sleeps by the clock, and threads tell the system how many processors there are.
MIRIFLAGS="-Zmiri-disable-isolation ${MIRIFLAGS:-}" cargo +nightly miri test -p zoo-kernels --locked --lib --test small "$@"
