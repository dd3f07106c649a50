// Keys on the focused map: they move it, choose the row at its center, and draw a box for those without a pointer.

import { panned, whole } from "../../map/viewport";
import { announce } from "../announce";
import { boxOf, type Drawing, type Spot } from "./drawing";
import type { MapModel } from "./model";

const PAN = 60;
const STEP = 10;
const ARROWS: Record<string, Spot> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HOW = "A box in the middle of the map. Arrow keys move it, Shift and arrow keys size it, Enter takes it (Shift adds, Alt takes away), Escape leaves it.";

export class Keyboard {
  private box: [Spot, Spot] | null = null;

  constructor(
    private readonly model: MapModel,
    private readonly drawing: Drawing,
  ) {}

  // Whether the key means something here.
  hear(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || (event.altKey && event.key !== "Enter")) return false;
    if (this.box !== null && this.draw(event, this.box)) return true;
    return !event.altKey && this.look(event);
  }

  // Once the key is let go: while it is held, where the box is would be told too often.
  tell(event: KeyboardEvent): void {
    if (this.box === null || ARROWS[event.key] === undefined) return;
    const { width, height } = this.model.frame;
    const [[left, top], [right, bottom]] = this.box;
    const percent = (part: number, of: number): number => Math.round((100 * part) / of);
    announce(`Box: ${percent(left, width)} to ${percent(right, width)} % from the left, ${percent(top, height)} to ${percent(bottom, height)} % from the top.`);
  }

  leave(): void {
    if (this.box !== null) this.show(null);
  }

  private look(event: KeyboardEvent): boolean {
    const { model } = this;
    const { width, height } = model.frame;
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) model.look(panned(model.view.peek(), model.frame, -PAN * arrow[0], -PAN * arrow[1]), { moving: event.repeat });
    else if (event.key === "Enter") void model.chooseAt(width / 2, height / 2, Math.hypot(width, height)).then((row) => model.sayRow(row));
    else if (event.key === "0") model.look(whole(), { moving: false });
    else if (event.key === "b") this.begin();
    else return false;
    return true;
  }

  private begin(): void {
    const { width, height } = this.model.frame;
    const third = (part: number): Spot => [Math.round((part * width) / 3), Math.round((part * height) / 3)];
    this.model.tool.value = "box";
    this.show([third(1), third(2)]);
    announce(HOW);
  }

  private draw(event: KeyboardEvent, box: [Spot, Spot]): boolean {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) this.show(event.shiftKey ? this.sized(box, arrow) : this.moved(box, arrow));
    else if (event.key === "Enter") {
      this.leave();
      this.model.selectWithin(boxOf(...box), event);
    } else if (event.key === "Escape") {
      this.leave();
      announce("The box is gone.");
    } else return false;
    return true;
  }

  private moved([from, to]: [Spot, Spot], [dx, dy]: Spot): [Spot, Spot] {
    const { width, height } = this.model.frame;
    const across = held(STEP * dx, -from[0], width - to[0]);
    const down = held(STEP * dy, -from[1], height - to[1]);
    return [[from[0] + across, from[1] + down], [to[0] + across, to[1] + down]];
  }

  private sized([from, to]: [Spot, Spot], [dx, dy]: Spot): [Spot, Spot] {
    const { width, height } = this.model.frame;
    return [from, [held(to[0] + STEP * dx, from[0] + STEP, width), held(to[1] + STEP * dy, from[1] + STEP, height)]];
  }

  private show(box: [Spot, Spot] | null): void {
    this.box = box;
    this.drawing.show(box === null ? [] : boxOf(...box));
  }
}

const held = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
