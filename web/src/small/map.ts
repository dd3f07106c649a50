// A map of up to 50,000 rows without a worker: holds what is chosen and what is looked at, and redraws when either changes.

import { drawOver } from "../map/over";
import { drawPicture, paintOf, quietFirst, takeSlots, type Layered, type Paint } from "../map/picture";
import type { Polygon } from "../map/polygon";
import { toScreen, whole, type Frame, type Viewport } from "../map/viewport";
import { thousands } from "../shared/format";
import type { MapData } from "./blob";
import { listed, putBeside, rowCard, rowSentence } from "./card";
import { listen } from "./gestures";
import { inksAt, toneAt } from "./inks";
import { drawLegend } from "./legend";
import { makeParts, type Parts } from "./parts";
import { EVERYTHING, Rows, isNarrow, type Choice } from "./rows";

const FULL_SCALE = 65_535;
const HOW =
  "Drag to move, Ctrl + wheel to zoom, hover or tap to read, press a legend entry to isolate it, draw around rows with the lasso.";

export interface Told {
  pictures: ReadonlyMap<string, string>;
  // Hears the rows that are shown, as places in the data; null when nothing narrows them.
  chose?: (rows: Uint32Array | null) => void;
}

export class SmallMap {
  readonly parts: Parts;
  view: Viewport = whole();
  lassoing = false;
  private choice: Choice;
  private readonly rows: Rows;
  private readonly slots: Uint8Array;
  private paint: Paint;
  private drawn: Layered;
  private drawing: readonly (readonly [number, number])[] = [];
  private marked: number | null = null;
  private waiting = false;
  private readonly observer = new ResizeObserver(() => this.draw());

  constructor(place: HTMLElement, readonly data: MapData, private readonly told: Told) {
    this.parts = makeParts(place, data);
    this.rows = new Rows(data);
    this.slots = new Uint8Array(data.rows);
    this.choice = { ...EVERYTHING, facet: data.facets[0] ?? null };
    this.paint = paintOf(null, undefined, toneAt(this.parts.stage));
    this.drawn = quietFirst(this.rows, this.slots, this.paint);
    this.start();
  }

  get frame(): Frame {
    const { clientWidth, clientHeight } = this.parts.stage;
    return { width: Math.max(1, clientWidth), height: Math.max(1, clientHeight), aspect: this.data.aspect };
  }

  get polygons(): readonly Polygon[] {
    return this.choice.polygons;
  }

  look(view: Viewport): void {
    this.view = view;
    this.hide();
  }

  select(polygons: readonly Polygon[]): void {
    this.choose({ ...this.choice, polygons, given: null });
  }

  // Shows these rows and no other (a byte a row), or all of them.
  give(given: Uint8Array | null, { telling = false } = {}): void {
    this.parts.search.value = "";
    this.choose({ ...this.choice, ...EVERYTHING, given }, { telling });
  }

  setLasso(on: boolean): void {
    this.lassoing = on;
    this.parts.stage.classList.toggle("lassoing", on);
    this.parts.buttons.lasso.setAttribute("aria-pressed", String(on));
  }

  // Shows what is being drawn of a lasso.
  show(corners: readonly (readonly [number, number])[]): void {
    this.drawing = corners;
    this.hide();
  }

  // Tells the row nearest to a place of the stage; `aloud` also tells it to screen readers.
  read(px: number, py: number, reach: number, aloud = false): void {
    const row = this.rows.nearest(this.view, this.frame, { px, py, reach }, this.drawn.isLoud);
    if (row === this.marked && !aloud) return;
    this.hide();
    this.marked = row;
    if (row !== null) this.tell(row, aloud);
  }

  hide(): void {
    this.parts.hover.hidden = true;
    this.marked = null;
    this.draw();
  }

  // Colors anew, at once: paper does not wait for a frame.
  recolor(): void {
    this.color();
    this.drawNow();
  }

  stop(): void {
    this.observer.disconnect();
  }

  private start(): void {
    const { facet, search, buttons, stage } = this.parts;
    facet.addEventListener("change", () => {
      const chosen = this.data.facets.find((one) => one.name === facet.value) ?? null;
      this.choose({ ...this.choice, facet: chosen, isolated: new Set() });
    });
    search.addEventListener("input", () => this.choose({ ...this.choice, query: search.value }));
    buttons.reset.addEventListener("click", () => this.give(null, { telling: true }));
    listen(this);
    this.observer.observe(stage);
    this.choose(this.choice, { telling: false });
  }

  private choose(choice: Choice, { telling = true } = {}): void {
    this.choice = choice;
    this.rows.choose(choice);
    this.color();
    this.tellCount();
    this.parts.rows.replaceChildren(...listed(this.data, this.rows.shown, this.told.pictures));
    this.hide();
    if (telling) this.told.chose?.(isNarrow(choice) ? this.rows.shown : null);
  }

  private color(): void {
    const { facet, isolated } = this.choice;
    const tone = toneAt(this.parts.stage);
    this.paint = paintOf(facet, isolated.size === 0 ? undefined : { kind: "values", values: [...isolated] }, tone);
    takeSlots(this.slots, facet?.codes, this.paint, this.data.rows);
    this.drawn = quietFirst(this.rows, this.slots, this.paint);
    if (facet !== null) drawLegend(this.parts.legend, { facet, tone, counts: this.rows.counts, isolated }, (place) => this.press(place));
  }

  private press(place: number): void {
    const isolated = new Set(this.choice.isolated);
    if (!isolated.delete(place)) isolated.add(place);
    this.choose({ ...this.choice, isolated });
  }

  private draw(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { canvas, stage } = this.parts;
    // Hidden there is nothing to draw on; its size is told when it is back.
    if (stage.clientWidth === 0) return;
    const { frame, view } = this;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [Math.round(frame.width * ratio), Math.round(frame.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    if (context === null) return;
    const image = context.createImageData(width, height);
    drawPicture({ data: new Uint32Array(image.data.buffer), width, height }, this.drawn, this.slots, this.paint, { view, frame });
    context.putImageData(image, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const hovered = this.marked === null ? null : this.place(this.marked);
    const over = { names: this.rows.names, polygons: this.polygons, drawing: this.drawing, hovered, chosen: null };
    drawOver(context, view, frame, over, inksAt(this.parts.stage));
  }

  private place(row: number): { x: number; y: number } {
    return { x: (this.data.x[row] ?? 0) / FULL_SCALE, y: (this.data.y[row] ?? 0) / FULL_SCALE };
  }

  private tell(row: number, aloud: boolean): void {
    const { hover, said } = this.parts;
    const { frame } = this;
    const { x, y } = this.place(row);
    hover.replaceChildren(rowCard(this.data, row, this.told.pictures));
    putBeside(hover, toScreen(this.view, frame, x, y), frame);
    if (aloud) said.textContent = rowSentence(this.data, row);
  }

  private tellCount(): void {
    const { rows, total } = this.data;
    const sample = rows < total ? `, a uniform sample of ${thousands(total)}` : "";
    this.parts.status.textContent = rows === 0 ? "No row has a place on the map: none could be embedded." : `${thousands(this.rows.order.shown)} of ${thousands(rows)} rows shown${sample}. ${HOW}`;
    this.parts.buttons.reset.disabled = !isNarrow(this.choice);
  }
}
