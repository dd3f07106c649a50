// Which findings are looked at: all of it is in the address.

import { computed } from "@preact/signals";
import { param, setParams } from "../router";

export const STATES = ["open", "decided", "all"] as const;
export type State = (typeof STATES)[number];

export const code = computed(() => param("code") ?? "");

// The code whose random sample is judged, or "" for the whole queue.
export const sampled = computed(() => param("sample") ?? "");

export const state = computed<State>(() => STATES.find((one) => one === param("state")) ?? "open");

export const chosenInAddress = computed(() => param("id"));

export function look(at: { code?: string; state?: State; sample?: string }): void {
  const next = { code: code.value, state: state.value, sample: "", ...at };
  setParams({ code: next.code, state: next.state === "open" ? null : next.state, sample: next.sample, id: null });
}

// Going through the queue leaves no trail for "back" to climb; a press on a finding does.
export const choose = (id: string | null, { trail = false } = {}): void => setParams({ id }, { replace: !trail });
