// Points as pixels: one pass over typed arrays into ImageData. Needs no GPU; 50,000 points take a few ms.

import type { MapData } from "../blob";
import type { Rgb } from "./palette";
import { scaleOf, type Frame, type Viewport } from "./viewport";

const FULL_SCALE = 65_535;

export interface Look {
  colors: Rgb[];
  quiet: Rgb;
  // Per row: index of the color, or -1 where the row is filtered out and drawn faintly.
  codes: Int16Array;
  size: number;
}

export function drawPoints(
  context: CanvasRenderingContext2D,
  data: MapData,
  look: Look,
  view: Viewport,
  frame: Frame,
  ratio: number,
): void {
  const width = Math.max(1, Math.round(frame.width * ratio));
  const height = Math.max(1, Math.round(frame.height * ratio));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const faint = packed(look.quiet, 46);
  const colors = look.colors.map((rgb) => packed(rgb, 235));
  const [sx, sy] = scaleOf(view, frame).map((scale) => (scale * ratio) / FULL_SCALE) as [number, number];
  const left = width / 2 - view.x * FULL_SCALE * sx;
  const top = height / 2 + view.y * FULL_SCALE * sy;
  const paint = (wanted: boolean, size: number): void => {
    for (let i = 0; i < data.rows; i++) {
      const code = look.codes[i] ?? -1;
      if (code >= 0 !== wanted) continue;
      const px = Math.round(left + (data.x[i] ?? 0) * sx);
      const py = Math.round(top - (data.y[i] ?? 0) * sy);
      stamp(pixels, width, height, px, py, size, code < 0 ? faint : (colors[code] ?? faint));
    }
  };
  paint(false, Math.max(1, Math.round(ratio)));
  paint(true, Math.max(1, Math.round(look.size * ratio)));
  context.putImageData(image, 0, 0);
}

// A square with its corners cut from 3 pixels on, which reads as a disc.
function stamp(
  pixels: Uint32Array, width: number, height: number, px: number, py: number, size: number, value: number,
): void {
  const half = size >> 1;
  for (let dy = 0; dy < size; dy++) {
    const y = py + dy - half;
    if (y < 0 || y >= height) continue;
    for (let dx = 0; dx < size; dx++) {
      const x = px + dx - half;
      if (x < 0 || x >= width) continue;
      const corner = size > 2 && (dx === 0 || dx === size - 1) && (dy === 0 || dy === size - 1);
      if (!corner) pixels[y * width + x] = value;
    }
  }
}

// ImageData is red, green, blue, alpha in memory; every browser runs on little-endian machines.
function packed([r, g, b]: Rgb, alpha: number): number {
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
