// The axis of a chart: its ends, round ticks, and numbers as it shows them.

import { isNumber, type Chart } from "./document";

const TICKS = 5;
const ROOM = 0.06;

export interface Scale {
  low: number;
  high: number;
  ticks: readonly number[];
  at(value: number): string; // where a value stands, as in "41.7%"
  tick(value: number): string;
  shown(value: number | null): string;
}

export type Drawn = Pick<Chart, "dots" | "percent" | "difference" | "references" | "band">;

export function scaleOf(chart: Drawn): Scale {
  const [low, high] = extent(chart);
  const step = roundStep((high - low) / TICKS);
  const factor = chart.percent ? 100 : 1;
  const decimals = Math.min(9, Math.max(0, -Math.floor(Math.log10(step * factor) + 1e-9)));
  const digits = chart.percent ? Math.max(1, decimals) : decimals + 1;
  const written = (value: number, places: number, sign: boolean): string => {
    const amount = Math.abs(value * factor);
    const text = amount.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    const nothing = Number(amount.toFixed(places)) === 0;
    return `${nothing ? "" : value < 0 ? "\u2212" : sign ? "+" : ""}${text}`;
  };
  const unit = chart.percent && !chart.difference ? "%" : "";
  return {
    low,
    high,
    ticks: ticksOf(low, high, step),
    at: (value) => `${(100 * Math.min(1, Math.max(0, (value - low) / (high - low)))).toFixed(3)}%`,
    tick: (value) => written(value, decimals, chart.difference) + unit,
    shown: (value) => (isNumber(value) ? written(value, digits, chart.difference) + unit : open(value)),
  };
}

// A value with its interval in words: "+3.8 [+3.2, +4.5]".
export function sentence(scale: Scale, dot: Chart["dots"][number]): string {
  if (dot.value === null) return "not known";
  const ends = dot.low === null && dot.high === null ? "" : ` [${scale.shown(dot.low)}, ${scale.shown(dot.high)}]`;
  return scale.shown(dot.value) + ends;
}

const open = (value: number | null): string => (value === null || Number.isNaN(value) ? "?" : value < 0 ? "\u2212\u221e" : "\u221e");

function extent(chart: Drawn): [number, number] {
  const ends = [
    ...chart.dots.flatMap((dot) => [dot.low, dot.value, dot.high]),
    ...chart.references.map(([value]) => value),
    ...(chart.band ?? []),
  ].filter(isNumber);
  const low = ends.reduce((least, one) => Math.min(least, one), ends[0] ?? 0);
  const high = ends.reduce((most, one) => Math.max(most, one), ends[0] ?? 1);
  const room = (high - low || Math.abs(high) * 0.1 || 0.02) * ROOM;
  const bounded = chart.percent && !chart.difference;
  return [bounded ? Math.max(0, low - room) : low - room, bounded ? Math.min(1, high + room) : high + room];
}

function roundStep(rough: number): number {
  const size = 10 ** Math.floor(Math.log10(rough));
  const times = rough / size;
  return size * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

function ticksOf(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
