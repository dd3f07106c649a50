// What may be decided of a finding, what each decision does, and why not: said beforehand, as the server would.

import { plural, shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import type { EvidenceRow, FindingDetail } from "../documents";

export interface Rules {
  relabel: string;
  drop: string;
  map: string;
}

const flaggedOf = (detail: FindingDetail): EvidenceRow[] => detail.rows.filter((one) => one.role === "flagged");

// The rows of a finding that may be edited.
export const trainingOf = (detail: FindingDetail): EvidenceRow[] => flaggedOf(detail).filter((one) => one.row.evaluation !== true);

// Each is the reason against it, or "".
export function rulesOf(detail: FindingDetail): Rules {
  const none = detail.item.n_rows === 0 ? "This finding flags no row." : "";
  const locked = flaggedOf(detail).length > 0 && trainingOf(detail).length === 0 && detail.rows_left_off === 0
    ? "Evaluation rows are locked: they are neither relabelled nor dropped."
    : "";
  return {
    relabel: none || locked || (choices(detail).length === 0 ? "There is no other label." : ""),
    drop: none || locked,
    map: detail.item.row_id === null ? "This finding flags no row." : "",
  };
}

// The labels that would change something, likeliest first.
export function choices(detail: FindingDetail): string[] {
  const flagged = trainingOf(detail);
  return detail.labels.filter((label) => flagged.some((one) => one.row.label !== label));
}

export const short = (label: string | null | undefined, most = 24): string => visible(shortened(label ?? "", most));

// What an acceptance edits in words, or "" where it edits nothing.
export function acceptance(detail: FindingDetail): string {
  const { edits, label_shown: shown } = detail.item;
  if (shown != null) return `relabel to ${short(shown)}`;
  if (edits !== true) return "";
  const rows = trainingOf(detail);
  const drops = rows.filter((one) => one.suggested_edit === "drop").length;
  const labels = rows.filter((one) => one.suggested_edit === "relabel").map((one) => one.suggested_label);
  if (detail.rows_left_off > 0 || drops + labels.length === 0) return "all that is suggested";
  const relabels = labels.length === 0 ? "" : new Set(labels).size > 1 ? `relabel ${plural(labels.length, "row")}` : `relabel ${labels.length > 1 ? `${plural(labels.length, "row")} ` : ""}to ${short(labels[0])}`;
  return [drops === 0 ? "" : `drop ${plural(drops, "row")}`, relabels].filter((text) => text !== "").join(", ");
}

// Copies without what to keep: to drop what they flag leaves none of them.
const keepsOne = (detail: FindingDetail): boolean => detail.rows.some((one) => one.role === "kept");

// Whether a drop takes more than one row away without one that stays: it asks first.
export const dropAsks = (detail: FindingDetail): boolean => detail.item.n_rows > 1 && !keepsOne(detail);

export const dropTitle = (detail: FindingDetail): string =>
  dropAsks(detail) ? "Asks which rows" : keepsOne(detail) ? `Drops ${plural(detail.item.n_rows, "row")} and keeps one` : "Drops the row";
