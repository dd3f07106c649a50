// What lies over the points: names of clusters, rings around rows, the selection and what is being drawn of it.

import { placed, type Name } from "../../map/names";
import type { Polygon } from "../../map/polygon";
import { toScreen, type Frame, type Viewport } from "../../map/viewport";
import { color } from "../../shared/theme";
import type { Place, Size } from "../../worker/messages";

export interface Over {
  names: readonly Name[];
  polygons: readonly Polygon[];
  drawing: readonly (readonly [number, number])[]; // in pixels
  hovered: Place | null;
  chosen: Place | null;
}

const FONT = "600 12.5px";
const widths = new Map<string, number>();

export function drawOver(canvas: HTMLCanvasElement, size: Size, view: Viewport, frame: Frame, over: Over): void {
  const [width, height] = [Math.round(size.width * size.ratio), Math.round(size.height * size.ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  const corners = (one: Polygon): (readonly [number, number])[] => one.corners.map(([x, y]) => toScreen(view, frame, x, y));
  for (const one of over.polygons) outline(context, corners(one), one.adds);
  if (over.drawing.length > 1) outline(context, over.drawing, true);
  drawNames(context, over.names, view, frame);
  if (over.hovered !== null) ring(context, over.hovered, view, frame, 6);
  if (over.chosen !== null) ring(context, over.chosen, view, frame, 9);
}

function outline(context: CanvasRenderingContext2D, corners: readonly (readonly [number, number])[], adds: boolean): void {
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x, y);
  context.closePath();
  context.setLineDash(adds ? [] : [5, 4]);
  context.lineWidth = 1.5;
  context.strokeStyle = color(adds ? "--accent" : "--bad");
  context.stroke();
  context.globalAlpha = 0.08;
  context.fillStyle = context.strokeStyle;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function drawNames(context: CanvasRenderingContext2D, names: readonly Name[], view: Viewport, frame: Frame): void {
  context.font = `${FONT} ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = color("--page");
  context.fillStyle = color("--ink");
  for (const name of placed(names, view, frame, (text) => widthOf(context, text))) {
    context.strokeText(name.text, name.px, name.py);
    context.fillText(name.text, name.px, name.py);
  }
}

function widthOf(context: CanvasRenderingContext2D, text: string): number {
  const width = widths.get(text) ?? context.measureText(text).width;
  widths.set(text, width);
  return width;
}

// Two lines, so that it can be seen on any color.
function ring(context: CanvasRenderingContext2D, at: Place, view: Viewport, frame: Frame, radius: number): void {
  const [px, py] = toScreen(view, frame, at.x, at.y);
  context.beginPath();
  context.arc(px, py, radius, 0, 2 * Math.PI);
  context.lineWidth = 5;
  context.strokeStyle = color("--page");
  context.stroke();
  context.lineWidth = 2.5;
  context.strokeStyle = color("--ink");
  context.stroke();
}
