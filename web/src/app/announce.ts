// What happened, said once: in the status line and by the live region for those who cannot see it.

import { signal } from "@preact/signals";
import { asProblem } from "./loaded";

export interface Said {
  text: string;
  remedy: string;
  bad: boolean;
  act?: { title: string; run: () => void } | null; // what can be done about it, as a button
}

export const said = signal<Said>({ text: "", remedy: "", bad: false });

// The same words twice are told twice: a blank that nobody sees makes them others.
export function announce(text: string, act: { title: string; run: () => void } | null = null): void {
  const again = said.peek().text === text;
  said.value = { text: again ? `${text}\u200b` : text, remedy: "", bad: false, act };
}

export function complain(error: unknown): void {
  const problem = asProblem(error);
  said.value = { text: problem.message, remedy: problem.remedy, bad: true };
}

// Runs what a person asked for; what goes wrong is said, never swallowed.
export async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    complain(error);
    return null;
  }
}
