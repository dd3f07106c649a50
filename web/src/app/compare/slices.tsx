// The difference on each slice, with its interval against zero.

import type { Dot } from "../../charts/document";
import { thousands } from "../../shared/format";
import type { Compared, ComparedSlice } from "../documents";
import { plotColumn, plotted } from "../parts/charts";
import { isShare, liftUnit, metricLift, metricValue } from "../parts/effect";
import { Table, sorted, type Column } from "../parts/table";
import { param } from "../router";

export function SliceEffects({ compared }: { compared: Compared }) {
  const { metric } = compared.effect;
  const rows = [...compared.slices, ...compared.found];
  if (rows.length === 0) return null;
  const columns = columnsOf(compared, rows, metric);
  const order = param("sort") ?? "lift";
  const failed = rows.filter((one) => one.failed || one.regressed).length;
  return (
    <section aria-labelledby="slices-title">
      <h2 id="slices-title">Slices</h2>
      <p class="quiet">
        {failed === 0 ? "None regressed" : `${failed} of ${rows.length} regressed`} beyond chance, all slices counted (q values); each interval holds by itself.
      </p>
      <Table caption="Difference per slice" columns={columns} rows={sorted(rows, columns, order)} id={(one) => one.slice} order={order} />
    </section>
  );
}

function columnsOf(compared: Compared, rows: readonly ComparedSlice[], metric: string): Column<ComparedSlice>[] {
  const title = `${liftUnit(metric)}, ${Math.round(100 * compared.effect.confidence)} % interval`;
  const { lift } = compared.effect;
  const references: [number, string][] = lift === null ? [[0, ""]] : [[0, ""], [lift, `all rows ${metricLift(lift, metric)}`]];
  const plot = plotted(rows, dotOf, { title, percent: isShare(metric), difference: true, references, band: null });
  return [
    { name: "slice", title: "slice", class: "wide", by: (one) => one.slice, cell: (one) => <Name of={one} /> },
    { name: "size", title: "rows", class: "spare", numeric: true, by: (one) => one.size, cell: (one) => thousands(one.size) },
    { name: "before", title: "A", class: "spare", numeric: true, by: (one) => one.before, cell: (one) => metricValue(one.before, metric) },
    { name: "after", title: "B", class: "spare", numeric: true, by: (one) => one.after, cell: (one) => metricValue(one.after, metric) },
    { name: "lift", title: "B − A", numeric: true, by: (one) => one.lift, cell: (one) => <strong class={classOf(dotOf(one))}>{metricLift(one.lift, metric)}</strong> },
    plotColumn(plot),
    { name: "q", title: "q value", class: "spare", numeric: true, by: (one) => one.q_value, cell: (one) => (one.q_value === null ? "–" : one.q_value.toFixed(3)) },
  ];
}

function Name({ of }: { of: ComparedSlice }) {
  return <>{of.slice}{of.failed ? <span class="chip bad">fails the gate</span> : of.regressed ? <span class="chip bad">regressed</span> : null}</>;
}

const classOf = (dot: Dot): string => (dot.tone === "good" || dot.tone === "bad" ? dot.tone : "");

const dotOf = (one: ComparedSlice): Dot => ({
  name: one.slice, value: one.lift, low: one.low, high: one.high, tone: one.failed || one.regressed ? "bad" : one.low !== null && one.low > 0 ? "good" : "plain",
});
