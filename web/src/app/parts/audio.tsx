// The sound of a row: nothing is loaded before it is played.

import { address } from "../api";
import { version } from "../router";

export function Audio({ rowId, field }: { rowId: string; field: string }) {
  return (
    <audio
      class="audio" controls preload="none" aria-label={`${field} of ${rowId}`}
      src={address("audio", { v: version.value, row_id: rowId, field })}
    />
  );
}
