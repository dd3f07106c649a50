// Pointer and wheel on the map: what they mean depends on the tool.

import { panned, zoomed } from "../../map/viewport";
import { boxOf, type Drawing, type Spot } from "./drawing";
import { Keyboard } from "./keyboard";
import type { MapModel } from "./model";

const REACH = 14;
const NEAR = 4;
const MOST_CORNERS = 400;
const CLICK = 5;

// What this gives takes the listeners away.
export function listen(canvas: HTMLCanvasElement, model: MapModel, drawing: Drawing): () => void {
  const stop = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(name: K, hear: (event: HTMLElementEventMap[K]) => void): void =>
    canvas.addEventListener(name, hear, { signal: stop.signal, passive: false });
  const hand = new Hand(canvas, model, drawing);
  const keyboard = new Keyboard(model, drawing);
  on("pointerdown", (event) => {
    keyboard.leave();
    hand.down(event);
  });
  on("pointermove", (event) => hand.move(event));
  on("pointerup", (event) => hand.up(event));
  on("pointercancel", () => hand.cancel());
  on("pointerleave", () => hand.leave());
  on("dblclick", (event) => model.look(zoomed(model.view.peek(), model.frame, 2, event.offsetX, event.offsetY), { moving: false }));
  on("wheel", (event) => {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.006 : 0.0016));
    model.look(zoomed(model.view.peek(), model.frame, factor, event.offsetX, event.offsetY));
  });
  on("keydown", (event) => {
    const stopped = event.key === "Escape" && hand.busy;
    if (stopped) hand.cancel();
    else if (!keyboard.hear(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  on("keyup", (event) => keyboard.tell(event));
  on("blur", () => keyboard.leave());
  return () => stop.abort();
}

class Hand {
  private readonly fingers = new Map<number, Spot>();
  private corners: Spot[] = [];
  private moved = 0;
  private gap = 0;
  private asking = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly model: MapModel,
    private readonly drawing: Drawing,
  ) {}

  get busy(): boolean {
    return this.corners.length > 0;
  }

  down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
    this.gap = this.spread();
    this.model.hovered.value = null;
    this.corners = this.model.tool.peek() !== "pan" && this.fingers.size === 1 ? [[event.offsetX, event.offsetY]] : [];
  }

  move(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId);
    if (before === undefined) return void this.hover(event);
    const here: Spot = [event.offsetX, event.offsetY];
    this.fingers.set(event.pointerId, here);
    const [dx, dy] = [here[0] - before[0], here[1] - before[1]];
    this.moved += Math.hypot(dx, dy);
    if (this.fingers.size > 1) this.pinch(here);
    else if (this.corners.length > 0) this.draw(here);
    else if (this.moved > CLICK) this.model.look(panned(this.model.view.peek(), this.model.frame, dx, dy));
  }

  up(event: PointerEvent): void {
    const alone = this.fingers.size === 1;
    this.fingers.delete(event.pointerId);
    this.gap = this.spread();
    const { corners } = this;
    this.cancel();
    if (!alone) return;
    if (this.moved <= CLICK) void this.model.chooseAt(event.offsetX, event.offsetY, 2 * REACH);
    else if (corners.length >= 3) this.model.selectWithin(thinned(corners), event);
  }

  cancel(): void {
    this.corners = [];
    this.drawing.show([]);
  }

  leave(): void {
    if (this.fingers.size === 0) this.model.hovered.value = null;
  }

  private draw(here: Spot): void {
    const [first, last] = [this.corners[0], this.corners.at(-1)];
    if (first === undefined || last === undefined) return;
    if (this.model.tool.peek() === "box") this.corners = boxOf(first, here);
    else if (Math.hypot(here[0] - last[0], here[1] - last[1]) >= NEAR) this.corners.push(here);
    this.drawing.show(this.corners);
  }

  private pinch(here: Spot): void {
    this.corners = [];
    const now = this.spread();
    if (this.gap > 0) this.model.look(zoomed(this.model.view.peek(), this.model.frame, now / this.gap, here[0], here[1]));
    this.gap = now;
  }

  // One question at a time: the worker may be busy.
  private async hover(event: PointerEvent): Promise<void> {
    if (this.asking || event.pointerType === "touch") return;
    this.asking = true;
    const found = await this.model.link.ask({ of: "nearest", px: event.offsetX, py: event.offsetY, reach: REACH });
    this.asking = false;
    if (this.fingers.size === 0 && found?.row !== this.model.hovered.peek()?.row) this.model.hovered.value = found;
  }

  private spread(): number {
    const [a, b] = [...this.fingers.values()];
    return a === undefined || b === undefined ? 0 : Math.hypot(a[0] - b[0], a[1] - b[1]);
  }
}

// The address holds the corners: a long way round is told by every second, fourth, ... of them.
function thinned(corners: Spot[]): Spot[] {
  let kept = corners;
  while (kept.length > MOST_CORNERS) kept = kept.filter((_, i) => i % 2 === 0);
  return kept;
}
