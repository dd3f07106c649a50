// Colors of the values of a facet: Okabe and Ito's for the first, then spread hues; quiet for none.

import type { Facet } from "../blob";
import { color, isDark } from "../../shared/theme";

const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#b3438e", "#a67c00", "#3b8fc9", "#5b4fb0", "#a3303b", "#5d7f1f"];
const DARK = ["#56a9e8", "#ff8a3d", "#2cc79a", "#e389c4", "#e8c547", "#8fd0ff", "#a89bff", "#ff7b86", "#a9d15a"];
const SCALE_LIGHT = ["#a3303b", "#d55e00", "#a67c00", "#3b8fc9", "#0b4f80"];
const SCALE_DARK = ["#ff7b86", "#ff8a3d", "#e8c547", "#56a9e8", "#b9e0ff"];
const QUIET_VALUES = new Set(["none", "kept as it was", "predicted = label", "other values"]);

export type Rgb = [number, number, number];

export function paletteOf(facet: Facet): Rgb[] {
  const dark = isDark();
  const quiet = parse(color("--point-quiet"));
  return facet.values.map((value, i) => {
    if (QUIET_VALUES.has(value)) return quiet;
    if (facet.kind === "scale") return parse(scaleColor(facet, i, dark));
    return parse((dark ? DARK : LIGHT)[i] ?? "") ?? spread(i, dark);
  }).map((rgb, i) => rgb ?? spread(i, dark));
}

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

export function quietColor(): Rgb {
  return parse(color("--point-quiet")) ?? [128, 128, 128];
}

// A high label quality is good and a high outlier score strange: strange is warm in both.
function scaleColor(facet: Facet, index: number, dark: boolean): string {
  const colors = dark ? SCALE_DARK : SCALE_LIGHT;
  const place = facet.name === "outlier_score" ? colors.length - 1 - index : index;
  return colors[place] ?? "#808080";
}

function parse(hex: string): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (match === null) return null;
  return [1, 2, 3].map((i) => Number.parseInt(match[i] ?? "0", 16)) as Rgb;
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
