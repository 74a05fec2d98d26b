#!/usr/bin/env bash
# Draws every icon anew from the SVG sources in this folder.
# Needs rsvg-convert, png2icns and icotool (Debian: librsvg2-bin icnsutils icoutils).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

for program in rsvg-convert png2icns icotool; do
  command -v "$program" >/dev/null || {
    echo "$program is missing: apt-get install librsvg2-bin icnsutils icoutils" >&2
    exit 1
  }
done

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

draw() { # draw SVG PIXELS PNG
  rsvg-convert --width "$2" --height "$2" --output "$3" "$1"
}

draw icon.svg 32 32x32.png
draw icon.svg 128 128x128.png
draw icon.svg 256 128x128@2x.png
draw icon.svg 512 icon.png

for size in 16 24 32 48 64 128 256 512; do
  draw icon.svg "$size" "$work/$size.png"
done
png2icns icon.icns "$work"/{16,32,48,128,256,512}.png >/dev/null
# 32 first: Tauri takes the first one for the window. Only 256 may be a PNG inside.
icotool --create --output=icon.ico "$work"/{32,16,24,48,64}.png --raw="$work/256.png"

for state in healthy degraded unhealthy starting stopped; do
  draw "tray/$state.svg" 32 "tray/$state.png"
  draw "tray/$state.svg" 64 "tray/$state@2x.png"
done
