// All points of the map with their facets, and which of them are shown.

import { passing, spaceOf, type Codes, type Facet, type MapFacts } from "../map/facet";
import { namesOf } from "../map/names";
import { gridOf, type Grid } from "../map/nearest";
import { insideOf, writePolygons } from "../map/polygon";
import { arrange, counted, judge, type Order, type Test } from "../map/select";
import { givenBits, givenBytes, type Given } from "./given";
import type { Choice, Counted } from "./messages";
import type { Batch } from "./stream";

const NOWHERE = 0xffff_ffff;

export class Points {
  n = 0;
  turn = 0; // how often points were judged: each time others are shown
  readonly x: Uint16Array;
  readonly y: Uint16Array;
  readonly row: Uint32Array;
  readonly misses: Uint32Array;
  readonly order: Order;
  private readonly codes = new Map<string, Codes>();
  private readonly given = new Map<string, Given>();
  private readonly masks = new Map<string, Given>();
  private readonly orders = new Map<string, Uint32Array>();
  private readonly pointOf: Uint32Array;
  private inside = { key: "", n: 0, bytes: new Uint8Array(0), milliseconds: 0 };
  private listed: Uint32Array<ArrayBuffer> | null = null;
  private listing: Uint32Array | undefined;
  private cells: Grid | null = null;

  constructor(readonly facts: MapFacts) {
    const n = facts.n_placed;
    [this.x, this.y] = [new Uint16Array(n), new Uint16Array(n)];
    [this.row, this.misses] = [new Uint32Array(n), new Uint32Array(n)];
    this.order = { order: new Uint32Array(n), shown: 0, beside: 0 };
    this.pointOf = new Uint32Array(facts.n_rows).fill(NOWHERE);
  }

  // Takes over what came by itself.
  adopt(former: Points): void {
    for (const facet of former.facts.facets.filter((one) => former.given.has(one.name))) this.facts.facets.push(facet);
    for (const [name, given] of former.given) this.given.set(name, given.fresh());
    for (const [name, mask] of former.masks) this.masks.set(name, mask.fresh());
    for (const [name, order] of former.orders) this.orders.set(name, order);
  }

  add(batch: Batch): void {
    this.x.set(batch.column("x"), this.n);
    this.y.set(batch.column("y"), this.n);
    this.row.set(batch.column("row"), this.n);
    for (const facet of this.facts.facets.filter((one) => !this.given.has(one.name))) {
      const given = batch.column(facet.column) as Codes;
      const known = this.codes.get(facet.name) ?? roomFor(given, this.x.length);
      known.set(given, this.n);
      this.codes.set(facet.name, known);
    }
    for (let i = this.n; i < this.n + batch.rows; i++) this.pointOf[this.row[i]!] = i;
    this.n += batch.rows;
    this.cells = null;
  }

  // A facet that came by itself, a byte a row of the version.
  addFacet(facet: Facet, byRow: Uint8Array): void {
    this.facts.facets = [...this.facts.facets.filter((one) => one.name !== facet.name), facet];
    this.given.set(facet.name, givenBytes(byRow));
  }

  setMask(name: string, bits: Uint8Array | null): void {
    if (bits !== null) return void this.masks.set(name, givenBits(bits));
    this.masks.delete(name);
    this.orders.delete(name);
  }

  // Positions of rows in the order that they are listed in; `only` these are shown where they are named as a mask, too.
  setOrder(name: string, rows: Uint32Array, only: boolean): void {
    this.orders.set(name, rows);
    if (!only) return;
    const bits = new Uint8Array((this.facts.n_rows + 7) >> 3);
    for (const row of rows) bits[row >> 3]! |= 1 << (row & 7);
    this.setMask(name, bits);
  }

  // The codes of a facet that changes, in the order of the points; false where it has none.
  renew(name: string, codes: Uint8Array): boolean {
    if (codes.length !== this.n || !this.codes.has(name)) return false;
    this.codes.set(name, codes);
    this.turn += 1;
    return true;
  }

  codesOf(name: string): Codes | undefined {
    return this.given.get(name)?.byPoint(this.row, this.n) ?? this.codes.get(name);
  }

  get grid(): Grid {
    this.cells ??= gridOf(this.x, this.y, this.n);
    return this.cells;
  }

  // Judges every point anew; what this gives goes to the page.
  choose(choice: Choice, { counting = true } = {}): Omit<Counted, "turn" | "milliseconds"> {
    const tests: Test[] = [];
    const bitOf = new Map<string, number>();
    for (const facet of this.facts.facets) {
      const filter = choice.filters[facet.name];
      const codes = this.codesOf(facet.name);
      if (filter === undefined || codes === undefined) continue;
      bitOf.set(facet.name, 1 << tests.length);
      tests.push({ codes, passes: passing(facet, filter, spaceOf(codes)) });
    }
    for (const name of choice.masks) {
      const codes = this.masks.get(name)?.byPoint(this.row, this.n);
      if (codes !== undefined) tests.push({ codes, passes: Uint8Array.of(0, 1) });
    }
    const lassoed = choice.polygons.length > 0;
    const outside = lassoed ? 1 << tests.length : 0;
    if (lassoed) tests.push({ codes: this.insideOf(choice), passes: Uint8Array.of(0, 1) });
    judge(this.misses, tests, this.n);
    arrange(this.order, this.misses, this.n, outside);
    this.turn += 1;
    this.listed = null;
    this.listing = choice.order === null ? undefined : this.orders.get(choice.order);
    const inside = lassoed ? this.inside.milliseconds : 0;
    if (!counting) return { shown: this.order.shown, loaded: this.n, counts: {}, findings: null, names: [], inside };
    return { ...this.told(choice, bitOf), inside };
  }

  // Positions of the rows that are shown, as they are listed: in the order that was chosen, else in that of the version.
  get rows(): Uint32Array<ArrayBuffer> {
    if (this.listed !== null) return this.listed;
    const found = new Uint32Array(this.order.shown);
    const { listing } = this;
    const most = listing?.length ?? this.pointOf.length;
    let at = 0;
    for (let k = 0; k < most && at < found.length; k++) {
      const row = listing === undefined ? k : listing[k]!;
      const point = this.pointOf[row]!;
      if (point !== NOWHERE && this.misses[point] === 0) found[at++] = row;
    }
    this.listed = found.subarray(0, at);
    return this.listed;
  }

  // The place of a row among those listed, -1 for one that is not shown.
  placeOf(row: number): number {
    return this.listing === undefined ? placeIn(this.rows, row) : this.rows.indexOf(row);
  }

  pointOfRow(row: number): number {
    const point = this.pointOf[row] ?? NOWHERE;
    return point === NOWHERE ? -1 : point;
  }

  packed(): Uint8Array<ArrayBuffer> {
    const bits = new Uint8Array((this.facts.n_rows + 7) >> 3);
    for (let k = 0; k < this.order.shown; k++) {
      const row = this.row[this.order.order[k]!]!;
      bits[row >> 3]! |= 1 << (row & 7);
    }
    return bits;
  }

  private told(choice: Choice, bitOf: ReadonlyMap<string, number>): Pick<Counted, "shown" | "loaded" | "counts" | "findings" | "names"> {
    const counts: Record<string, Uint32Array> = {};
    for (const facet of this.facts.facets) {
      const codes = this.codesOf(facet.name);
      if (codes !== undefined) counts[facet.name] = counted(facet, codes, this.order, this.misses, this.n, bitOf.get(facet.name) ?? 0);
    }
    const finding = this.facts.facets.find((one) => one.name === "finding");
    const found = finding === undefined || !bitOf.has("finding") ? undefined : this.codesOf("finding");
    const findings = found === undefined ? (counts["finding"] ?? null) : counted(finding!, found, this.order, this.misses, this.n, 0);
    const naming = this.facts.facets.find((one) => one.name === choice.namedBy && one.kind === "category");
    const codes = naming === undefined ? undefined : this.codesOf(naming.name);
    const names = naming === undefined || codes === undefined ? [] : namesOf(naming, codes, this.x, this.y, this.order);
    return { shown: this.order.shown, loaded: this.n, counts, findings, names };
  }

  private insideOf(choice: Choice): Uint8Array {
    const key = writePolygons(choice.polygons);
    if (this.inside.key !== key || this.inside.n !== this.n) {
      const began = performance.now();
      const bytes = insideOf(choice.polygons, this.x, this.y, this.n);
      this.inside = { key, n: this.n, bytes, milliseconds: performance.now() - began };
    }
    return this.inside.bytes;
  }
}

// By halving: rows are in the order of the version.
function placeIn(rows: Uint32Array, row: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return rows[low] === row ? low : -1;
}

const roomFor = (like: Codes, n: number): Codes => (like.BYTES_PER_ELEMENT === 1 ? new Uint8Array(n) : new Uint16Array(n));
