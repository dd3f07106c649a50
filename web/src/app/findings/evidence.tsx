// All there is to see of the chosen finding: what is said, its rows side by side, labels, neighbors, the numbers.

import { percent, plural } from "../../shared/format";
import { visible } from "../../shared/words";
import { complain } from "../announce";
import type { EvidenceRow, FindingDetail, Row } from "../documents";
import { RowCard } from "../parts/row";
import { WriteButton } from "../parts/writing";
import { DecisionChip, FindingChip } from "./chips";
import { reopen } from "./decide";
import type { Desk } from "./desk";
import { Likely } from "./likely";
import { LabelOf, RowActs } from "./rowacts";
import { acceptance } from "./rules";

const PARTS = { flagged: "Flagged", kept: "Kept", twin: "Twin", neighbor: "Neighbor" } as const;
const TALLIED = 3;
// Findings whose rows are set against one another, and decided one by one where that is better.
const TWINS = /^(DUP|LEK)/;
// The number at the end of a message is the score, which is there already.
const SCORE = / \(\d\.\d\d\)$/;
// Rows of a finding that are shown whole; of more, each is shown in short.
const WHOLE = 6;

export function Evidence({ desk, detail }: { desk: Desk; detail: FindingDetail }) {
  const { item } = detail;
  const rows = detail.rows.filter((one) => one.role !== "neighbor");
  const doubted = item.suggested_label !== null || detail.likely[0]?.label !== item.given_label;
  const near = [...detail.rows.filter((one) => one.role === "neighbor").map((one) => one.row), ...detail.neighbors];
  return (
    <>
      <header class="finding-head">
        <h1 id="finding-title">{item.title}</h1>
        <p class="chips">
          <FindingChip item={{ ...item, title: item.code }} />
          <span class="chip">score {item.score.toFixed(2)}</span>
          <DecisionChip item={item} />
          {item.decision?.version != null && <WriteButton class="small" onClick={() => void reopen(desk, item.finding_id).catch(complain)}>Open it again</WriteButton>}
        </p>
      </header>
      <p class="message">{visible(item.message.replace(SCORE, ""))}</p>
      <p class="quiet why">{detail.why} {detail.trial ?? ""}</p>
      <Numbers of={detail.numbers} />
      {detail.note != null && <p class="note"><strong>Note</strong> <span dir="auto">{visible(detail.note)}</span></p>}
      {rows.length === 0 && <p class="note">This finding is about the whole set: it flags no row and suggests no edit. Accept it as seen, reject it, or write a note.</p>}
      {rows.length > 0 && acceptance(detail) === "" && <p class="quiet">To mark it as seen changes no row. {locked(rows) ? "" : "Relabel or drop to change what it flags."}</p>}
      <div class={`twins${rows.length === 1 ? " one" : item.kind === "conflicting_label" ? " narrow" : ""}`}>
        {rows.map((one) => <EvidenceCard key={one.row.row_id} desk={desk} one={one} rows={rows} detail={detail} />)}
        {rows.length === 1 && doubted && <Likely detail={detail} />}
      </div>
      {detail.rows_left_off > 0 && <p class="quiet">{plural(detail.rows_left_off, "more row")} of this finding not shown.</p>}
      {rows.length > 1 && doubted && <Likely detail={detail} />}
      {near.length > 0 && <Neighbors rows={near} numbers={detail.labels.length === 0} />}
    </>
  );
}

interface CardProps {
  desk: Desk;
  one: EvidenceRow;
  rows: readonly EvidenceRow[];
  detail: FindingDetail;
}

function EvidenceCard({ desk, one, rows, detail }: CardProps) {
  const fate = acceptance(detail) === "" ? "" : fateOf(one, detail);
  const conflict = detail.item.kind === "conflicting_label";
  const twin = TWINS.test(detail.item.code) ? twinOf(one, rows) : undefined;
  return (
    <RowCard row={one.row} role={PARTS[one.role]} twin={twin} differing={detail.differing} compact={rows.length > WHOLE} lead={conflict && <LabelOf one={one} rows={rows} />}>
      {fate !== "" && <p class="fate"><span class="quiet">If accepted: </span>{fate}</p>}
      <Numbers of={conflict ? [] : one.numbers} />
      {one.role === "flagged" && one.row.evaluation !== true && detail.item.n_rows > 1 && TWINS.test(detail.item.code) && <RowActs desk={desk} one={one} detail={detail} />}
    </RowCard>
  );
}

function Numbers({ of: numbers }: { of: EvidenceRow["numbers"] }) {
  if (numbers.length === 0) return null;
  return <dl class="numbers">{numbers.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{visible(value)}</dd></div>)}</dl>;
}

const edited = (one: EvidenceRow): boolean =>
  one.row.evaluation !== true && (one.suggested_edit === "drop" || one.suggested_edit === "relabel");
const locked = (rows: readonly EvidenceRow[]): boolean => rows.every((one) => one.row.evaluation === true);

// What the suggested edit does to the row. Evaluation rows are never edited.
function fateOf(one: EvidenceRow, detail: FindingDetail): string {
  if (one.role === "flagged" && one.suggested_edit === "review" && one.row.evaluation !== true && detail.item.label_shown != null) return `relabelled to ${visible(detail.item.label_shown)}`;
  if (edited(one)) return one.suggested_edit === "drop" ? "dropped" : `relabelled to ${visible(one.suggested_label ?? "")}`;
  if (one.row.evaluation === true) return "stays: evaluation rows are locked";
  return one.role === "twin" ? "" : "stays";
}

// A flagged row is set against the copy that stays, every other one against the first flagged row.
function twinOf(one: EvidenceRow, rows: readonly EvidenceRow[]): Row | undefined {
  const other = one.role === "flagged" ? rows.find((twin) => twin.role !== "flagged") : rows.find((twin) => twin.role === "flagged");
  return (other ?? rows.find((twin) => twin !== one))?.row;
}

function Neighbors({ rows, numbers }: { rows: readonly Row[]; numbers: boolean }) {
  return (
    <section class="neighbors" aria-labelledby="neighbors-title">
      <h3 id="neighbors-title">Nearest rows <span class="quiet">{numbers ? ranged(rows) : tallied(rows)}</span></h3>
      <div class="near">{rows.map((row) => <RowCard key={row.row_id} row={row} compact />)}</div>
    </section>
  );
}

// Labels that are numbers: of these there are no classes to choose from.
function ranged(rows: readonly Row[]): string {
  const labels = rows.flatMap(({ label }) => (label == null ? [] : [Number(label)])).sort((a, b) => a - b);
  const said = (at: number): string => String(Number((labels[at] ?? 0).toPrecision(4)));
  return labels.length === 0 ? "" : `labelled ${said(0)} to ${said(labels.length - 1)}, in the middle ${said(labels.length >> 1)}`;
}

function tallied(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const { label } of rows) if (label != null) counts.set(label, (counts.get(label) ?? 0) + 1);
  const most = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, TALLIED);
  return most.map(([label, n]) => `${n} of ${rows.length} (${percent(n / rows.length, 0)}) are labelled ${visible(label)}`).join(", ");
}
