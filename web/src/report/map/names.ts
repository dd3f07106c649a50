// Names of clusters on the map: at the median of their rows, largest first, none over another.

import type { Facet, MapData } from "../blob";
import { color } from "../../shared/theme";
import { toScreen, type Frame, type Viewport } from "./viewport";

export interface Name {
  text: string;
  x: number;
  y: number;
  size: number;
  code: number;
}

const FULL_SCALE = 65_535;
const MAX_NAMES = 60;
const MAX_CHARACTERS = 28;
const PADDING = 5;

export function namesOf(data: MapData, facet: Facet): Name[] {
  const rows = new Map<number, number[]>();
  facet.codes.forEach((code, row) => {
    const known = rows.get(code);
    if (known === undefined) rows.set(code, [row]);
    else known.push(row);
  });
  const names = [...rows].map(([code, members]) => ({
    text: shortened(facet.values[code] ?? ""),
    x: median(members.map((row) => data.x[row] ?? 0)) / FULL_SCALE,
    y: median(members.map((row) => data.y[row] ?? 0)) / FULL_SCALE,
    size: members.length,
    code,
  }));
  return names.filter((name) => !["none", "other values"].includes(name.text)).sort((a, b) => b.size - a.size);
}

export function drawNames(
  context: CanvasRenderingContext2D, names: Name[], shown: (code: number) => boolean, view: Viewport, frame: Frame,
): void {
  context.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const taken: [number, number, number, number][] = [];
  for (const name of names.filter((one) => shown(one.code))) {
    if (taken.length >= MAX_NAMES) break;
    const [x, y] = toScreen(view, frame, name.x, name.y);
    const half = context.measureText(name.text).width / 2 + PADDING;
    if (x < half || y < 10 || x > frame.width - half || y > frame.height - 10) continue;
    if (taken.some(([l, t, r, b]) => x - half < r && x + half > l && y - 9 < b && y + 9 > t)) continue;
    taken.push([x - half, y - 9, x + half, y + 9]);
    context.lineWidth = 4;
    context.strokeStyle = color("--panel");
    context.fillStyle = color("--ink");
    context.strokeText(name.text, x, y);
    context.fillText(name.text, x, y);
  }
}

const shortened = (text: string): string =>
  text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1).trimEnd()}\u2026` : text;

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? 0;
}
