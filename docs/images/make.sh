#!/usr/bin/env bash
# Takes the pictures of the documentation from the real window, on a screen of its own.
#
#   docs/images/make.sh         writes resources-light.png, resources-dark.png, logs.png …
#
# Needs what the desktop's tests need (`cargo xtask test --only shell` installs it).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
BENCHTOP_PICTURES=$PWD/docs/images \
  cargo test --quiet --workspace --test shell -- --exact pictures_of_the_real_window --nocapture
