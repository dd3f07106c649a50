// The columns of the slices: what each is, how well the model does on it, and how sure that is.

import type { Dot } from "../../charts/document";
import { chance, thousands } from "../../shared/format";
import type { SliceLine, Slices } from "../documents";
import { plotColumn, plotted } from "../parts/charts";
import { isShare, metricLift, metricName, metricValue } from "../parts/effect";
import type { Column } from "../parts/table";
import { href } from "../router";

export const ORIGINS = { slice: "found by a search", set: "named by people", cluster: "cluster" } as const;
const KEYWORDS = 5;

// Where the rows of a slice are on the map; a cluster is a slice there, too.
export const onMap = (one: SliceLine): string => href("map", { [one.mask === "set" ? "set" : "slice"]: one.name });
// A slice that was found and one that a person named may share a name.
export const idOf = (one: SliceLine): string => (one.mask === "cluster" ? one.name : `${one.mask}:${one.name}`);
export const titleOf = (one: SliceLine): string => (one.description === "" ? one.name : one.description);

const NAMES: Column<SliceLine>[] = [
  { name: "name", title: "slice", class: "wide", by: titleOf, cell: (one) => <Name of={one} /> },
  { name: "size", title: "rows", class: "spare", numeric: true, by: (one) => one.size, cell: (one) => thousands(one.size) },
];

// Where no row has a label and a prediction, there is nothing to judge slices by.
export function columnsOf(slices: Slices): Column<SliceLine>[] {
  const { metric, overall } = slices;
  if (overall === null) return NAMES;
  const title = isShare(metric) ? `${metricName(metric)}, 95 % interval` : metricName(metric);
  const references: [number, string][] = [[overall, `all rows ${metricValue(overall, metric)}`]];
  const plot = plotted(slices.slices, dotOf, { title, percent: isShare(metric), difference: false, references, band: null });
  return [
    ...NAMES,
    { name: "evaluated", title: "evaluated", class: "spare", numeric: true, by: (one) => one.n_evaluated, cell: (one) => thousands(one.n_evaluated) },
    { name: "metric", title: metricName(metric), numeric: true, by: (one) => one.metric, cell: (one) => metricValue(one.metric, metric) },
    plotColumn(plot),
    { name: "gap", title: isShare(metric) ? "points below the rest" : "below the rest by", class: "spare", numeric: true, by: (one) => one.gap, cell: (one) => <Gap of={one} metric={metric} /> },
    { name: "q", title: "q value", class: "spare", numeric: true, by: (one) => one.q_value, cell: (one) => chance(one.q_value) },
  ];
}

function Name({ of }: { of: SliceLine }) {
  const title = titleOf(of);
  const more = of.keywords.filter((word) => !title.includes(word)).slice(0, KEYWORDS);
  return (
    <>
      <a href={onMap(of)} title="Show on the map">{title}</a>
      {doubt(of) !== "" && <span class="chip">{doubt(of)}</span>}
      <p class="quiet about">{[ORIGINS[of.mask], ...more].join(" · ")}</p>
    </>
  );
}

function Gap({ of, metric }: { of: SliceLine; metric: string }) {
  const said = (value: number | null): string => metricLift(value, metric).replace("+", "");
  return <>{said(of.gap)}{of.gap_low !== null && <span class="quiet"> [{said(of.gap_low)}, {said(of.gap_high)}]</span>}</>;
}

const SURE = 0.05;

// The test of a search leaves out the rows of slices found before, metric and gap do not: a slice that shares many rows
// with those may be no lower than the rest, and that is said.
function doubt({ q_value: q, gap, gap_low: low }: SliceLine): string {
  if (q === null || gap === null) return "";
  return gap <= 0 ? "not below the rest" : low !== null && low <= 0 ? "may be no lower than the rest" : "";
}

// Weak is what differs beyond chance, with all slices counted, and is surely below the rest.
function dotOf(one: SliceLine): Dot {
  const weak = one.q_value !== null && one.q_value <= SURE && one.gap !== null && doubt(one) === "";
  return { name: titleOf(one), value: one.metric, low: one.metric_low, high: one.metric_high, tone: weak ? "bad" : "plain" };
}
