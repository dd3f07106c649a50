// Documents that a part of the page is made of: asked for when its inputs change, and again when the data has.

import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Problem, get } from "./api";

// Goes up when something was decided, made or found: what was loaded before is asked for again.
export const turn = signal(0);
export const changed = (): void => {
  turn.value += 1;
};

export interface Loaded<T> {
  value: T | null;
  problem: Problem | null;
  loading: boolean;
}

type Values = Record<string, string | number | boolean | null | undefined>;

// `path` null: nothing to ask yet. The last value stays while a new one is on its way. `stamp`: what is not sent, but makes
// an answer old.
export function useLoaded<T>(path: string | null, values: Values = {}, stamp = ""): Loaded<T> {
  const state = useSignal<Loaded<T>>({ value: null, problem: null, loading: path !== null });
  const key = JSON.stringify([path, values, stamp]);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    state.value = { ...state.value, loading: true };
    get<T>(path, values, stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) state.value = { value, problem: null, loading: false };
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        state.value = { value: null, problem: asProblem(error), loading: false };
      },
    );
    return () => stop.abort();
  }, [key, turn.value]);
  return state.value;
}

export const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(error instanceof Error ? error.message : String(error), "", 0);
