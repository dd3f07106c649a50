// What lies over the points: names of clusters, rings around rows, the selection and what is being drawn of it.

import { placed, type Name } from "./names";
import type { Polygon } from "./polygon";
import { toScreen, type Frame, type Viewport } from "./viewport";

interface Place {
  x: number; // map units
  y: number;
}

// What is said beside a point.
export interface Beside extends Place {
  text: string;
}

export interface Over {
  names: readonly Name[];
  polygons: readonly Polygon[];
  drawing: readonly (readonly [number, number])[]; // in pixels
  beside?: readonly Beside[];
  hovered: Place | null;
  chosen: Place | null;
}

export interface Inks {
  ground: string;
  ink: string;
  adds: string;
  takes: string;
}

const FONT = "600 12.5px";
const BESIDE_FONT = "400 12px";
const BESIDE_PIXELS = 11;
const POINT_PIXELS = 8;
const widths = new Map<string, number>();

// In CSS pixels: the caller has scaled the context.
export function drawOver(context: CanvasRenderingContext2D, view: Viewport, frame: Frame, over: Over, inks: Inks): void {
  const corners = (one: Polygon): (readonly [number, number])[] => one.corners.map(([x, y]) => toScreen(view, frame, x, y));
  for (const one of over.polygons) outline(context, corners(one), one.adds, inks);
  if (over.drawing.length > 1) outline(context, over.drawing, true, inks);
  drawNames(context, over.names, view, frame, inks);
  drawBeside(context, over.beside ?? [], view, frame);
  const ringAt = (at: Place, radius: number): void => ring(context, toScreen(view, frame, at.x, at.y), radius, inks);
  if (over.hovered !== null) ringAt(over.hovered, 6);
  if (over.chosen !== null) ringAt(over.chosen, 9);
}

function outline(context: CanvasRenderingContext2D, corners: readonly (readonly [number, number])[], adds: boolean, inks: Inks): void {
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x, y);
  context.closePath();
  context.setLineDash(adds ? [] : [5, 4]);
  context.lineWidth = 1.5;
  context.strokeStyle = adds ? inks.adds : inks.takes;
  context.stroke();
  context.globalAlpha = 0.08;
  context.fillStyle = context.strokeStyle;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function drawNames(context: CanvasRenderingContext2D, names: readonly Name[], view: Viewport, frame: Frame, inks: Inks): void {
  context.font = `${FONT} ${getComputedStyle(context.canvas).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = inks.ground;
  context.fillStyle = inks.ink;
  for (const name of placed(names, view, frame, (text) => widthOf(context, text))) {
    context.strokeText(name.text, name.px, name.py);
    context.fillText(name.text, name.px, name.py);
  }
}

// To the right of the points or to the left, none over another or over a point. In the colors that names have.
function drawBeside(context: CanvasRenderingContext2D, beside: readonly Beside[], view: Viewport, frame: Frame): void {
  context.font = `${BESIDE_FONT} ${getComputedStyle(context.canvas).fontFamily}`;
  context.textAlign = "left";
  const spots = beside.map(({ x, y }) => toScreen(view, frame, x, y));
  const taken = spots.map(([px, py]): [number, number, number] => [px - POINT_PIXELS, px + POINT_PIXELS, py]);
  for (const [i, { text }] of beside.entries()) {
    const [px, py] = spots[i]!;
    const width = context.measureText(text).width;
    const left = [px + BESIDE_PIXELS, px - BESIDE_PIXELS - width].find(
      (one) => one > 0 && one + width < frame.width && !taken.some(([l, r, middle]) => one < r && one + width > l && Math.abs(py - middle) < 14),
    );
    if (left === undefined) continue;
    taken.push([left, left + width, py]);
    context.strokeText(text, left, py);
    context.fillText(text, left, py);
  }
}

function widthOf(context: CanvasRenderingContext2D, text: string): number {
  const width = widths.get(text) ?? context.measureText(text).width;
  widths.set(text, width);
  return width;
}

// Two lines, so that it can be seen on any color.
function ring(context: CanvasRenderingContext2D, [px, py]: readonly [number, number], radius: number, inks: Inks): void {
  context.beginPath();
  context.arc(px, py, radius, 0, 2 * Math.PI);
  context.lineWidth = 5;
  context.strokeStyle = inks.ground;
  context.stroke();
  context.lineWidth = 2.5;
  context.strokeStyle = inks.ink;
  context.stroke();
}
