// Counts of edits and how a version came about, in words.

import { thousands } from "../../shared/format";

const HOW: Record<string, string> = {
  import: "read from a source", apply: "made from a review", curate: "cleaned by the policy", relabel: "given labels by people", undo: "an undo",
};

export const howWords = (how: string): string => HOW[how] ?? how;

export function countWords(counts: Readonly<Record<string, number>>): string {
  const told = Object.entries(counts).filter(([, n]) => n > 0).map(([what, n]) => `${thousands(n)} ${what}`);
  return told.length === 0 ? "no row changed" : told.join(", ");
}

export const codeWords = (codes: Readonly<Record<string, number>>): string =>
  Object.entries(codes).map(([code, n]) => `${code} ${thousands(n)}`).join(", ");
