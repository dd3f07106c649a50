// Which findings are looked at: all of it is in the address.

import { computed } from "@preact/signals";
import { param, setParams } from "../router";

export const STATES = ["open", "decided", "skipped", "all"] as const;
export type State = (typeof STATES)[number];

// What else narrows or orders the queue, as the server names it: labels, and rows of a set, of a slice, or by position.
export const NARROWING = ["given", "suggested", "set", "slice", "rows", "sort"] as const;
type Narrowing = Partial<Record<(typeof NARROWING)[number], string>>;

export const code = computed(() => param("code") ?? "");

// The code whose random sample is judged, or "" for the whole queue.
export const sampled = computed(() => param("sample") ?? "");

export const state = computed<State>(() => STATES.find((one) => one === param("state")) ?? "open");

export const chosenInAddress = computed(() => param("id"));

export const narrowing = computed<Narrowing>(() => Object.fromEntries(NARROWING.map((name) => [name, param(name) ?? ""])));

// All that says which findings the queue holds, in one text: it stays the same while others are chosen.
export const asked = computed(() => JSON.stringify({ code: code.value, state: state.value, ...narrowing.value }));

// Labels belong to a kind of finding: another kind begins with all of them.
export function look(at: Narrowing & { code?: string; state?: State; sample?: string }): void {
  const { code: which, state: shown, sample, ...narrowed } = { code: code.value, state: state.value, sample: "", ...at };
  const labels = at.code === undefined ? {} : { given: null, suggested: null };
  setParams({ ...labels, ...narrowed, code: which, state: shown === "open" ? null : shown, sample, id: null });
}

// Going through the queue leaves no trail for "back" to climb; a press on a finding does.
export const choose = (id: string | null, { trail = false } = {}): void => setParams({ id }, { replace: !trail });
