// What the whole page knows: what is served, the pulse of the data set, jobs.

import { computed, effect, signal, untracked } from "@preact/signals";
import { get } from "./api";
import type { About, Pulse } from "./documents";
import { asProblem, changed } from "./loaded";
import type { Problem } from "./api";
import { setParams, version } from "./router";

const BEAT_MILLISECONDS = 3_000;

export const about = signal<About | null>(null);
export const trouble = signal<Problem | null>(null);
export const pulse = signal<Pulse | null>(null);
// Why the version of the address cannot be shown: there is none of that name.
export const missing = signal<Problem | null>(null);

export const dataset = computed(() => about.value?.datasets.find((one) => one.name === version.value.split("@")[0]) ?? null);

// The newest version, where it is not the one that is looked at: made meanwhile, in another tab or by a command.
export const newer = computed(() => {
  const newest = pulse.value?.newest;
  return newest !== undefined && newest !== version.value ? newest : null;
});

export async function loadAbout(): Promise<void> {
  try {
    const found = await get<About>("about");
    about.value = found;
    trouble.value = null;
    const first = found.opens ?? found.datasets[0]?.newest;
    if (version.value === "" && first !== undefined) setParams({ v: first }, { replace: true });
  } catch (error) {
    trouble.value = asProblem(error);
  }
}

// Asks now and then what has changed, while the page is in front; answers that tell of a change make all load anew.
export function startPulse(): void {
  const beat = async (): Promise<void> => {
    const asked = version.value;
    if (asked === "" || document.hidden) return;
    try {
      const before = pulse.value;
      const now = await get<Pulse>("pulse", { v: asked });
      if (asked !== version.value) return;
      pulse.value = now;
      // A tag, a hash or a bare name in the address stands for a version: from now on it is named.
      if (now.v !== version.value) setParams({ v: now.v }, { replace: true });
      if (trouble.value !== null || (dataset.value !== null && dataset.value.newest !== now.newest)) await loadAbout();
      if (before !== null && (before.seq !== now.seq || before.newest !== now.newest || before.audited !== now.audited)) changed();
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 404) missing.value = problem;
      else trouble.value = problem;
    }
  };
  effect(() => {
    if (version.value === "") return;
    untracked(() => {
      pulse.value = null;
      missing.value = null;
      void beat();
    });
  });
  setInterval(() => void beat(), BEAT_MILLISECONDS);
}
