// Tab "Grid": pictures of the rows that are shown.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Row } from "../documents";
import { Picture } from "../parts/picture";
import { useVirtual } from "../parts/virtual";
import type { Listed } from "./listed";
import type { MapModel } from "./model";
import { came } from "./pages";

const CELL = 104;
const HEIGHT = 136;
const PICTURE = 92;

export function GridTab({ model, listed }: { model: MapModel; listed: Listed }) {
  const lanes = useSignal(3);
  const virtual = useVirtual(Math.ceil(listed.count / lanes.value), HEIGHT);
  const [first, last] = [virtual.items[0] ?? 0, virtual.items.at(-1) ?? 0];
  void came.value;
  void listed.came.value;
  useEffect(() => {
    const { place } = virtual;
    if (place === null) return;
    const observer = new ResizeObserver(() => (lanes.value = Math.max(1, Math.floor((place.clientWidth - 12) / CELL))));
    observer.observe(place);
    return () => observer.disconnect();
  }, [virtual.place]);
  useEffect(() => {
    if (listed.count > 0) listed.want(first * lanes.value, (last + 1) * lanes.value - 1);
  }, [first, last, lanes.value, model.counted.value, came.value]);
  return (
    <div class="map-rows grid" ref={virtual.scroller} tabIndex={0} aria-label="Pictures of the rows shown" role="region">
      <ol style={{ height: `${virtual.height}px` }}>
        {virtual.items.map((at) => (
          <li key={at} style={{ transform: `translateY(${at * HEIGHT}px)`, height: `${HEIGHT}px`, gridTemplateColumns: `repeat(${lanes.value}, 1fr)` }}>
            {Array.from({ length: lanes.value }, (_, lane) => {
              const row = listed.at(at * lanes.value + lane);
              return row === undefined ? null : <Cell key={row.row_id} row={row} model={model} />;
            })}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Cell({ row, model }: { row: Row; model: MapModel }) {
  const field = pictureOf(row);
  const chosen = model.detail.value?.row.row_id === row.row_id;
  return (
    <button type="button" class="cell" aria-pressed={chosen} onClick={() => model.chooseRow(row)} title={row.row_id}>
      {field === undefined ? <span class="broken quiet">no picture</span> : <Picture rowId={row.row_id} field={field} size={PICTURE} zoom={false} />}
      <span class="label">{row.label ?? row.row_id}</span>
    </button>
  );
}

export const pictureOf = (row: Row): string | undefined => Object.entries(row.media ?? {}).find(([, kind]) => kind === "image")?.[0];
