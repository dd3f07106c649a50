// The difference on each slice, with its interval against zero.

import type { Dot } from "../../charts/document";
import { chance, thousands } from "../../shared/format";
import type { Compared, ComparedSlice } from "../documents";
import { plotColumn, plotted } from "../parts/charts";
import { LOSSES, isShare, liftUnit, metricLift, metricName, metricValue } from "../parts/effect";
import { Table, sorted, type Column } from "../parts/table";
import { param } from "../router";

interface Line extends ComparedSlice {
  searched: boolean;
}

// One that a search found may be one of those that were looked at anyway, with a wider interval, as many were tried.
export function SliceEffects({ compared }: { compared: Compared }) {
  const rows: Line[] = [
    ...compared.slices.map((one) => ({ ...one, searched: false })),
    ...compared.found.map((one) => ({ ...one, searched: true })),
  ];
  if (rows.length === 0) return <p class="quiet note">No slice has enough of these rows to be judged.</p>;
  const columns = columnsOf(compared, rows);
  const order = param("sort") ?? "lift";
  const names = new Set(rows.map((one) => one.slice));
  const fell = new Set(rows.filter((one) => one.failed || one.regressed).map((one) => one.slice));
  const by = metricName(compared.slices_by);
  return (
    <section aria-labelledby="slices-title">
      <h2 id="slices-title">Slices</h2>
      <p class="quiet">
        {fell.size === 0 ? "None" : `${fell.size} of ${names.size}`} regressed beyond chance, all slices counted (q values); each interval holds by itself.
        {compared.slices_by !== compared.effect.metric && ` Slices are judged by ${by}, as a row has no ${metricName(compared.effect.metric)} of its own.`}
      </p>
      <Table caption="Difference per slice" columns={columns} rows={sorted(rows, columns, order)} id={(one) => `${one.searched ? "found" : "named"}:${one.slice}`} order={order} />
    </section>
  );
}

function columnsOf(compared: Compared, rows: readonly Line[]): Column<Line>[] {
  const { effect, slices_by: metric } = compared;
  const title = `${liftUnit(metric)}, ${Math.round(100 * effect.confidence)} % interval`;
  const zero: [number, string] = [0, ""];
  const references: [number, string][] = effect.lift === null || metric !== effect.metric ? [zero] : [zero, [effect.lift, `all rows ${metricLift(effect.lift, metric)}`]];
  const plot = plotted(rows, dotOf, { title, percent: isShare(metric), difference: true, references, band: null });
  return [
    { name: "slice", title: "slice", class: "wide", by: (one) => one.slice, cell: (one) => <Name of={one} /> },
    { name: "size", title: "rows", class: "spare", numeric: true, by: (one) => one.size, cell: (one) => thousands(one.size) },
    { name: "before", title: "A", class: "spare", numeric: true, by: (one) => one.before, cell: (one) => metricValue(one.before, metric) },
    { name: "after", title: "B", class: "spare", numeric: true, by: (one) => one.after, cell: (one) => metricValue(one.after, metric) },
    { name: "lift", title: LOSSES.has(metric) ? "A − B" : "B − A", numeric: true, by: (one) => one.lift, cell: (one) => <strong class={classOf(dotOf(one))}>{metricLift(one.lift, metric)}</strong> },
    plotColumn(plot),
    { name: "q", title: "q value", class: "spare", numeric: true, by: (one) => one.q_value, cell: (one) => chance(one.q_value) },
  ];
}

function Name({ of }: { of: Line }) {
  return (
    <>
      {of.slice}{of.failed ? <span class="chip bad">fails the gate</span> : of.regressed ? <span class="chip bad">regressed</span> : null}
      {of.searched && <p class="quiet about">found by a search</p>}
    </>
  );
}

const classOf = (dot: Dot): string => (dot.tone === "good" || dot.tone === "bad" ? dot.tone : "");

const dotOf = (one: ComparedSlice): Dot => ({
  name: one.slice, value: one.lift, low: one.low, high: one.high, tone: one.failed || one.regressed ? "bad" : one.low !== null && one.low > 0 ? "good" : "plain",
});
