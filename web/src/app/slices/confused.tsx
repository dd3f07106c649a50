// Which labels the model takes for which others, the most rows first; each opens its rows and its findings.

import { percent, plural, thousands } from "../../shared/format";
import type { Slices } from "../documents";
import { Pager, Table, offsetOf, sorted, type Column } from "../parts/table";
import { href, param } from "../router";

type Line = Slices["confused"][number];

const SIZE = 50;
const COLUMNS: Column<Line>[] = [
  { name: "given", title: "label", class: "wide", by: (one) => one.given, cell: (one) => one.given },
  { name: "predicted", title: "predicted", class: "wide", by: (one) => one.predicted, cell: (one) => one.predicted },
  { name: "n", title: "rows", numeric: true, by: (one) => one.n, cell: (one) => (Object.keys(one.filters).length === 0 ? thousands(one.n) : <a href={href("map", one.filters)} title="Show on the map">{thousands(one.n)}</a>) },
  { name: "share", title: "of the label", class: "spare", numeric: true, by: (one) => one.n / one.n_given, cell: (one) => percent(one.n / one.n_given) },
  { name: "findings", title: "", cell: (one) => <a href={href("findings", { given: one.given, suggested: one.predicted, state: "all" })}>findings</a> },
];

export function ConfusedPairs({ slices }: { slices: Slices }) {
  const from = offsetOf("from");
  const left = slices.n_confused - slices.confused.length;
  return (
    <>
      <Table caption="Confused labels" columns={COLUMNS} rows={sorted(slices.confused, COLUMNS, param("sort")).slice(from, from + SIZE)} id={(one) => JSON.stringify([one.given, one.predicted])} />
      <Pager total={slices.confused.length} size={SIZE} name="from" />
      <p class="quiet note">By predictions of rows that the model has not learned from. {left > 0 ? `${plural(left, "rarer pair")} not shown.` : ""}</p>
    </>
  );
}
