// Names of clusters on the map: at the median of their shown rows, above these where they are few, largest first, none
// over another.

import { NONE, type Codes, type Facet } from "./facet";
import type { Order } from "./select";
import { toScreen, type Frame, type Viewport } from "./viewport";

export interface Name {
  text: string;
  x: number; // map units
  y: number;
  size: number;
  code: number;
  above: boolean;
}

export interface PlacedName {
  text: string;
  px: number;
  py: number;
}

const FULL_SCALE = 65_535;
const BINS = 256;
const MOST_NAMES = 60;
const MOST_CHARACTERS = 28;
const LEAST_SHARE = 0.0005;
// A name on its points hides some: of few there would be nothing left to see.
const LEAST_POINTS = 6;
const FEW_POINTS = 100;
const ABOVE_PIXELS = 13;
const NAMELESS = new Set([NONE, "other values"]);

export function namesOf(facet: Facet, codes: Codes, x: Uint16Array, y: Uint16Array, into: Order): Name[] {
  const n = facet.values.length;
  const [across, up, sizes] = [new Uint32Array(n * BINS), new Uint32Array(n * BINS), new Uint32Array(n)];
  for (let k = 0; k < into.shown; k++) {
    const i = into.order[k]!;
    const code = codes[i]!;
    across[code * BINS + (x[i]! >> 8)]! += 1;
    up[code * BINS + (y[i]! >> 8)]! += 1;
    sizes[code]! += 1;
  }
  const least = Math.max(LEAST_POINTS, into.shown * LEAST_SHARE);
  return facet.values
    .map((value, code) => {
      const above = sizes[code]! < FEW_POINTS;
      return {
        text: value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS - 1).trimEnd()}\u2026` : value,
        x: quantile(across.subarray(code * BINS, (code + 1) * BINS), sizes[code]!, 0.5),
        y: quantile(up.subarray(code * BINS, (code + 1) * BINS), sizes[code]!, above ? 0.9 : 0.5),
        size: sizes[code]!,
        code,
        above,
      };
    })
    .filter((name) => name.size >= least && !NAMELESS.has(name.text))
    .sort((a, b) => b.size - a.size || a.code - b.code);
}

// In map units, straight within the bin that holds it.
function quantile(bins: Uint32Array, size: number, share: number): number {
  let below = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const count = bins[bin]!;
    if (count > 0 && below + count >= size * share) return ((bin + (size * share - below) / count) * 256) / FULL_SCALE;
    below += count;
  }
  return 0.5;
}

// `widthOf` measures a text in pixels; names that would lie over a larger one are left out.
export function placed(
  names: readonly Name[], view: Viewport, frame: Frame, widthOf: (text: string) => number,
): PlacedName[] {
  const taken: [number, number, number, number][] = [];
  const kept: PlacedName[] = [];
  for (const name of names) {
    if (kept.length >= MOST_NAMES) break;
    const [px, middle] = toScreen(view, frame, name.x, name.y);
    const py = name.above ? middle - ABOVE_PIXELS : middle;
    const half = widthOf(name.text) / 2 + 5;
    if (px < half || py < 10 || px > frame.width - half || py > frame.height - 10) continue;
    if (taken.some(([l, t, r, b]) => px - half < r && px + half > l && py - 9 < b && py + 9 > t)) continue;
    taken.push([px - half, py - 9, px + half, py + 9]);
    kept.push({ text: name.text, px, py });
  }
  return kept;
}
