// The rows of a small map, and which of them are shown: those given from outside, what the legend isolates, the search,
// and the lasso.

import { passing, spaceOf } from "../map/facet";
import { namesOf, type Name } from "../map/names";
import { gridOf, nearestPoint, type Aim, type Grid } from "../map/nearest";
import type { Drawable } from "../map/picture";
import { insideOf, type Polygon } from "../map/polygon";
import { arrange, counted, judge, type Order, type Test } from "../map/select";
import type { Frame, Viewport } from "../map/viewport";
import type { CodedFacet, MapData } from "./blob";

export interface Narrowing {
  isolated: ReadonlySet<number>;
  query: string;
  polygons: readonly Polygon[];
  given: Uint8Array | null; // a byte a row: 1 shown
}

export interface Choice extends Narrowing {
  facet: CodedFacet | null;
}

export const EVERYTHING: Narrowing = { isolated: new Set(), query: "", polygons: [], given: null };

const NAMING = ["cluster", "label", "predicted_label"];
const PASSES = Uint8Array.of(0, 1);

export const isNarrow = ({ isolated, query, polygons, given }: Narrowing): boolean =>
  isolated.size > 0 || query.trim() !== "" || polygons.length > 0 || given !== null;

export class Rows implements Drawable {
  readonly n: number;
  readonly x: Uint16Array;
  readonly y: Uint16Array;
  readonly order: Order;
  // What each choice of the facet has; a facet's counts disregard what it isolates.
  counts: Uint32Array = new Uint32Array(0);
  names: Name[] = [];
  private readonly misses: Uint32Array;
  private readonly grid: Grid;

  constructor(private readonly data: MapData) {
    ({ rows: this.n, x: this.x, y: this.y } = data);
    this.misses = new Uint32Array(this.n);
    this.order = { order: new Uint32Array(this.n), shown: 0, beside: 0 };
    this.grid = gridOf(this.x, this.y, this.n);
  }

  choose(choice: Choice): void {
    const { facet } = choice;
    const tests: Test[] = [];
    const add = (test: Test): number => 1 << (tests.push(test) - 1);
    const own = facet === null || choice.isolated.size === 0 ? 0 : add({ codes: facet.codes, passes: isolating(facet, choice.isolated) });
    if (choice.given !== null) add({ codes: choice.given, passes: PASSES });
    if (choice.query.trim() !== "") add({ codes: this.holding(choice.query), passes: PASSES });
    const lassoed = choice.polygons.length > 0;
    const outside = lassoed ? add({ codes: insideOf(choice.polygons, this.x, this.y, this.n), passes: PASSES }) : 0;
    judge(this.misses, tests, this.n);
    arrange(this.order, this.misses, this.n, outside);
    this.counts = facet === null ? new Uint32Array(0) : counted(facet, facet.codes, this.order, this.misses, this.n, own);
    const naming = this.namingFacet(facet);
    this.names = naming === null ? [] : namesOf(naming, naming.codes, this.x, this.y, this.order);
  }

  get shown(): Uint32Array {
    return this.order.order.subarray(0, this.order.shown);
  }

  // The shown row nearest to a place on the screen, or none within reach.
  nearest(view: Viewport, frame: Frame, aim: Aim, isLoud: (row: number) => boolean): number | null {
    const found = nearestPoint(this, { misses: this.misses, isLoud }, this.grid, view, frame, aim);
    return found < 0 ? null : found;
  }

  // Names come from the clusters whatever the color, but from the labels when these are the color.
  private namingFacet(facet: CodedFacet | null): CodedFacet | null {
    if (facet !== null && NAMING.includes(facet.name) && facet.kind === "category") return facet;
    return this.data.facets.find((one) => one.name === "cluster") ?? null;
  }

  private holding(query: string): Uint8Array {
    const wanted = query.trim().toLowerCase();
    const { texts, ids } = this.data;
    const holds = (text: string | undefined): boolean => text !== undefined && text.toLowerCase().includes(wanted);
    return Uint8Array.from({ length: this.n }, (_, row) => (holds(texts?.[row]) || holds(ids[row]) ? 1 : 0));
  }
}

const isolating = (facet: CodedFacet, isolated: ReadonlySet<number>): Uint8Array =>
  passing(facet, { kind: "values", values: [...isolated] }, spaceOf(facet.codes));
