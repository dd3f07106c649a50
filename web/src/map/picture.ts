// One picture of the points: what is filtered out faintly, what lies beside the lasso grey, what is shown in its colors.

import { NO_NUMBER, type Codes, type Facet, type Filter } from "./facet";
import { QUIET_SLOT, mixed, painted, pixel, type Painted, type Rgb, type Tone } from "./palette";
import { drawFaint, drawPoints, pointSize, projectionOf, type Ink, type Pixels, type Spot } from "./raster";
import type { Order } from "./select";
import { whole, type Frame, type Viewport } from "./viewport";

// How points are drawn: in the colors of a facet (none: all in one), on a ground.
export interface Paint {
  facet: string | null;
  painted: Painted;
  ground: number;
  faint: number;
  beside: number;
}

export interface Drawable extends Spot {
  n: number;
  order: Order;
}

const FAINT = 0.22;
const BESIDE = 0.5;

export function paintOf(facet: Facet | null, filter: Filter | undefined, tone: Tone): Paint {
  const only = facet?.kind === "flags" && filter?.kind === "values" ? filter.values : [];
  const mixedIn = (share: number): number => pixel(mixed(tone.ground, tone.quiet, share));
  return {
    facet: facet?.name ?? null,
    painted: facet === null ? plain(tone.quiet) : painted(facet, spaceFor(facet), tone, only),
    ground: pixel(tone.ground),
    faint: mixedIn(FAINT),
    beside: mixedIn(BESIDE),
  };
}

const plain = (rgb: Rgb): Painted => ({ colors: new Uint32Array(256).fill(pixel(rgb)), slotOf: new Uint8Array(256) });

const spaceFor = (facet: Facet): number => (facet.kind === "flags" || facet.values.length > NO_NUMBER ? 65_536 : 256);

// A point's place among the colors.
export function takeSlots(slots: Uint8Array, codes: Codes | undefined, paint: Paint, n: number): void {
  const { slotOf } = paint.painted;
  if (codes === undefined) slots.fill(0);
  else for (let i = 0; i < n; i++) slots[i] = slotOf[codes[i]!]!;
}

// The same points with those in the quiet color below the others: for a map that is always drawn whole, as of the first
// points of this order no part is a fair sample.
export function quietFirst({ order, shown, beside }: Order, slots: Uint8Array, paint: Paint): Order {
  const { colors } = paint.painted;
  const isQuiet = (point: number): boolean => colors[slots[point]!] === colors[QUIET_SLOT];
  const points = order.slice();
  points.set(order.subarray(0, shown).filter(isQuiet));
  const loud = order.subarray(0, shown).filter((point) => !isQuiet(point));
  points.set(loud, shown - loud.length);
  return { order: points, shown, beside };
}

// Draws at most `most` points, those shown first, and gives how many.
export function drawPicture(
  pixels: Pixels, points: Drawable, slots: Uint8Array, paint: Paint, at: { view: Viewport; frame: Frame }, most = Infinity,
): number {
  const { order, shown, beside } = points.order;
  const ratio = pixels.width / at.frame.width;
  const to = projectionOf(at.view, at.frame, pixels);
  const front = Math.min(shown, most);
  const back = Math.max(0, most - front);
  const faint = shown + beside === points.n ? 0 : Math.min(points.n, back);
  const grey = Math.min(beside, back);
  // Half as large as the points of the whole map are.
  const small = Math.round(pointSize(at.frame, whole(), points.n) / 2);
  const plain = (color: number): Ink => ({ slots, colors: new Uint32Array(256).fill(color), size: Math.round(small * ratio) });
  pixels.data.fill(paint.ground);
  if (faint > 0 && small === 1) drawFaint(pixels, points, to, faint, paint.faint);
  else if (faint > 0) drawPoints(pixels, points, to, Uint32Array.from({ length: faint }, (_, i) => i), [0, faint], plain(paint.faint));
  const last = order.length;
  if (grey > 0) drawPoints(pixels, points, to, order, [last - grey, last], plain(paint.beside));
  const size = Math.round(pointSize(at.frame, at.view, shown) * ratio);
  drawPoints(pixels, points, to, order, [0, front], { slots, colors: paint.painted.colors, size });
  return front + faint + grey;
}
