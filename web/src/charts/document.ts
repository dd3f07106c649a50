// The document of a chart of values with intervals: what reports/charts.py writes, and what pages make of a table.

export type Tone = "plain" | "good" | "bad" | "quiet";

// A line of a chart. An end that is null is not known; one that is infinite is open.
export interface Dot {
  name: string;
  value: number | null;
  low: number | null;
  high: number | null;
  tone: Tone;
}

// `references`: vertical lines (value, name; without a name: the line that counts). `band`: a shaded range that `note` explains.
export interface Chart {
  title: string;
  axis: string;
  dots: readonly Dot[];
  percent: boolean;
  difference: boolean;
  references: readonly (readonly [number, string])[];
  band: readonly [number, number] | null;
  note?: string;
}

export const isNumber = (value: number | null | undefined): value is number => value != null && Number.isFinite(value);

// Good above zero, bad below, plain around it.
export function liftTone(low: number | null, high: number | null): Tone {
  if (low !== null && low > 0) return "good";
  return high !== null && high < 0 ? "bad" : "plain";
}
