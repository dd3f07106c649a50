// The evidence of findings: what is looked at, and what comes next, so that it is there at once.

import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { FindingDetail } from "../documents";
import { asProblem, type Loaded } from "../loaded";

const KEPT = 60;

interface Kept {
  state: Signal<Loaded<FindingDetail>>;
  done: Promise<void>;
}

export class Details {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly ask: (id: string) => Promise<FindingDetail>) {}

  of(id: string): ReadonlySignal<Loaded<FindingDetail>> {
    return this.known(id).state;
  }

  // Asks for what is looked at soon; where that fails, it is asked for again once it is.
  async prefetch(id: string): Promise<void> {
    if (this.kept.has(id)) return;
    const { state, done } = this.known(id);
    await done;
    if (state.value.problem !== null) this.kept.delete(id);
  }

  // The evidence of a finding, once it is there; what is wrong is thrown.
  async whole(id: string): Promise<FindingDetail> {
    const { state, done } = this.known(id);
    await done;
    return state.value.value ?? this.ask(id);
  }

  change(id: string, changes: (detail: FindingDetail) => FindingDetail): void {
    const state = this.kept.get(id)?.state;
    if (state?.value.value != null) state.value = { ...state.value, value: changes(state.value.value) };
  }

  // What is known may be out of date: the one that is looked at is asked for again, others when they are needed.
  renew(looked: string | null): void {
    const known = looked === null ? undefined : this.kept.get(looked);
    this.kept.clear();
    if (looked === null || known === undefined) return;
    known.done = this.load(looked, known.state);
    this.kept.set(looked, known);
  }

  private known(id: string): Kept {
    const known = this.kept.get(id) ?? this.begin(id);
    this.kept.delete(id);
    this.kept.set(id, known);
    const oldest = this.kept.keys().next().value;
    if (this.kept.size > KEPT && oldest !== undefined) this.kept.delete(oldest);
    return known;
  }

  private begin(id: string): Kept {
    const state = signal<Loaded<FindingDetail>>({ value: null, problem: null, loading: true });
    return { state, done: this.load(id, state) };
  }

  private async load(id: string, into: Signal<Loaded<FindingDetail>>): Promise<void> {
    try {
      into.value = { value: await this.ask(id), problem: null, loading: false };
    } catch (error) {
      // What was shown stays: the server may be gone, and the evidence is still right.
      into.value = { value: into.value.value, problem: asProblem(error), loading: false };
    }
  }
}
