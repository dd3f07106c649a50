// The map: holds what is chosen and what is looked at, and redraws when either changes.

import type { MapData } from "../blob";
import { element, thousands } from "../dom";
import { onThemeChange } from "../../shared/theme";
import { shownRows, type Choice, type Shown } from "./filter";
import { listen } from "./gestures";
import { drawLegend } from "./legend";
import { drawNames, namesOf, type Name } from "./names";
import { paletteOf, quietColor, type Rgb } from "./palette";
import { makeParts, type Parts } from "./parts";
import { nearestRow } from "./pick";
import { drawPoints } from "./raster";
import { rowCard, rowSentence } from "./row";
import { toScreen, whole, type Frame, type Viewport } from "./viewport";

const LISTED = 20;
const FULL_SCALE = 65_535;

export function startMap(place: HTMLElement, data: MapData, pictures: ReadonlyMap<string, string>): void {
  new PointMap(data, pictures, makeParts(place, data)).start();
}

export class PointMap {
  private view: Viewport = whole();
  private choice: Choice;
  private shown: Shown;
  private colors: Rgb[] = [];
  private names: Name[] = [];
  private named = "";
  private waiting = false;
  private marked: number | null = null;

  constructor(
    readonly data: MapData,
    private readonly pictures: ReadonlyMap<string, string>,
    readonly parts: Parts,
  ) {
    this.choice = { facet: data.facets[0] ?? null, isolated: new Set(), query: "" };
    this.shown = shownRows(data, this.choice);
  }

  start(): void {
    const { facet, search, buttons, stage } = this.parts;
    facet.addEventListener("change", () => {
      const chosen = this.data.facets.find((one) => one.name === facet.value) ?? null;
      this.choose({ ...this.choice, facet: chosen, isolated: new Set() });
    });
    search.addEventListener("input", () => this.choose({ ...this.choice, query: search.value }));
    buttons.reset.addEventListener("click", () => {
      search.value = "";
      this.choose({ ...this.choice, isolated: new Set(), query: "" });
    });
    listen(this);
    onThemeChange(() => this.choose(this.choice));
    new ResizeObserver(() => this.draw()).observe(stage);
    this.choose(this.choice);
  }

  get frame(): Frame {
    const { clientWidth, clientHeight } = this.parts.stage;
    return { width: clientWidth, height: clientHeight, aspect: this.data.aspect };
  }

  look(change: (view: Viewport, frame: Frame) => Viewport): void {
    this.view = change(this.view, this.frame);
    this.hide();
    this.draw();
  }

  // Shows the row nearest to a place of the stage; `aloud` also tells it to screen readers.
  read(px: number, py: number, reach: number, aloud = false): void {
    const row = nearestRow(this.data, this.shown.codes, this.view, this.frame, { px, py, reach });
    if (row === this.marked && !aloud) return;
    this.marked = row;
    if (row === null) this.hide();
    else this.show(row, aloud);
    this.draw();
  }

  hide(): void {
    this.parts.hover.hidden = true;
    this.marked = null;
  }

  draw(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawNow();
    });
  }

  drawNow(): void {
    const { canvas } = this.parts;
    const frame = this.frame;
    const ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.round(frame.width * ratio));
    canvas.height = Math.max(1, Math.round(frame.height * ratio));
    const context = canvas.getContext("2d");
    if (context === null) return;
    const look = { colors: this.colors, quiet: quietColor(), codes: this.shown.codes, size: this.pointSize() };
    drawPoints(context, this.data, look, this.view, frame, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawNames(context, this.names, (code) => this.isNamed(code), this.view, frame);
    if (this.marked !== null) this.ring(context, this.marked);
  }

  private choose(choice: Choice): void {
    this.choice = choice;
    this.shown = shownRows(this.data, choice);
    this.colors = choice.facet === null ? [quietColor()] : paletteOf(choice.facet);
    const source = this.namingFacet();
    if (source !== null && this.named !== source.name) this.names = namesOf(this.data, source);
    this.named = source?.name ?? "";
    if (source === null) this.names = [];
    drawLegend(this.parts.legend, choice.facet, choice.isolated, (code) => this.press(code));
    this.tellCount();
    this.list();
    this.hide();
    this.draw();
  }

  private press(code: number): void {
    const isolated = new Set(this.choice.isolated);
    if (!isolated.delete(code)) isolated.add(code);
    this.choose({ ...this.choice, isolated });
  }

  // Names come from the clusters whatever the color, but from the labels when these are the color.
  private namingFacet(): MapData["facets"][number] | null {
    const facet = this.choice.facet;
    if (facet !== null && ["cluster", "label", "predicted_label"].includes(facet.name)) return facet;
    return this.data.facets.find((one) => one.name === "cluster") ?? null;
  }

  private isNamed(code: number): boolean {
    const { facet, isolated } = this.choice;
    return isolated.size === 0 || facet?.name !== this.named || isolated.has(code);
  }

  // Few rows are drawn larger, so that two hundred of fifty thousand can be seen.
  private pointSize(): number {
    const { width, height } = this.frame;
    const room = Math.sqrt((width * height * this.view.zoom) / Math.max(1, this.shown.count));
    return Math.min(7, Math.max(2, room / 4));
  }

  private show(row: number, aloud: boolean): void {
    const { hover, said } = this.parts;
    const [x, y] = this.place(row);
    const frame = this.frame;
    hover.replaceChildren(rowCard(this.data, row, this.pictures));
    hover.hidden = false;
    const left = x + 14 + hover.offsetWidth > frame.width ? x - 14 - hover.offsetWidth : x + 14;
    const top = Math.min(y + 10, frame.height - hover.offsetHeight - 4);
    hover.style.left = `${Math.max(4, left)}px`;
    hover.style.top = `${Math.max(4, top)}px`;
    if (aloud) said.textContent = rowSentence(this.data, row);
  }

  private place(row: number): [number, number] {
    return toScreen(this.view, this.frame, (this.data.x[row] ?? 0) / FULL_SCALE, (this.data.y[row] ?? 0) / FULL_SCALE);
  }

  private ring(context: CanvasRenderingContext2D, row: number): void {
    const [x, y] = this.place(row);
    context.beginPath();
    context.arc(x, y, 7, 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = getComputedStyle(this.parts.stage).color;
    context.stroke();
  }

  private tellCount(): void {
    const { status, buttons } = this.parts;
    const all = this.data.rows;
    status.textContent = `${thousands(this.shown.count)} of ${thousands(all)} rows shown. Drag to move, Ctrl + wheel to zoom, hover or tap to read, press a legend entry to isolate it.`;
    buttons.reset.disabled = this.shown.count === all && this.choice.isolated.size === 0;
  }

  private list(): void {
    const items: HTMLElement[] = [];
    for (let row = 0; row < this.data.rows && items.length < LISTED; row++) {
      if ((this.shown.codes[row] ?? -1) >= 0) items.push(element("li", {}, rowCard(this.data, row, this.pictures)));
    }
    if (items.length < this.shown.count) {
      items.push(element("li", { class: "quiet" }, `${LISTED} of ${thousands(this.shown.count)} rows are listed.`));
    }
    this.parts.rows.replaceChildren(...items);
  }
}
