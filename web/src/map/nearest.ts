// The shown point nearest to a place, through a grid of 256 x 256 cells over the map.

import { scaleOf, toMap, type Frame, type Viewport } from "./viewport";

const FULL_SCALE = 65_535;
const CELL_BITS = 8;
const SIDE = 256;

export interface Grid {
  starts: Uint32Array;
  points: Uint32Array;
}

export function gridOf(x: Uint16Array, y: Uint16Array, n: number): Grid {
  const starts = new Uint32Array(SIDE * SIDE + 1);
  for (let i = 0; i < n; i++) starts[cellOf(x[i]!, y[i]!) + 1]! += 1;
  for (let cell = 0; cell < SIDE * SIDE; cell++) starts[cell + 1]! += starts[cell]!;
  const next = starts.slice();
  const points = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const cell = cellOf(x[i]!, y[i]!);
    points[next[cell]!] = i;
    next[cell]! += 1;
  }
  return { starts, points };
}

// No fewer than the points that lie within the frame: those of its cells.
export function mostInSight({ starts }: Grid, view: Viewport, frame: Frame): number {
  const { cells: [left, right, low, high] } = sightOf(view, frame);
  let found = 0;
  for (let line = low; line <= high; line++) found += starts[line * SIDE + right + 1]! - starts[line * SIDE + left]!;
  return found;
}

// The shown points within the frame; none where they are more than `most`.
export function shownInSight(
  { x, y }: { x: Uint16Array; y: Uint16Array }, misses: Uint32Array, grid: Grid, view: Viewport, frame: Frame, most: number,
): number[] {
  const { corners: [x0, x1, y0, y1], cells: [left, right, low, high] } = sightOf(view, frame);
  const found: number[] = [];
  for (let line = low; line <= high; line++) {
    const end = grid.starts[line * SIDE + right + 1]!;
    for (let k = grid.starts[line * SIDE + left]!; k < end; k++) {
      const i = grid.points[k]!;
      if (misses[i] !== 0 || x[i]! < x0 || x[i]! > x1 || y[i]! < y0 || y[i]! > y1) continue;
      if (found.length === most) return [];
      found.push(i);
    }
  }
  return found;
}

type Four = [number, number, number, number];

// The frame on the map: left, right, bottom, top; and the cells that it touches.
function sightOf(view: Viewport, frame: Frame): { corners: Four; cells: Four } {
  const corner = (px: number, py: number): [number, number] => toMap(view, frame, px, py).map((value) => value * FULL_SCALE) as [number, number];
  const [[x0, y0], [x1, y1]] = [corner(0, frame.height), corner(frame.width, 0)];
  const around = (from: number, to: number): [number, number] => cellsAround((from + to) / 2, (to - from) / 2);
  return { corners: [x0, x1, y0, y1], cells: [...around(x0, x1), ...around(y0, y1)] };
}

const cellOf = (x: number, y: number): number => (y >> CELL_BITS) * SIDE + (x >> CELL_BITS);

// Which points can be aimed at: those that miss no test, and rather one that lies over the others.
export interface Seen {
  misses: Uint32Array;
  isLoud: (point: number) => boolean;
}

export interface Aim {
  px: number;
  py: number;
  reach: number; // in pixels
}

// As far as the largest disc goes from its center: what lies on top there is what is seen.
const OVER = 4;

// The index of the point, or -1 when none that is shown lies within reach.
export function nearestPoint(
  { x, y }: { x: Uint16Array; y: Uint16Array }, { misses, isLoud }: Seen, grid: Grid, view: Viewport, frame: Frame, at: Aim,
): number {
  const [ux, uy] = toMap(view, frame, at.px, at.py).map((value) => value * FULL_SCALE) as [number, number];
  const [sx, sy] = scaleOf(view, frame).map((value) => value / FULL_SCALE) as [number, number];
  const [left, right] = cellsAround(ux, at.reach / sx);
  const [low, high] = cellsAround(uy, at.reach / sy);
  let [least, found] = [at.reach ** 2, -1];
  let [leastOver, over] = [Math.min(at.reach, OVER) ** 2, -1];
  for (let line = low; line <= high; line++) {
    const end = grid.starts[line * SIDE + right + 1]!;
    for (let k = grid.starts[line * SIDE + left]!; k < end; k++) {
      const i = grid.points[k]!;
      const dx = (x[i]! - ux) * sx;
      const dy = (y[i]! - uy) * sy;
      const distance = dx * dx + dy * dy;
      if (misses[i] !== 0) continue;
      if (distance < least) [least, found] = [distance, i];
      if (distance < leastOver && isLoud(i)) [leastOver, over] = [distance, i];
    }
  }
  return over < 0 ? found : over;
}

function cellsAround(center: number, reach: number): [number, number] {
  const cell = (value: number): number => Math.min(SIDE - 1, Math.max(0, Math.floor(value) >> CELL_BITS));
  return [cell(Math.max(0, center - reach)), cell(Math.min(FULL_SCALE, center + reach))];
}
