// Colors of the values of a facet: Okabe and Ito's for the first, then spread hues; quiet for none.

import { OUTCOME_TONES } from "../shared/outcomes";
import { LAST_STEP, NONE, NO_NUMBER, choicesOf, isSmooth, type Facet } from "./facet";

export type Rgb = readonly [number, number, number];

export interface Tone {
  dark: boolean;
  ground: Rgb;
  quiet: Rgb;
}

const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#b3438e", "#a67c00", "#3b8fc9", "#5b4fb0", "#a3303b", "#5d7f1f"];
const DARK = ["#56a9e8", "#ff8a3d", "#2cc79a", "#e389c4", "#e8c547", "#8fd0ff", "#a89bff", "#ff7b86", "#a9d15a"];
const SCALE_LIGHT = ["#a3303b", "#d55e00", "#a67c00", "#3b8fc9", "#0b4f80"];
const SCALE_DARK = ["#ff7b86", "#ff8a3d", "#e8c547", "#56a9e8", "#b9e0ff"];
const QUIET_VALUES = new Set([
  NONE, "no label", "other values", "as in parent", "kept as it was", "predicted = label", "not compared", "open",
]);
// Of outcomes, in light and dark: the tones of the pages (shared/theme.css).
const TONES = { plain: ["#1d5fbf", "#7db4ff"], good: ["#0a6e4a", "#4fd1a1"], bad: ["#b3261e", "#ff8a80"], quiet: ["#667080", "#9fabbc"] } as const;
const LOW_IS_STRANGE = new Set(["label_quality"]);

// A color for every choice of a facet that has values.
export function valueColors(facet: Facet, tone: Tone): Rgb[] {
  if (facet.kind === "scale") return stepColors(facet, tone);
  const first = (tone.dark ? DARK : LIGHT).map(parsed);
  return choicesOf(facet).map((value, place) =>
    QUIET_VALUES.has(value) || (facet.kind === "flags" && place === facet.values.length) ? tone.quiet : (outcomeColor(value, tone) ?? first[place] ?? spread(place, tone.dark)),
  );
}

function outcomeColor(value: string, { dark }: Tone): Rgb | null {
  const tone = OUTCOME_TONES[value];
  return tone === undefined ? null : parsed(TONES[tone][dark ? 1 : 0]);
}

function stepColors(facet: Facet, tone: Tone): Rgb[] {
  const last = facet.values.filter((value) => value !== NONE).length - 1;
  return facet.values.map((value, place) => (value === NONE ? tone.quiet : scaleColor(facet, last < 1 ? 0 : place / last, tone)));
}

// The color of a share (0..1) of a scale. Strange is warm: a low label quality, a high score.
export function scaleColor(facet: Facet, share: number, tone: Tone): Rgb {
  const stops = (tone.dark ? SCALE_DARK : SCALE_LIGHT).map(parsed);
  const at = (LOW_IS_STRANGE.has(facet.name) ? share : 1 - share) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(at));
  return mixed(stops[below] ?? tone.quiet, stops[below + 1] ?? tone.quiet, at - below);
}

export interface Painted {
  colors: Uint32Array; // 256 pixels, quiet where there is no such slot
  slotOf: Uint8Array; // by code
}

export const QUIET_SLOT = 255;

// What the raster draws codes with. `only`: of flags, the bits that may give a row its color, all when empty.
export function painted(facet: Facet, space: number, tone: Tone, only: readonly number[] = []): Painted {
  const colors = new Uint32Array(256).fill(pixel(tone.quiet));
  const slotOf = new Uint8Array(space).fill(QUIET_SLOT);
  if (isSmooth(facet)) {
    for (let step = 0; step <= LAST_STEP; step++) {
      colors[step] = pixel(scaleColor(facet, step / LAST_STEP, tone));
      slotOf[step] = step;
    }
    slotOf[NO_NUMBER] = QUIET_SLOT;
    return { colors, slotOf };
  }
  valueColors(facet, tone).slice(0, QUIET_SLOT).forEach((rgb, place) => {
    colors[place] = pixel(rgb);
    if (facet.kind !== "flags") slotOf[place] = place;
  });
  if (facet.kind === "flags") {
    const bits = facet.values.map((_, bit) => bit).filter((bit) => only.length === 0 || only.includes(bit));
    for (let code = 1; code < space; code++) slotOf[code] = bits.find((bit) => (code >> bit) & 1) ?? QUIET_SLOT;
  }
  return { colors, slotOf };
}

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

// ImageData is red, green, blue, alpha in memory; every browser runs on little-endian machines.
export const pixel = ([r, g, b]: Rgb): number => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

export function mixed(a: Rgb, b: Rgb, share: number): Rgb {
  const between = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * share);
  return [between(0), between(1), between(2)];
}

// Six digits, or three as style sheets are made short.
export function parsed(hex: string): Rgb {
  const digits = /^#[0-9a-f]{3}$/i.test(hex) ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(digits);
  const part = (i: number): number => Number.parseInt(match?.[i] ?? "80", 16);
  return [part(1), part(2), part(3)];
}

// The golden angle keeps neighbors in the list apart in hue.
function spread(index: number, dark: boolean): Rgb {
  const hue = (index * 137.508) % 360;
  const light = (dark ? 0.66 : 0.42) + 0.08 * ((index % 3) - 1);
  const a = 0.62 * Math.min(light, 1 - light);
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (light - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
