// Which rows of a finding to drop, where it says of none that it stays: asked before, not found out after.

import { plural } from "../../shared/format";
import { visible } from "../../shared/words";
import type { FindingDetail } from "../documents";
import { Dialog } from "../parts/dialogs";
import { oneLine } from "./chips";
import { short, trainingOf } from "./rules";

const OFFERED = 8;

interface DropProps {
  detail: FindingDetail;
  // The rows to drop; null for all that the finding flags.
  onChosen: (rows: readonly string[] | null) => void;
  onClose: () => void;
}

export function DropDialog({ detail, onChosen, onClose }: DropProps) {
  const rows = trainingOf(detail);
  const copies = detail.item.kind === "conflicting_label" && rows.length > 1 && rows.length <= OFFERED && detail.rows_left_off === 0;
  const give = (some: readonly string[] | null) => (): void => {
    onClose();
    onChosen(some);
  };
  return (
    <Dialog title={copies ? "Which copy stays?" : `Drop ${plural(detail.item.n_rows, "row")}?`} onClose={onClose}>
      {copies ? <p>The other {rows.length === 2 ? "one is" : `${rows.length - 1} are`} dropped.</p> : <p>All rows of this finding are dropped, but for evaluation rows.</p>}
      {copies && (
        <p class="keep-one">
          {rows.map(({ row }) => (
            <button key={row.row_id} type="button" onClick={give(rows.filter((one) => one.row !== row).map((one) => one.row.row_id))}>
              Keep {row.label == null ? <code>{visible(row.row_id.slice(0, 40))}</code> : <strong>{short(row.label, 40)}</strong>} <span class="quiet">{oneLine(row.text ?? row.row_id, 60)}</span>
            </button>
          ))}
        </p>
      )}
      <p class="buttons">
        <button type="button" onClick={onClose}>Cancel</button>
        <button type="button" class={copies ? "" : "primary"} onClick={give(null)}>Drop all {plural(detail.item.n_rows, "row")}</button>
      </p>
    </Dialog>
  );
}
