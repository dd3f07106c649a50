// What the page cannot decide of a row itself: the server answers with a bit a row, or with rows in an order; the worker
// keeps them.

import { batch, signal } from "@preact/signals";
import { address, ask, post, postMask, type Problem } from "../api";
import type { Near } from "../documents";
import { asProblem } from "../loaded";
import { version } from "../router";
import { WAYS, isWay, likeIn, sortIn } from "./address";
import type { WorkerLink } from "./link";

interface Asked {
  kind: string;
  value: string;
  k?: number;
}

// `at`: its name at the worker, another one for every answer.
type State = { key: string; at: string; asked: Asked; held: boolean; problem: Problem | null };

const ORDER = "order";
const isLikeness = ({ kind }: Asked): boolean => kind.startsWith("similar_");

export class Masks {
  // Names of the masks that the worker has for what the address asks now, and of the order that rows are listed in.
  readonly ready = signal<readonly string[]>([]);
  readonly order = signal<string | null>(null);
  readonly waiting = signal(false);
  readonly problem = signal<Problem | null>(null);
  // How far rows are from what they were to be like, by position.
  readonly distances = signal<ReadonlyMap<number, number>>(new Map());
  private readonly states = new Map<string, State>();
  private asked = 0;

  constructor(private readonly link: WorkerLink) {}

  // Asks for what is new, drops what is not asked any more. Sets may have changed with the turn; a search has not.
  follow(query: URLSearchParams, turn: number): void {
    const wanted = wantedBy(query);
    for (const [name, state] of this.states) {
      if (wanted.has(name)) continue;
      this.states.delete(name);
      this.drop(state);
    }
    for (const [name, asked] of wanted) {
      const key = JSON.stringify([asked, name === "set" ? turn : 0]);
      const former = this.states.get(name);
      if (former?.key === key) continue;
      this.asked += 1;
      const state = { key, at: `${name} ${this.asked}`, asked, held: false, problem: null };
      this.states.set(name, state);
      void this.fetch(name, state).then(() => this.drop(former));
    }
    this.tell();
  }

  private async fetch(name: string, state: State): Promise<void> {
    try {
      const send = await this.answer(state);
      if (this.states.get(name) !== state) return;
      send();
      state.held = true;
    } catch (error) {
      state.problem = asProblem(error);
    }
    this.tell();
  }

  // What brings the answer to the worker.
  private async answer({ asked, at }: State): Promise<() => void> {
    const v = version.peek();
    if (asked.kind === ORDER) {
      const { by, highest } = JSON.parse(asked.value) as { by: string; highest: boolean };
      const answer = await ask(address("order", { v, by, highest }));
      return this.sending(at, new Uint32Array(await answer.arrayBuffer()), false);
    }
    if (isLikeness(asked)) {
      const { positions, distances } = await post<Near>("nearest", { v, ...asked });
      const send = this.sending(at, Uint32Array.from(positions), true);
      return () => {
        this.distances.value = new Map(positions.map((row, i) => [row, distances[i] ?? 0]));
        send();
      };
    }
    const bits = await postMask({ v, ...asked });
    return () => this.link.send({ kind: "mask", name: at, bits }, [bits.buffer]);
  }

  private sending(name: string, rows: Uint32Array<ArrayBuffer>, only: boolean): () => void {
    return () => this.link.send({ kind: "order", name, rows, only }, [rows.buffer]);
  }

  private drop(state: State | undefined): void {
    if (state?.held === true) this.link.send({ kind: "mask", name: state.at, bits: null });
  }

  private tell(): void {
    const states = [...this.states.values()];
    const held = states.filter((one) => one.held);
    const listing = held.find((one) => one.asked.kind === ORDER) ?? held.find((one) => isLikeness(one.asked));
    const waiting = states.some((one) => !one.held && one.problem === null);
    batch(() => {
      this.waiting.value = waiting;
      this.problem.value = states.find((one) => one.problem !== null)?.problem ?? null;
      this.order.value = listing?.at ?? null;
      if (!waiting && !held.some((one) => isLikeness(one.asked))) this.distances.value = new Map();
      this.ready.value = held.filter((one) => one.asked.kind !== ORDER).map((one) => one.at);
    });
  }
}

function wantedBy(query: URLSearchParams): Map<string, Asked> {
  const wanted = new Map<string, Asked>();
  const by = query.get("by");
  const text = query.get("q");
  if (text !== null) {
    const asked = { kind: WAYS[isWay(by) ? by : "text"], value: text };
    wanted.set("q", isLikeness(asked) ? { ...asked, k: likeIn(query) } : asked);
  }
  for (const kind of ["slice", "set", "finding"]) {
    const value = query.get(kind);
    if (value !== null) wanted.set(kind, { kind, value });
  }
  const sort = sortIn(query);
  if (sort !== null) wanted.set("sort", { kind: ORDER, value: JSON.stringify(sort) });
  return wanted;
}
