// The map of a version: what is looked at and chosen, and what the worker tells of it.

import { computed, signal } from "@preact/signals";
import type { Facet, Filter, MapFacts } from "../../map/facet";
import { fitted, readView, toMap, whole, writeView, zoomed, type Frame, type Viewport } from "../../map/viewport";
import { shortened } from "../../shared/format";
import type { Choice, Counted, Drawn, Place, Size, Told } from "../../worker/messages";
import { get } from "../api";
import { announce, attempt } from "../announce";
import type { Row, RowDetail, Rows } from "../documents";
import { param, query, setParams, version, type Params } from "../router";
import { filtersIn, polygonsIn, selParam, writeFilter } from "./address";
import { WorkerLink } from "./link";
import { note } from "./marks";
import { Masks } from "./masks";
import { OUTCOME } from "./outcomes";

export type Tool = "pan" | "lasso" | "box";

const NAMING = ["cluster", "label", "predicted_label"];
const VIEW_MILLISECONDS = 300;
// How near the map comes to rows by itself: what lies around them stays in sight.
const NEAREST_ZOOM = 6;

export class MapModel {
  readonly facts = signal<MapFacts | null>(null);
  readonly counted = signal<Counted | null>(null);
  // Counts without any filter: what the bars of a facet are drawn against.
  readonly totals = signal<Counted["counts"]>({});
  readonly drawn = signal<Drawn | null>(null);
  readonly view = signal<Viewport>(readView(param("view")) ?? whole());
  readonly size = signal<Size>({ width: 0, height: 0, ratio: 1 });
  readonly tool = signal<Tool>("pan");
  readonly hovered = signal<Place | null>(null);
  // The few points that are in sight of a near view: what they are stands beside them.
  readonly beside = signal<Omit<Place, "at">[]>([]);
  readonly chosen = signal<Place | null>(null);
  readonly detail = signal<RowDetail | null>(null);
  readonly failed = signal<{ message: string; remedy: string } | null>(null);

  readonly link = new WorkerLink((told) => this.hear(told));
  readonly masks = new Masks(this.link);
  readonly colorBy = computed(() => this.facetToColorBy());
  readonly filters = computed(() => filtersIn(query.value));
  private turn = 0;
  private sent = { at: 0, choice: "", polygons: "" };
  private viewTimer: ReturnType<typeof setTimeout> | undefined;
  written = writeView(this.view.peek());

  get frame(): Frame {
    const { width, height } = this.size.peek();
    return { width, height, aspect: this.facts.peek()?.aspect ?? 1 };
  }

  resize(size: Size): void {
    this.size.value = size;
    this.link.send({ kind: "size", size });
  }

  look(view: Viewport, { moving = true } = {}): void {
    note({ mapReady: "false" });
    this.view.value = view;
    this.link.send({ kind: "look", view, moving });
    clearTimeout(this.viewTimer);
    this.viewTimer = setTimeout(() => this.writeView(), VIEW_MILLISECONDS);
  }

  // Whether all rows have come, and were counted as the address asks.
  isCounted(counted: Counted | null): boolean {
    return counted !== null && counted.turn === this.turn && !this.masks.waiting.peek() && counted.loaded === this.facts.peek()?.n_placed;
  }

  async goToShown(): Promise<void> {
    const found = await this.link.ask({ of: "bounds" });
    if (found !== null) this.look(fitted(this.frame, found, NEAREST_ZOOM), { moving: false });
  }

  zoom(factor: number): void {
    const frame = this.frame;
    this.look(zoomed(this.view.peek(), frame, factor, frame.width / 2, frame.height / 2), { moving: false });
  }

  writeView(): void {
    clearTimeout(this.viewTimer);
    const text = writeView(this.view.peek());
    if (text === this.written) return;
    this.written = text;
    setParams({ view: text }, { replace: true });
  }

  // What lies within corners on the screen replaces the selection, with Shift adds to it, with Alt is taken from it.
  selectWithin(corners: readonly (readonly [number, number])[], { shiftKey, altKey }: { shiftKey: boolean; altKey: boolean }): void {
    const [view, frame] = [this.view.peek(), this.frame];
    const former = shiftKey || altKey ? polygonsIn(query.peek()) : [];
    this.change({ sel: selParam([...former, { adds: !altKey, corners: corners.map(([px, py]) => toMap(view, frame, px, py)) }]) });
  }

  // The rows nearest to a row take the place of what was selected; filters stay.
  like(row: Pick<Row, "row_id">): void {
    this.change({ q: row.row_id, by: "row", sort: null, sel: null, set: null, slice: null, finding: null });
  }

  filter(facet: Facet, filter: Filter | null): void {
    this.change({ [`f.${facet.name}`]: writeFilter(filter) });
  }

  // The address that back returns to keeps the view as it was left.
  change(params: Params): void {
    this.writeView();
    setParams(params);
  }

  // `filters` in place of those of the address: while a brush is drawn, before it is let go.
  choose(filters: Record<string, Filter>): void {
    const { name: named, kind } = this.colorBy.value ?? { name: "", kind: "" };
    const namedBy = NAMING.includes(named) && kind === "category" ? named : this.facet("cluster") === undefined ? null : "cluster";
    const choice: Choice = { filters, masks: this.masks.ready.value, polygons: polygonsIn(query.value), order: this.masks.order.value, namedBy };
    const key = JSON.stringify(choice);
    if (this.masks.waiting.value) return note({ mapReady: "false" });
    if (key === this.sent.choice) return this.settle();
    this.turn += 1;
    this.sent = { at: performance.now(), choice: key, polygons: JSON.stringify(choice.polygons) };
    note({ mapReady: "false" });
    this.link.send({ kind: "choose", turn: this.turn, choice });
  }

  // The row of the shown point nearest to a place on the map.
  async chooseAt(px: number, py: number, reach: number): Promise<Row | null> {
    const found = await this.link.ask({ of: "nearest", px, py, reach });
    if (found === null) return null;
    this.chosen.value = found;
    const known = await attempt(() => get<Rows>("rows", { v: version.peek(), at: found.row }));
    const row = known?.rows[0] ?? null;
    if (row !== null) this.chooseRow(row);
    return row;
  }

  chooseRow(row: Pick<Row, "row_id"> | null): void {
    this.writeView();
    setParams({ row: row?.row_id ?? null }, { replace: true });
  }

  // Chosen by a key: who cannot see the ring hears the row.
  sayRow(row: Row | null): void {
    if (row !== null) announce(`${shortened(row.row_id, 40)}: ${shortened(row.text ?? row.label ?? "", 160)}`);
  }

  facet(name: string): Facet | undefined {
    return this.facts.value?.facets.find((one) => one.name === name);
  }

  private facetToColorBy(): Facet | null {
    const asked = param("color") ?? (param("cmp") === null ? "" : OUTCOME);
    return this.facet(asked) ?? this.facts.value?.facets[0] ?? null;
  }

  private hear(told: Exclude<Told, { kind: "answer" }>): void {
    switch (told.kind) {
      case "facts":
        this.facts.value = told.facts;
        return note({ rows: told.facts.n_placed });
      case "totals":
        this.totals.value = told.counts;
        return;
      case "counted":
        return this.hearCounted(told.counted);
      case "drawn":
        return this.hearDrawn(told.drawn);
      case "failed":
        this.failed.value = told;
    }
  }

  private hearCounted(counted: Counted): void {
    this.counted.value = counted;
    const spent = performance.now() - this.sent.at;
    note({ shown: counted.shown, workMs: counted.milliseconds });
    if (counted.turn === this.turn) note(counted.inside > 0 ? { filterMs: spent, lassoMs: spent } : { filterMs: spent });
    this.settle();
  }

  private hearDrawn(drawn: Drawn): void {
    this.drawn.value = drawn;
    note(drawn.moving ? { moveMs: drawn.milliseconds } : { frameMs: drawn.milliseconds });
    note({ drawnPoints: drawn.points });
    if (document.documentElement.dataset["firstMs"] === undefined && drawn.points > 0) note({ firstMs: performance.now() });
    this.settle();
  }

  // Nothing is under way: what was asked for last is counted, and all of it is drawn.
  private settle(): void {
    const counted = this.counted.peek();
    const drawn = this.drawn.peek();
    if (counted?.turn !== this.turn || counted.loaded !== this.facts.peek()?.n_placed || this.masks.waiting.peek() || drawn?.whole !== true) return;
    const view = this.view.peek();
    const here = drawn.view.x === view.x && drawn.view.y === view.y && drawn.view.zoom === view.zoom;
    if (drawn.turn === this.turn && here) note({ mapReady: "true" });
  }
}
