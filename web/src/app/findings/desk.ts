// The desk of a reviewer: the queue, the evidence of the chosen finding, how far the review is.

import { computed, signal, untracked } from "@preact/signals";
import { announce, complain } from "../announce";
import { get, post } from "../api";
import type { FindingDetail, Queue as Page, QueueItem, Review, Sample } from "../documents";
import { pulse } from "../state";
import { Details } from "./details";
import { Queue, type Source } from "./queue";
import { asked, choose, chosenInAddress, code, sampled } from "./view";

// Findings whose evidence is asked for before they are reached.
const AHEAD = 2;

export class Desk {
  readonly review = signal<Review | null>(null);
  readonly sample = signal<Sample | null>(null);
  readonly details = new Details((id) => get<FindingDetail>("finding", { v: this.v, id, ...this.asked() }));
  readonly queue = computed(() => {
    const [filters, drawn] = [asked.value, sampled.value];
    return untracked(() => this.queueOf(filters, drawn));
  });
  readonly chosen = computed(() => chosenInAddress.value ?? this.queue.value.at(0)?.finding_id ?? null);
  // The evidence of the chosen finding; null where there is none to choose.
  readonly shown = computed(() => (this.chosen.value === null ? null : this.details.of(this.chosen.value).value));
  // The code that the sample panel is about.
  readonly judged = computed(() => sampled.value || code.value || (this.shown.value?.value?.item.code ?? ""));
  private waiting: Promise<unknown> = Promise.resolve();

  // The queue is asked for first: it is what the page shows first.
  constructor(readonly v: string) {
    const { first, problem } = this.queue.peek();
    void first.then(() => (problem.peek() === null ? this.loadReview() : undefined)).catch(complain);
  }

  // One after the other, in the order in which they were asked for.
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.waiting.then(work);
    this.waiting = done.catch(() => undefined);
    return done;
  }

  async loadReview(): Promise<void> {
    this.review.value = await get<Review>("review", { v: this.v });
  }

  async loadSample(): Promise<void> {
    const about = this.judged.peek();
    if (about === "") this.sample.value = null;
    else {
      const found = await get<Sample>("sample", { v: this.v, code: about });
      if (about === this.judged.peek()) this.sample.value = found;
    }
  }

  async draw(about: string): Promise<Sample> {
    const drawn = await this.inTurn(() => post<Sample>("sample", { v: this.v, code: about }));
    this.sample.value = drawn;
    await this.loadReview();
    return drawn;
  }

  // The finding after or before the chosen one.
  async step(by: number): Promise<void> {
    const queue = this.queue.value;
    const place = queue.indexOf(this.chosen.value);
    // One that is not in the queue, as it is decided already, has a place where it would stand.
    const from = place >= 0 ? place : (this.shown.value?.value?.place ?? 0) - (by > 0 ? 1 : 0);
    const next = Math.min(Math.max(from + by, 0), queue.length - 1);
    if (place === next || next < 0) return announce(by > 0 ? "This is the last finding of the queue." : "This is the first finding of the queue.");
    await queue.fill(next);
    choose(queue.at(next)?.finding_id ?? null);
  }

  // The next finding without a decision from `place` on, around the end of the queue; null where all are decided.
  async nextOpen(place: number): Promise<QueueItem | null> {
    const queue = this.queue.value;
    const start = Math.max(0, place);
    for (let i = 0; i < queue.length; i++) {
      const at = (start + i) % queue.length;
      if (queue.at(at) === undefined) await queue.fill(at);
      const item = queue.at(at);
      if (item !== undefined && item.decision == null) return item;
    }
    return null;
  }

  prefetch(): void {
    const queue = this.queue.peek();
    const place = queue.indexOf(this.chosen.peek());
    for (let i = 1; i <= AHEAD; i++) {
      const item = place < 0 ? undefined : queue.at(place + i);
      if (item !== undefined) void this.details.prefetch(item.finding_id);
    }
  }

  // Shows what another tab, or a command, has changed.
  async renew(): Promise<void> {
    const queue = this.queue.peek();
    const chosen = this.chosen.peek();
    this.details.renew(chosen);
    await Promise.all([this.loadReview(), queue.renew(Math.max(0, queue.indexOf(chosen))), this.loadSample()]);
  }

  // Called when the pulse tells of a change: what this page has done itself is known already.
  async follow(): Promise<void> {
    await this.waiting;
    const [now, known] = [pulse.peek()?.seq, this.review.peek()?.seq];
    const failed = this.queue.peek().problem.peek() !== null;
    if (!failed && (now === undefined || known === undefined || now <= known)) return;
    await this.renew();
    if (!failed) announce("Something was decided elsewhere: the queue is shown anew.");
  }

  private asked(filters = asked.peek()): Record<string, string> {
    return JSON.parse(filters) as Record<string, string>;
  }

  private queueOf(filters: string, drawn: string): Queue {
    const source: Source = async (offset, limit) => {
      await this.waiting;
      return get<Page>("findings", { v: this.v, ...this.asked(filters), offset, limit });
    };
    return drawn === "" ? new Queue(source, this.asked(filters)["state"] === "open") : new Queue(() => this.sampledPage(drawn), false);
  }

  private async sampledPage(about: string): Promise<Page> {
    const drawn = await get<Sample>("sample", { v: this.v, code: about });
    const found = await Promise.all(drawn.findings.map((id) => this.details.whole(id)));
    return { total: found.length, offset: 0, items: found.map((one) => one.item), pairs: [] };
  }
}
