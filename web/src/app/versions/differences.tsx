// The tables of a diff.

import type { ComponentChildren } from "preact";
import { percent, plural, thousands } from "../../shared/format";
import { Table, type Column } from "../parts/table";

type Line = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const listed = (value: unknown): string => (Array.isArray(value) ? value.map((one) => text(one) || "unnamed").join(", ") : "");

// Only the first of many rows are drawn, and of the values of a field.
const ROWS = 200;
const VALUES = 12;

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return <details open class="part"><summary>{title}</summary>{children}</details>;
}

export function FindingTable({ findings }: { findings: readonly Line[] | null }) {
  if (findings === null) return <p class="quiet">Findings cannot be compared: one of the two was not audited.</p>;
  if (findings.length === 0) return null;
  const columns: Column<Line>[] = [
    { name: "code", title: "code", cell: (one) => <span class="code">{text(one["code"])}</span> },
    { name: "kept", title: "in both", numeric: true, cell: (one) => thousands(number(one["kept"])) },
    { name: "closed", title: "closed", numeric: true, cell: (one) => thousands(number(one["closed"])) },
    { name: "opened", title: "new", numeric: true, cell: (one) => thousands(number(one["opened"])) },
  ];
  return <Part title="Findings"><Table caption="Rows found, by code" columns={columns} rows={findings} id={(one) => text(one["code"])} /></Part>;
}

export function ClusterTable({ clusters }: { clusters: readonly Line[] | null }) {
  const changes = clusters?.filter((one) => one["kind"] !== "persists") ?? [];
  if (clusters === null) return null;
  const columns: Column<Line>[] = [
    { name: "kind", title: "what", cell: (one) => text(one["kind"]) },
    { name: "before", title: "before", class: "wide", cell: (one) => listed(one["names_before"]) },
    { name: "after", title: "after", class: "wide", cell: (one) => listed(one["names_after"]) },
  ];
  const same = `${plural(clusters.length - changes.length, "cluster")} as before`;
  if (changes.length === 0) return <p class="quiet">{same}.</p>;
  return (
    <Part title={`Clusters: ${changes.length} changed, ${same}`}>
      <Table caption="Clusters that changed" columns={columns} rows={changes} id={(one) => JSON.stringify([one["before"], one["after"]])} />
    </Part>
  );
}

export function ShiftTable({ shifts }: { shifts: readonly Line[] }) {
  if (shifts.length === 0) return null;
  const columns: Column<Line>[] = [
    { name: "field", title: "field", cell: (one) => text(one["field"]) },
    { name: "shift", title: "moved by", numeric: true, cell: movedBy },
    { name: "changed", title: "from → to", class: "wide", cell: (one) => changes(one["before"], one["after"]) },
  ];
  return <Part title="Fields"><Table caption="How far each field moved" columns={columns} rows={shifts} id={(one) => text(one["field"])} /></Part>;
}

// Of values: the share of rows that would have to change; of numbers: standard deviations.
const movedBy = (one: Line): string =>
  one["kind"] === "values" ? percent(number(one["shift"])) : `${number(one["shift"]).toFixed(2)} sd`;

// Of numbers the mean; of values those that changed, the most first, as in "refund 12 → 11".
function changes(before: unknown, after: unknown): string {
  if (typeof before === "number") return `mean ${went(before, after)}`;
  const is = new Map(Object.entries(after ?? {}));
  const moved = Object.entries(before ?? {}).map(([name, n]) => `${name} ${went(n, is.get(name))}`);
  const more = moved.length - VALUES;
  return [...moved.slice(0, VALUES), ...(more > 0 ? [`${plural(more, "value")} more`] : [])].join(", ");
}

const amount = (n: unknown): string => thousands(Number(number(n).toPrecision(6)));
const went = (before: unknown, after: unknown): string => `${amount(before)} → ${amount(after)}`;

const CHANGES: Record<string, string> = { in: "new", out: "gone" };

export function RowTable({ rows, leftOff }: { rows: readonly Line[]; leftOff: number }) {
  if (rows.length === 0) return null;
  const columns: Column<Line>[] = [
    { name: "row", title: "row", cell: (one) => <span class="row-id">{text(one["row_id"])}</span> },
    { name: "change", title: "change", cell: (one) => CHANGES[text(one["change"])] ?? text(one["change"]) },
    { name: "label", title: "label", cell: labels },
    { name: "code", title: "code", cell: (one) => <span class="code">{text(one["code"])}</span> },
    { name: "reason", title: "reason", class: "wide", cell: (one) => text(one["reason"]) },
  ];
  const more = leftOff + Math.max(0, rows.length - ROWS);
  return (
    <Part title={`Rows: ${thousands(rows.length + leftOff)}`}>
      <Table caption="Rows that differ" columns={columns} rows={rows.slice(0, ROWS)} id={(one) => `${text(one["row_id"])} ${text(one["change"])}`} />
      {more > 0 && <p class="quiet">{plural(more, "row")} more: <code>burnish diff</code> writes all of them.</p>}
    </Part>
  );
}

function labels(one: Line): string {
  const [before, after] = [text(one["old_label"]), text(one["label"])];
  return before !== "" && after !== "" && before !== after ? `${before} → ${after}` : before || after;
}
