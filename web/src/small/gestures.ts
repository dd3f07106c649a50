// Pointer, wheel and keys on the map. The page scrolls as usual: the wheel zooms only with Ctrl or
// once the map has focus by a click, and one finger up or down scrolls on.

import { toMap, panned, whole, zoomed } from "../map/viewport";
import { readPolygons, writePolygons } from "../map/polygon";
import type { SmallMap } from "./map";

type Spot = [number, number];

const REACH = 14;
const STEP = 60;
const NEAR = 4;
const CLICK = 5;

export function listen(map: SmallMap): void {
  const { canvas, buttons } = map.parts;
  const hand = new Hand(map);
  canvas.addEventListener("pointerdown", (event) => hand.down(event));
  canvas.addEventListener("pointermove", (event) => hand.move(event));
  canvas.addEventListener("pointerup", (event) => hand.up(event));
  canvas.addEventListener("pointercancel", () => hand.cancel());
  canvas.addEventListener("pointerleave", () => map.hide());
  canvas.addEventListener("dblclick", (event) => zoomAt(map, 2, event.offsetX, event.offsetY));
  canvas.addEventListener("wheel", (event) => zoomByWheel(map, event), { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") hand.cancel();
    if (hear(map, event.key)) event.preventDefault();
  });
  buttons.closer.addEventListener("click", () => zoomAtCenter(map, 1.5));
  buttons.wider.addEventListener("click", () => zoomAtCenter(map, 1 / 1.5));
  buttons.fit.addEventListener("click", () => map.look(whole()));
  buttons.lasso.addEventListener("click", () => map.setLasso(!map.lassoing));
}

// Fingers on the map; with the lasso on, the way of the only one.
class Hand {
  private readonly fingers = new Map<number, Spot>();
  private corners: Spot[] = [];
  private moved = 0;
  private gap = 0;

  constructor(private readonly map: SmallMap) {}

  down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.map.parts.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
    this.gap = this.spread();
    this.draw(this.map.lassoing && this.fingers.size === 1 ? [[event.offsetX, event.offsetY]] : []);
  }

  move(event: PointerEvent): void {
    const { map } = this;
    const before = this.fingers.get(event.pointerId);
    const here: Spot = [event.offsetX, event.offsetY];
    if (before === undefined) return map.read(here[0], here[1], REACH);
    this.fingers.set(event.pointerId, here);
    const [dx, dy] = [here[0] - before[0], here[1] - before[1]];
    this.moved += Math.hypot(dx, dy);
    const last = this.corners.at(-1);
    if (this.fingers.size > 1) this.pinch(here);
    else if (last === undefined) map.look(panned(map.view, map.frame, dx, dy));
    else if (Math.hypot(here[0] - last[0], here[1] - last[1]) >= NEAR) this.draw([...this.corners, here]);
  }

  up(event: PointerEvent): void {
    const alone = this.fingers.size === 1 && this.fingers.has(event.pointerId);
    const { corners } = this;
    this.fingers.delete(event.pointerId);
    this.gap = this.spread();
    this.draw([]);
    if (!alone) return;
    if (this.moved <= CLICK) this.map.read(event.offsetX, event.offsetY, 2 * REACH, true);
    else if (corners.length >= 3) this.select(corners, event);
  }

  cancel(): void {
    this.fingers.clear();
    this.draw([]);
  }

  // A polygon replaces the selection, with Shift it adds to it, with Alt it takes from it. Its corners are rounded as
  // those that the app writes: both give the same rows.
  private select(corners: readonly Spot[], { altKey, shiftKey }: PointerEvent): void {
    const { map } = this;
    const polygon = { adds: !altKey, corners: corners.map(([px, py]) => toMap(map.view, map.frame, px, py)) };
    map.select([...(shiftKey || altKey ? map.polygons : []), ...readPolygons(writePolygons([polygon]))]);
  }

  private draw(corners: Spot[]): void {
    if (this.corners.length === 0 && corners.length === 0) return;
    this.corners = corners;
    this.map.show(corners);
  }

  private pinch(here: Spot): void {
    this.draw([]);
    const now = this.spread();
    if (this.gap > 0) zoomAt(this.map, now / this.gap, here[0], here[1]);
    this.gap = now;
  }

  private spread(): number {
    const [a, b] = [...this.fingers.values()];
    return a === undefined || b === undefined ? 0 : Math.hypot(a[0] - b[0], a[1] - b[1]);
  }
}

function zoomByWheel(map: SmallMap, event: WheelEvent): void {
  const { canvas } = map.parts;
  const focused = (canvas.getRootNode() as Document | ShadowRoot).activeElement;
  if (!event.ctrlKey && !event.metaKey && focused !== canvas) return;
  event.preventDefault();
  zoomAt(map, Math.exp(-event.deltaY * (event.ctrlKey ? 0.004 : 0.0015)), event.offsetX, event.offsetY);
}

const MOVES: Record<string, Spot> = {
  ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP],
};

function hear(map: SmallMap, key: string): boolean {
  const move = MOVES[key];
  if (move !== undefined) map.look(panned(map.view, map.frame, ...move));
  else if (key === "+" || key === "=") zoomAtCenter(map, 1.5);
  else if (key === "-") zoomAtCenter(map, 1 / 1.5);
  else if (key === "0") map.look(whole());
  else if (key === "Enter") map.read(map.frame.width / 2, map.frame.height / 2, Infinity, true);
  else if (key === "Escape") map.hide();
  else return false;
  return true;
}

function zoomAtCenter(map: SmallMap, factor: number): void {
  zoomAt(map, factor, map.frame.width / 2, map.frame.height / 2);
}

function zoomAt(map: SmallMap, factor: number, px: number, py: number): void {
  map.look(zoomed(map.view, map.frame, factor, px, py));
}
