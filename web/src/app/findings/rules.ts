// What may be decided of a finding, and why not: said beforehand, as the server would refuse it.

import type { FindingDetail } from "../documents";

export interface Rules {
  accept: string;
  relabel: string;
  drop: string;
  map: string;
}

// Each is the reason against it, or "".
export function rulesOf(detail: FindingDetail): Rules {
  const flagged = detail.rows.filter((one) => one.role === "flagged");
  const none = detail.item.n_rows === 0 ? "This finding flags no row." : "";
  const locked = flagged.length > 0 && flagged.every((one) => one.row.evaluation === true) && detail.rows_left_off === 0
    ? "Evaluation rows are locked: they are neither relabelled nor dropped."
    : "";
  return {
    accept: "",
    relabel: none || locked || (choices(detail).length === 0 ? "There is no other label." : ""),
    drop: none || locked,
    map: detail.item.row_id === null ? "This finding flags no row." : "",
  };
}

// The labels that would change something, likeliest first.
export function choices(detail: FindingDetail): string[] {
  const flagged = detail.rows.filter((one) => one.role === "flagged" && one.row.evaluation !== true);
  return detail.labels.filter((label) => flagged.some((one) => one.row.label !== label));
}
