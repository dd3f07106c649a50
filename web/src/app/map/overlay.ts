// What lies over the points, on a canvas of the page: the worker draws on the other.

import { drawOver as draw, type Over } from "../../map/over";
import type { Frame, Viewport } from "../../map/viewport";
import { color } from "../../shared/theme";
import type { Size } from "../../worker/messages";

export function drawOver(canvas: HTMLCanvasElement, size: Size, view: Viewport, frame: Frame, over: Over): void {
  const [width, height] = [Math.round(size.width * size.ratio), Math.round(size.height * size.ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  draw(context, view, frame, over, { ground: color("--page"), ink: color("--ink"), adds: color("--accent"), takes: color("--bad") });
}
