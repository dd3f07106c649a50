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

const cellOf = (x: number, y: number): number => (y >> CELL_BITS) * SIDE + (x >> CELL_BITS);

export interface Aim {
  px: number;
  py: number;
  reach: number; // in pixels
}

// The index of the point, or -1 when none that is shown lies within reach.
export function nearestPoint(
  { x, y }: { x: Uint16Array; y: Uint16Array }, misses: Uint32Array, grid: Grid, view: Viewport, frame: Frame, at: Aim,
): number {
  const [ux, uy] = toMap(view, frame, at.px, at.py).map((value) => value * FULL_SCALE) as [number, number];
  const [sx, sy] = scaleOf(view, frame).map((value) => value / FULL_SCALE) as [number, number];
  const [left, right] = cellsAround(ux, at.reach / sx);
  const [low, high] = cellsAround(uy, at.reach / sy);
  let least = at.reach * at.reach;
  let found = -1;
  for (let line = low; line <= high; line++) {
    const end = grid.starts[line * SIDE + right + 1]!;
    for (let k = grid.starts[line * SIDE + left]!; k < end; k++) {
      const i = grid.points[k]!;
      const dx = (x[i]! - ux) * sx;
      const dy = (y[i]! - uy) * sy;
      const distance = dx * dx + dy * dy;
      if (distance < least && misses[i] === 0) {
        least = distance;
        found = i;
      }
    }
  }
  return found;
}

function cellsAround(center: number, reach: number): [number, number] {
  const cell = (value: number): number => Math.min(SIDE - 1, Math.max(0, Math.floor(value) >> CELL_BITS));
  return [cell(Math.max(0, center - reach)), cell(Math.min(FULL_SCALE, center + reach))];
}
