// What was found, a line each kind, with how far its review is.

import { percent, thousands } from "../../shared/format";
import type { FoundKind } from "../documents";
import { Table, sorted, type Column } from "../parts/table";
import { href, param } from "../router";

const SIGNS = { error: "●", warning: "▲", info: "○" } as const;

const COLUMNS: Column<FoundKind>[] = [
  {
    name: "code", title: "kind", by: (one) => one.code,
    cell: (one) => (
      <>
        <span class={`severity ${one.severity}`} title={one.severity}><span aria-hidden="true">{SIGNS[one.severity]}</span><span class="hidden">{one.severity}</span></span>
        <a href={href("findings", { code: one.code })}>{one.title}</a> <span class="quiet code">{one.code}</span>
        <p class="quiet about">{one.about}</p>
      </>
    ),
  },
  { name: "findings", title: "findings", numeric: true, by: (one) => one.findings, cell: (one) => thousands(one.findings) },
  { name: "review", title: "reviewed", by: (one) => (one.reviewable === 0 ? null : one.decided / one.reviewable), cell: (one) => <Reviewed of={one} /> },
  { name: "rows", title: "rows", class: "spare", numeric: true, by: (one) => one.rows, cell: (one) => thousands(one.rows) },
  { name: "precision", title: "right, as tried on planted defects", numeric: true, class: "wraps spare", by: (one) => one.precision ?? null, cell: precisionOf },
];

export function Found({ found }: { found: readonly FoundKind[] }) {
  return (
    <section aria-labelledby="found-title">
      <h2 id="found-title">What was found</h2>
      {found.length === 0 && <p class="quiet">Nothing: no check found anything in this version.</p>}
      {found.length > 0 && <Table caption="Findings by kind" columns={COLUMNS} rows={sorted(found, COLUMNS, param("sort"))} id={(one) => one.code} />}
    </section>
  );
}

function precisionOf(one: FoundKind) {
  if (one.precision == null) return <span class="quiet">not tried</span>;
  const ends = one.precision_low == null || one.precision_high == null ? "" : ` [${percent(one.precision_low, 0)}, ${percent(one.precision_high, 0)}]`;
  return <>{percent(one.precision, 0)}<span class="quiet">{ends}</span></>;
}

function Reviewed({ of }: { of: FoundKind }) {
  if (of.reviewable === 0) return <span class="quiet">nothing to decide</span>;
  const told = `${thousands(of.decided)} of ${thousands(of.reviewable)}`;
  return (
    <span class="reviewed" title={`${thousands(of.accepted)} accepted, ${thousands(of.rejected)} rejected`}>
      <progress max={of.reviewable} value={of.decided} aria-label={`${of.title}: ${told} reviewed`} />
      <span class="n">{told}</span>
    </span>
  );
}
