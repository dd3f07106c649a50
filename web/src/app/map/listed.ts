// The rows that are shown, in the order of the version: the worker knows the positions, the server the rows.

import { signal, type Signal } from "@preact/signals";
import type { Row } from "../documents";
import type { MapModel } from "./model";
import { rowNow, wantRows } from "./pages";

const PAGE = 50;

// Browsers cannot scroll much further than 17 million pixels: what lies beyond is found by filters and search.
export const MOST_LISTED = 150_000;

export class Listed {
  // Goes up when positions have come.
  readonly came: Signal<number> = signal(0);
  private turn = -1;
  private pages = new Map<number, Uint32Array | null>();

  constructor(private readonly model: MapModel) {}

  get count(): number {
    return Math.min(MOST_LISTED, this.model.counted.value?.shown ?? 0);
  }

  // What is known of a place in the list; nothing while it is on its way.
  at(index: number): Row | undefined {
    const position = this.positionAt(index);
    return position === undefined ? undefined : rowNow(position);
  }

  positionAt(index: number): number | undefined {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  // Asks for what is in sight. A new selection makes the former positions void.
  want(from: number, to: number): void {
    const counted = this.model.counted.peek();
    const mark = counted === null ? -1 : counted.turn * 2 + (counted.loaded === this.model.facts.peek()?.n_placed ? 1 : 0);
    if (mark !== this.turn) {
      this.turn = mark;
      this.pages = new Map();
    }
    for (let page = Math.floor(from / PAGE); page <= Math.floor(to / PAGE); page++) {
      const known = this.pages.get(page);
      if (known instanceof Uint32Array) void wantRows(known);
      else if (known === undefined) void this.fetch(page);
    }
  }

  // The row at a place, waited for.
  async row(index: number): Promise<Row | undefined> {
    const [position] = await this.model.link.ask({ of: "window", from: index, to: index + 1 });
    if (position === undefined) return undefined;
    await wantRows([position]);
    return rowNow(position);
  }

  private async fetch(page: number): Promise<void> {
    const { pages } = this;
    pages.set(page, null);
    const positions = await this.model.link.ask({ of: "window", from: page * PAGE, to: (page + 1) * PAGE });
    if (pages !== this.pages) return;
    pages.set(page, positions);
    await wantRows(positions);
    this.came.value += 1;
  }
}
