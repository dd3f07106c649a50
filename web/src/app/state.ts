// What the whole page knows: what is served, the pulse of the data set, jobs.

import { computed, effect, signal, untracked } from "@preact/signals";
import { announce } from "./announce";
import { get } from "./api";
import type { About, Pulse } from "./documents";
import { asProblem, changed } from "./loaded";
import type { Problem } from "./api";
import { setParams, version } from "./router";

const BEAT_MILLISECONDS = 3_000;
const OPENING_MILLISECONDS = 300;

export const about = signal<About | null>(null);
export const trouble = signal<Problem | null>(null);
export const pulse = signal<Pulse | null>(null);
// Why the version of the address cannot be shown: there is none of that name.
export const missing = signal<Problem | null>(null);

// Why nothing can be written down, or "": the server refuses what would be, and the page does not offer it.
export const readOnly = computed(() => (about.value?.read_only === true ? "The workspace can only be read." : ""));

export const dataset = computed(() => about.value?.datasets.find((one) => one.name === version.value.split("@")[0]) ?? null);

// A newest version that a person does not want to hear of again, in this tab.
export const passed = signal(sessionStorage.getItem("burnish-passed") ?? "");
effect(() => sessionStorage.setItem("burnish-passed", passed.value));

// The newest version, where it is not the one that is looked at and has other rows: made meanwhile, in another tab or by
// a command.
export const newer = computed(() => {
  const now = pulse.value;
  return now === null || [version.value, passed.value].includes(now.newest) || now.newest_hash === now.hash ? null : now.newest;
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
  let soon: ReturnType<typeof setTimeout> | undefined;
  const beat = async (): Promise<void> => {
    const asked = version.value;
    if (asked === "" || document.hidden) return;
    try {
      const before = pulse.value;
      const now = await get<Pulse>("pulse", { v: asked });
      const back = trouble.value !== null;
      // What the pulse tells of can be chosen as soon as it is told.
      if (back || (dataset.value !== null && dataset.value.newest !== now.newest)) await loadAbout();
      if (asked !== version.value) return;
      pulse.value = now;
      clearTimeout(soon);
      if (now.opening) soon = setTimeout(() => void beat(), OPENING_MILLISECONDS);
      // A tag, a hash or a bare name in the address stands for a version: from now on it is named.
      if (now.v !== version.value) setParams({ v: now.v }, { replace: true });
      if (back) changed();
      if (before === null) return;
      const again = before.audit !== now.audit;
      // What a job of this server did is said by the job.
      if (again && before.jobs + now.jobs === 0) announce(`${now.v} was audited anew, and its findings are those of that audit.`);
      if (again || before.seq !== now.seq || before.newest !== now.newest || before.audited !== now.audited) changed();
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
