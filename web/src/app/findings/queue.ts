// The queue: findings in the order of the server, of which the parts that were looked at are here.

import { signal } from "@preact/signals";
import { complain } from "../announce";
import type { Problem } from "../api";
import type { Queue as Page, QueueItem } from "../documents";
import { asProblem } from "../loaded";

export const PAGE = 100;

export type Source = (offset: number, limit: number) => Promise<Page>;

export class Queue {
  // Null before the first answer; then as long as the queue, with holes where nothing was asked for yet.
  readonly items = signal<readonly (QueueItem | undefined)[] | null>(null);
  readonly problem = signal<Problem | null>(null);
  // Given and suggested labels with their counts, whichever pair is asked for.
  readonly pairs = signal<Page["pairs"]>([]);
  readonly first: Promise<void>;
  private asking: Promise<void> | null = null;
  private generation = 0;

  // `leaves`: whether a finding that is decided is no longer part of this queue.
  constructor(
    private readonly source: Source,
    readonly leaves: boolean,
  ) {
    this.first = this.fill(0);
  }

  get length(): number {
    return this.items.value?.length ?? 0;
  }

  at(index: number): QueueItem | undefined {
    return this.items.value?.[index];
  }

  indexOf(id: string | null): number {
    return id === null ? -1 : (this.items.value?.findIndex((one) => one?.finding_id === id) ?? -1);
  }

  // Makes sure that the item at `index` is here, if there is one.
  async fill(index: number): Promise<void> {
    while (this.asking !== null) await this.asking;
    const items = this.items.value;
    if (items !== null && (index >= items.length || items[index] !== undefined)) return;
    let from = index;
    while (from > 0 && index - from < PAGE / 2 && items?.[from - 1] === undefined) from -= 1;
    await this.load(from, this.generation);
  }

  // Asks anew for what is near `index`; until the answer is there the old items stay.
  async renew(index: number): Promise<void> {
    this.generation += 1;
    await this.load(Math.max(0, index - PAGE / 2), this.generation, true);
  }

  // The place of `id` when it is decided; what is decided leaves the queue, or stays with its decision.
  decide(id: string, decision: QueueItem["decision"]): number {
    const [items, place] = [this.items.value ?? [], this.indexOf(id)];
    const item = items[place];
    if (item === undefined) return place;
    this.items.value = this.leaves ? items.toSpliced(place, 1) : items.with(place, { ...item, decision });
    return place;
  }

  // Puts a finding back whose decision was not written down.
  restore(place: number, item: QueueItem): void {
    const items = this.items.value ?? [];
    const at = this.indexOf(item.finding_id);
    this.items.value = at >= 0 ? items.with(at, item) : items.toSpliced(Math.max(0, place), 0, item);
  }

  private load(from: number, generation: number, anew = false): Promise<void> {
    const done = this.take(from, generation, anew).finally(() => {
      if (this.asking === done) this.asking = null;
    });
    this.asking = done;
    return done;
  }

  private async take(from: number, generation: number, anew: boolean): Promise<void> {
    try {
      const page = await this.source(from, PAGE);
      if (generation !== this.generation) return;
      const items: (QueueItem | undefined)[] = anew ? [] : [...(this.items.value ?? [])];
      items.length = page.total;
      page.items.forEach((one, i) => (items[page.offset + i] = one));
      this.items.value = items;
      this.problem.value = null;
      if (page.offset === 0) this.pairs.value = page.pairs ?? [];
    } catch (error) {
      if (generation !== this.generation) return;
      this.problem.value = asProblem(error);
      if (this.items.value !== null) complain(error);
    }
  }
}
