// What the page cannot decide of a row itself: the server answers with a bit a row, the worker keeps them.

import { signal } from "@preact/signals";
import { postMask, type Problem } from "../api";
import { asProblem } from "../loaded";
import { version } from "../router";
import { WAYS, isWay } from "./address";
import type { WorkerLink } from "./link";

interface Asked {
  kind: string;
  value: string;
}

// `mask`: its name at the worker, another one for every answer.
type State = { key: string; mask: string; held: boolean; problem: Problem | null };

export class Masks {
  // Names of the masks that the worker has for what the address asks now.
  readonly ready = signal<readonly string[]>([]);
  readonly waiting = signal(false);
  readonly problem = signal<Problem | null>(null);
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
      const state = { key, mask: `${name} ${this.asked}`, held: false, problem: null };
      this.states.set(name, state);
      void this.fetch(name, state, asked).then(() => this.drop(former));
    }
    this.tell();
  }

  private async fetch(name: string, state: State, asked: Asked): Promise<void> {
    try {
      const bits = await postMask({ v: version.peek(), kind: asked.kind, value: asked.value });
      if (this.states.get(name) !== state) return;
      this.link.send({ kind: "mask", name: state.mask, bits }, [bits.buffer]);
      state.held = true;
    } catch (error) {
      state.problem = asProblem(error);
    }
    this.tell();
  }

  private drop(state: State | undefined): void {
    if (state?.held === true) this.link.send({ kind: "mask", name: state.mask, bits: null });
  }

  private tell(): void {
    const states = [...this.states];
    this.waiting.value = states.some(([, one]) => !one.held && one.problem === null);
    this.problem.value = states.find(([, one]) => one.problem !== null)?.[1].problem ?? null;
    this.ready.value = states.filter(([, one]) => one.held).map(([, one]) => one.mask);
  }
}

function wantedBy(query: URLSearchParams): Map<string, Asked> {
  const wanted = new Map<string, Asked>();
  const by = query.get("by");
  const text = query.get("q");
  if (text !== null) wanted.set("q", { kind: WAYS[isWay(by) ? by : "text"], value: text });
  for (const kind of ["slice", "set"]) {
    const value = query.get(kind);
    if (value !== null) wanted.set(kind, { kind, value });
  }
  return wanted;
}
