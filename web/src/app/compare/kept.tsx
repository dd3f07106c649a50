// What was compared before, newest first.

import { when } from "../../shared/format";
import type { Comparisons } from "../documents";
import { VerdictBadge, metricLift } from "../parts/effect";
import { Table, type Column } from "../parts/table";
import { href, param } from "../router";

type Line = Comparisons["comparisons"][number];

const COLUMNS: Column<Line>[] = [
  { name: "what", title: "compared", cell: (one) => <a href={href("compare", { key: one.key })}>{one.labels[0]} → {one.labels[1]}</a> },
  { name: "verdict", title: "verdict of B", cell: (one) => <VerdictBadge verdict={one.verdict} passed={one.passed} /> },
  { name: "lift", title: "lift of B", numeric: true, cell: (one) => metricLift(one.lift, one.metric) },
  { name: "v", title: "on", cell: (one) => one.v },
  { name: "created", title: "when", cell: (one) => when(one.created) },
];

export function Kept({ comparisons }: { comparisons: readonly Line[] }) {
  if (comparisons.length === 0) return <p class="quiet">Nothing was compared yet.</p>;
  return (
    <section aria-labelledby="kept-title">
      <h2 id="kept-title">Compared before</h2>
      <Table caption="Comparisons that are kept" columns={COLUMNS} rows={comparisons} id={(one) => one.key} at={param("key")} />
    </section>
  );
}
