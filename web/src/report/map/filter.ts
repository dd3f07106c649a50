// Which rows are shown and in which color: the facet, what its legend isolates, and the search.

import type { Facet, MapData } from "../blob";

export interface Choice {
  facet: Facet | null;
  isolated: ReadonlySet<number>;
  query: string;
}

export interface Shown {
  codes: Int16Array;
  count: number;
}

export function shownRows(data: MapData, choice: Choice): Shown {
  const codes = new Int16Array(data.rows).fill(-1);
  const wanted = choice.query.trim().toLowerCase();
  let count = 0;
  for (let row = 0; row < data.rows; row++) {
    if (wanted !== "" && !holds(data, row, wanted)) continue;
    const code = choice.facet === null ? 0 : codeOf(choice.facet, row, choice.isolated);
    if (code < 0) continue;
    codes[row] = code;
    count += 1;
  }
  return { codes, count };
}

export function counts(facet: Facet): number[] {
  const tally = facet.values.map(() => 0);
  for (const code of facet.codes) {
    if (facet.kind === "flags") {
      for (let bit = 0; bit < tally.length; bit++) if (code & (1 << bit)) tally[bit] = (tally[bit] ?? 0) + 1;
    } else tally[code] = (tally[code] ?? 0) + 1;
  }
  return tally;
}

export function valuesOf(facet: Facet, row: number): string[] {
  const code = facet.codes[row] ?? 0;
  if (facet.kind !== "flags") return [facet.values[code] ?? ""];
  return facet.values.filter((_, bit) => (code & (1 << bit)) !== 0);
}

// The color of a row, or -1 where it is not among what the legend isolates.
function codeOf(facet: Facet, row: number, isolated: ReadonlySet<number>): number {
  const code = facet.codes[row] ?? 0;
  if (facet.kind !== "flags") return isolated.size === 0 || isolated.has(code) ? code : -1;
  for (let bit = 0; bit < facet.values.length; bit++) {
    if ((code & (1 << bit)) !== 0 && (isolated.size === 0 || isolated.has(bit))) return bit;
  }
  return -1;
}

function holds(data: MapData, row: number, wanted: string): boolean {
  const text = data.texts?.[row] ?? "";
  return text.toLowerCase().includes(wanted) || (data.ids[row] ?? "").toLowerCase().includes(wanted);
}
