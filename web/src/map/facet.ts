// What the points of the map can be colored, counted and filtered by: small codes, a column a facet.

export type Codes = Uint8Array | Uint16Array;

// `category`: a code is a place in `values`. `flags`: a set of bits, bit i for `values[i]`; the place past the last
// value stands for rows without any, called `bare`. `scale`: 0..254 from `low` to `high`, 255 where a row has none; where it has
// `values`, a code is a place in them, which lie in their order.
export interface Facet {
  name: string;
  title: string;
  kind: "category" | "flags" | "scale";
  column: string;
  values: string[];
  low: number | null;
  high: number | null;
  bare?: string;
}

export interface MapFacts {
  v: string;
  n_rows: number;
  n_placed: number;
  aspect: number;
  facets: Facet[];
  takes_texts?: boolean; // whether rows can be compared with a text
  points?: string; // names these very points
}

// `values`: rows with any of these places. `range`: rows of a scale between two values, ends included.
export type Filter = { kind: "values"; values: readonly number[] } | { kind: "range"; low: number; high: number };

export const NO_NUMBER = 255;
export const LAST_STEP = 254;
export const BINS = 64;
export const NONE = "none";

export const spaceOf = (codes: Codes): number => (codes.BYTES_PER_ELEMENT === 1 ? 256 : 65_536);

export function numberAt(facet: Facet, step: number): number {
  const low = facet.low ?? 0;
  return low + (((facet.high ?? 1) - low) * step) / LAST_STEP;
}

export function stepOf(facet: Facet, value: number): number {
  const low = facet.low ?? 0;
  const width = (facet.high ?? 1) - low;
  return width === 0 ? 0 : Math.min(LAST_STEP, Math.max(0, Math.round(((value - low) / width) * LAST_STEP)));
}

// Even steps from `low` to `high`; other facets have named values.
export const isSmooth = (facet: Facet): boolean => facet.kind === "scale" && facet.values.length === 0;

// What a person can choose of a facet, in order: its values, and for flags that a row has none.
export const choicesOf = (facet: Facet): string[] => (facet.kind === "flags" ? [...facet.values, facet.bare ?? NONE] : facet.values);

// A byte a code: 1 where a row with this code passes.
export function passing(facet: Facet, filter: Filter, space: number): Uint8Array {
  const passes = new Uint8Array(space);
  if (filter.kind === "range") {
    passes.fill(1, stepOf(facet, filter.low), stepOf(facet, filter.high) + 1);
  } else if (facet.kind === "flags") {
    const wanted = filter.values.reduce((bits, place) => bits | (1 << place), 0);
    const bare = filter.values.includes(facet.values.length);
    for (let code = 1; code < space; code++) passes[code] = (code & wanted) !== 0 ? 1 : 0;
    passes[0] = bare ? 1 : 0;
  } else {
    for (const place of filter.values) passes[place] = 1;
  }
  return passes;
}

// How many rows each choice of a facet has (64 bins for a smooth scale, and last those without a number), from a tally by code.
export function gathered(facet: Facet, tally: Uint32Array): Uint32Array {
  if (isSmooth(facet)) {
    const bins = new Uint32Array(BINS + 1);
    for (let step = 0; step <= LAST_STEP; step++) bins[step >> 2]! += tally[step]!;
    bins[BINS] = tally[NO_NUMBER]!;
    return bins;
  }
  if (facet.kind !== "flags") return tally.slice(0, facet.values.length);
  const counts = new Uint32Array(facet.values.length + 1);
  tally.forEach((count, code) => {
    for (let bit = 0; count > 0 && bit < facet.values.length; bit++) if ((code >> bit) & 1) counts[bit]! += count;
  });
  counts[facet.values.length] = tally[0]!;
  return counts;
}
