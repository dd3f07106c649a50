// One row of a finding of several: its label where labels are what is in question, and what can be done with it alone.

import { visible } from "../../shared/words";
import { complain } from "../announce";
import type { EvidenceRow, FindingDetail } from "../documents";
import { WriteButton } from "../parts/writing";
import { decide } from "./decide";
import type { Desk } from "./desk";
import { short, trainingOf } from "./rules";

// Labels that are offered for a row: those of the others.
const OFFERED = 3;

// Each label has a color of its own; one that fewer rows have than another is marked by a sign, too.
export function LabelOf({ one, rows }: { one: EvidenceRow; rows: readonly EvidenceRow[] }) {
  const counts = tallied(rows);
  const { label } = one.row;
  if (label == null) return null;
  const [count, most] = [counts.get(label) ?? 0, Math.max(...counts.values())];
  return (
    <p class="label-lead" data-tone={[...counts.keys()].indexOf(label) % 4}>
      {count < most && <span class="sign" title="fewer rows have it">≠ <span class="hidden">differs from most: </span></span>}
      <bdi>{visible(label)}</bdi>
      <span class="quiet"> {count} of {rows.length}</span>
    </p>
  );
}

export function RowActs({ desk, one, detail }: { desk: Desk; one: EvidenceRow; detail: FindingDetail }) {
  const id = one.row.row_id;
  const others = trainingOf(detail).filter((row) => row !== one).map((row) => row.row.row_id);
  const labels = [...tallied(detail.rows).keys()].filter((label) => label !== one.row.label).slice(0, OFFERED);
  const act = (action: "drop" | "relabel", rows: readonly string[], label?: string) => (): void =>
    void decide(desk, detail, action, label === undefined ? { rows } : { rows, label }).catch(complain);
  return (
    <p class="row-acts">
      {detail.item.kind === "conflicting_label" && others.length > 0 && detail.rows_left_off === 0 && <WriteButton class="small" onClick={act("drop", others)}>Keep only this one</WriteButton>}
      <WriteButton class="small" onClick={act("drop", [id])}>Drop this row</WriteButton>
      {detail.item.kind === "conflicting_label" && labels.map((label) => <WriteButton key={label} class="small" onClick={act("relabel", [id], label)}>Relabel to {short(label)}</WriteButton>)}
    </p>
  );
}

function tallied(rows: readonly EvidenceRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { row } of rows) if (row.label != null) counts.set(row.label, (counts.get(row.label) ?? 0) + 1);
  return counts;
}
