// Points as pixels: passes over typed arrays into the 32-bit pixels of an ImageData. Needs no GPU.

import { scaleOf, type Frame, type Viewport } from "./viewport";

const FULL_SCALE = 65_535;
const MOST_SIZE = 7;
const MOST_IN_SIGHT = 13;

export interface Pixels {
  data: Uint32Array;
  width: number;
  height: number;
}

export interface Spot {
  x: Uint16Array;
  y: Uint16Array;
}

// From coordinates (0..65535) to pixels, before rounding down.
export interface Projection {
  sx: number;
  sy: number;
  left: number;
  top: number;
}

export function projectionOf(view: Viewport, frame: Frame, pixels: Pixels): Projection {
  const ratio = pixels.width / frame.width;
  const [sx, sy] = scaleOf(view, frame).map((scale) => (scale * ratio) / FULL_SCALE) as [number, number];
  return {
    sx,
    sy,
    left: pixels.width / 2 - view.x * FULL_SCALE * sx + 0.5,
    top: pixels.height / 2 + view.y * FULL_SCALE * sy + 0.5,
  };
}

// Few points are drawn larger, so that two hundred of a million can be seen; those few that are in sight yet larger.
export function pointSize(frame: Frame, view: Viewport, shown: number, inSight = shown): number {
  const sizeOf = (zoom: number, n: number): number => 1 + Math.floor(Math.sqrt((frame.width * frame.height * zoom) / Math.max(1, n)) / 3);
  return Math.max(Math.min(MOST_SIZE, sizeOf(view.zoom, shown)), inSight < shown ? Math.min(MOST_IN_SIGHT, sizeOf(0.5, inSight)) : 0);
}

// The first `n` points, one pixel each, in one color: what is filtered out.
export function drawFaint(pixels: Pixels, spot: Spot, to: Projection, n: number, color: number): void {
  const { data, width, height } = pixels;
  const { x, y } = spot;
  const { sx, sy, left, top } = to;
  for (let i = 0; i < n; i++) {
    const px = (left + x[i]! * sx) | 0;
    const py = (top - y[i]! * sy) | 0;
    if (px >= 0 && px < width && py >= 0 && py < height) data[py * width + px] = color;
  }
}

export interface Ink {
  slots: Uint8Array; // a point's place in `colors`
  colors: Uint32Array;
  size: number; // in pixels of the image
}

// The points `order[from..to)`, in their colors.
export function drawPoints(
  pixels: Pixels, spot: Spot, to: Projection, order: Uint32Array, range: readonly [number, number], ink: Ink,
): void {
  if (ink.size === 1) drawDots(pixels, spot, to, order, range, ink);
  else if (ink.size === 2) drawPairs(pixels, spot, to, order, range, ink);
  else drawStamps(pixels, spot, to, order, range, ink);
}

// One loop a size, with nothing decided inside it: these are the frames of a million points.
function drawDots(
  pixels: Pixels, spot: Spot, to: Projection, order: Uint32Array, range: readonly [number, number], ink: Ink,
): void {
  const { data, width, height } = pixels;
  const { x, y } = spot;
  const { sx, sy, left, top } = to;
  const { slots, colors } = ink;
  for (let k = range[0]; k < range[1]; k++) {
    const i = order[k]!;
    const px = (left + x[i]! * sx) | 0;
    const py = (top - y[i]! * sy) | 0;
    if (px >= 0 && px < width && py >= 0 && py < height) data[py * width + px] = colors[slots[i]!]!;
  }
}

// Four pixels; at the very edge of the picture a point is left out.
function drawPairs(
  pixels: Pixels, spot: Spot, to: Projection, order: Uint32Array, range: readonly [number, number], ink: Ink,
): void {
  const { data, width, height } = pixels;
  const { x, y } = spot;
  const { sx, sy, left, top } = to;
  const { slots, colors } = ink;
  for (let k = range[0]; k < range[1]; k++) {
    const i = order[k]!;
    const px = (left + x[i]! * sx) | 0;
    const py = (top - y[i]! * sy) | 0;
    if (px < 1 || px >= width || py < 1 || py >= height) continue;
    const color = colors[slots[i]!]!;
    const at = py * width + px;
    data[at] = color;
    data[at - 1] = color;
    data[at - width] = color;
    data[at - width - 1] = color;
  }
}

// Discs, as rows of pixels.
function drawStamps(
  pixels: Pixels, spot: Spot, to: Projection, order: Uint32Array, range: readonly [number, number], ink: Ink,
): void {
  const { data, width, height } = pixels;
  const halves = discOf(ink.size);
  const half = ink.size >> 1;
  for (let k = range[0]; k < range[1]; k++) {
    const i = order[k]!;
    const px = (to.left + spot.x[i]! * to.sx) | 0;
    const py = ((to.top - spot.y[i]! * to.sy) | 0) - half;
    if (px < -half || px > width + half || py < -ink.size || py >= height) continue;
    const color = ink.colors[ink.slots[i]!]!;
    for (let line = 0; line < ink.size; line++) {
      const y = py + line;
      if (y < 0 || y >= height) continue;
      const [before, after] = [px - half + halves[line]!, px - half + ink.size - halves[line]!];
      data.fill(color, y * width + Math.max(0, before), y * width + Math.min(width, Math.max(0, after)));
    }
  }
}

// How many pixels are left out at each side of each line of a disc.
function discOf(size: number): Uint8Array {
  const radius = size / 2;
  return Uint8Array.from({ length: size }, (_, line) => {
    const dy = line + 0.5 - radius;
    return Math.round(radius - Math.sqrt(Math.max(0, radius * radius - dy * dy)));
  });
}
