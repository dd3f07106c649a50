// A row of a list beside the map: its content, and in one line what matters most, `label -> predicted` before all else.

import { percent, shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import type { Row } from "../documents";
import { RowContent, decisionText } from "../parts/row";
import { pictureOf } from "./gridtab";
import type { MapModel } from "./model";

interface LineProps {
  row: Row | undefined;
  distance?: number | undefined;
  model: MapModel;
}

export function Line({ row, distance = row?.distance ?? undefined, model }: LineProps) {
  if (row === undefined) return <p class="quiet line" aria-busy="true">…</p>;
  const chosen = model.detail.value?.row.row_id === row.row_id;
  const choose = (): void => model.chooseRow(row);
  return (
    <div class={pictureOf(row) === undefined ? "line" : "line pictured"} aria-current={chosen ? "true" : undefined} onClick={choose}>
      <article class="row-card compact" data-row={row.row_id}>
        <RowContent row={row} compact />
        <p class="chips">
          {distance !== undefined && <span class="quiet n"><span class="hidden">distance </span>{distance.toFixed(3)}</span>}
          <Split row={row} />
          <Answer row={row} />
          {row.codes?.map((one) => <span key={one} class="chip code">{one}</span>)}
          {row.decision != null && <span class="chip decision" data-action={row.decision.action}>{decisionText(row.decision)}</span>}
          {row.tags?.map((one) => <span key={one} class="chip"><span class="quiet">tag </span>{visible(shortened(one, 40))}</span>)}
          <button type="button" class="row-id" title={row.row_id.slice(0, 500)} onClick={choose}>{visible(shortened(row.row_id, 60))}</button>
        </p>
      </article>
    </div>
  );
}

function Answer({ row }: { row: Row }) {
  const { label, predicted, predicted_proba: sure } = row;
  const odd = predicted != null && predicted !== label;
  if (label == null && !odd) return null;
  const said = [label ?? "no label", ...(odd ? [predicted] : [])].map((one) => visible(one === "" ? "–" : one));
  return (
    <span class={`chip answer ${odd && sure != null ? "differs" : ""}`} title={said.join(" → ")}>
      <bdi>{shortened(said[0] ?? "", 60)}</bdi>
      {odd && <><span class="quiet" aria-hidden="true"> → </span><span class="hidden"> predicted </span><bdi>{shortened(said[1] ?? "", 60)}</bdi></>}
      {odd && sure != null && <span class="quiet"> {percent(sure, 0)}</span>}
    </span>
  );
}

// Two letters: which split, and by the dashed edge that the row is locked.
function Split({ row }: { row: Row }) {
  const name = row.evaluation === true ? "evaluation" : row.split;
  if (name == null || name === "") return null;
  const said = row.evaluation === true ? "evaluation, locked" : name;
  return <span class={`split${row.evaluation === true ? " locked" : ""}`} title={said}><span aria-hidden="true">{visible(name.slice(0, 2))}</span><span class="hidden">{visible(said)}</span></span>;
}
