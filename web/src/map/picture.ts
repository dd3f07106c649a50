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

// Of the points shown the last `loud` lie over the others.
export interface Layered extends Drawable {
  loud: number;
  isLoud: (point: number) => boolean;
}

const FAINT = 0.22;
const BESIDE = 0.5;
// Of a frame that has no room for all points, how much is for the loud ones, and how large one among a million is.
const LOUD_SHARE = 0.25;
const LOUD_SIZE = 3;

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

// The same points with those in the quiet color below the others: one that is flagged is seen among a million. Loud ones
// are listed from the last on: the first of them, all that a frame may have room for, lie on top in every frame.
// No branch a point, as in `arrange`.
export function quietFirst(points: Drawable, slots: Uint8Array, paint: Paint, into = new Uint32Array(points.order.order.length)): Layered {
  const { x, y, n } = points;
  const { order, shown, beside } = points.order;
  const { colors } = paint.painted;
  const says = Uint8Array.from(colors, (color) => (color === colors[QUIET_SLOT] ? 0 : 1));
  let loud = 0;
  for (let k = 0; k < shown; k++) {
    const point = order[k]!;
    into[k - loud] = point;
    into[shown - 1 - loud] = point;
    loud += says[slots[point]!]!;
  }
  into.set(order.subarray(order.length - beside), into.length - beside);
  return { x, y, n, order: { order: into, shown, beside }, loud, isLoud: (point) => says[slots[point]!] === 1 };
}

// Draws at most `most` points, those shown first, and gives how many.
export function drawPicture(
  pixels: Pixels, points: Layered, slots: Uint8Array, paint: Paint, at: { view: Viewport; frame: Frame; inSight?: number }, most = Infinity,
): number {
  const { order, shown, beside } = points.order;
  const ratio = pixels.width / at.frame.width;
  const to = projectionOf(at.view, at.frame, pixels);
  const room = Math.floor(most);
  const front = Math.min(shown, room);
  const back = room - front;
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
  const above = loudOf(points, front);
  const plainSize = pointSize(at.frame, at.view, shown, at.inSight);
  const loudSize = Math.max(plainSize, Math.min(LOUD_SIZE, pointSize(at.frame, at.view, points.loud)));
  const ink = (size: number): Ink => ({ slots, colors: paint.painted.colors, size: Math.round(size * ratio) });
  drawPoints(pixels, points, to, order, [0, front - above], ink(plainSize));
  drawPoints(pixels, points, to, order, [shown - above, shown], ink(loudSize));
  return front + faint + grey;
}

// How many loud points are among `most` that are drawn: their fair share, but all of them where they are few.
function loudOf({ order: { shown }, loud }: Layered, most: number): number {
  return most === shown ? loud : Math.max(Math.round((most * loud) / shown), Math.min(loud, Math.floor(most * LOUD_SHARE)));
}
