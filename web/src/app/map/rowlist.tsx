// Tab "Rows": every row that is shown, as a list that follows the row chosen on the map.

import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { thousands } from "../../shared/format";
import type { Row } from "../documents";
import { RowCard } from "../parts/row";
import { useVirtual } from "../parts/virtual";
import { pictureOf } from "./gridtab";
import { MOST_LISTED, type Listed } from "./listed";
import type { MapModel } from "./model";
import { came } from "./pages";

const HEIGHT = 88;

export function RowList({ model, listed }: { model: MapModel; listed: Listed }) {
  const virtual = useVirtual(listed.count, HEIGHT);
  const [first, last] = [virtual.items[0] ?? 0, virtual.items.at(-1) ?? 0];
  void came.value;
  void listed.came.value;
  useEffect(() => {
    if (listed.count > 0) listed.want(first, last);
  }, [first, last, model.counted.value, came.value]);
  useSignalEffect(() => {
    const at = model.chosen.value?.at ?? -1;
    if (at >= 0 && at < MOST_LISTED) virtual.scrollTo(at);
  });
  const shown = model.counted.value?.shown ?? 0;
  if (model.facts.value?.n_placed === 0) return null;
  if (model.counted.value !== null && shown === 0) return <p class="quiet nothing">No row passes all filters. Take one away above the map.</p>;
  return (
    <div class="map-rows" ref={virtual.scroller} tabIndex={0} aria-label="Rows shown" role="region">
      <ol style={{ height: `${virtual.height}px` }}>
        {virtual.items.map((at) => (
          <li key={at} style={{ transform: `translateY(${at * HEIGHT}px)`, height: `${HEIGHT}px` }} aria-setsize={shown} aria-posinset={at + 1}>
            <Line row={listed.at(at)} model={model} />
          </li>
        ))}
      </ol>
      {shown > MOST_LISTED && <p class="quiet nothing">The first {thousands(MOST_LISTED)} of {thousands(shown)} rows are listed: filters, search and the map reach the others.</p>}
    </div>
  );
}

export function Line({ row, model }: { row: Row | undefined; model: MapModel }) {
  if (row === undefined) return <p class="quiet line" aria-busy="true">…</p>;
  const chosen = model.detail.value?.row.row_id === row.row_id;
  const choose = (): void => model.chooseRow(row);
  return (
    <div class={pictureOf(row) === undefined ? "line" : "line pictured"} aria-current={chosen ? "true" : undefined} onClick={choose}>
      <RowCard row={row} compact onOpen={choose} />
    </div>
  );
}
