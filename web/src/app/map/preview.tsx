// What is known of the row under the pointer, beside its point.

import { useSignalEffect } from "@preact/signals";
import { toScreen } from "../../map/viewport";
import { RowChips, RowContent } from "../parts/row";
import type { MapModel } from "./model";
import { came, rowNow, wantRows } from "./pages";

const WIDTH = 300;
const PAUSE_MILLISECONDS = 70;

export function Preview({ model }: { model: MapModel }) {
  useSignalEffect(() => {
    const place = model.hovered.value;
    if (place === null) return;
    const timer = setTimeout(() => void wantRows([place.row]), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  });
  void came.value;
  const place = model.hovered.value;
  const row = place === null ? undefined : rowNow(place.row);
  if (place === null || row === undefined) return null;
  const { width, height } = model.size.value;
  const [px, py] = toScreen(model.view.value, model.frame, place.x, place.y);
  const left = px + WIDTH + 24 < width ? px + 14 : Math.max(4, px - WIDTH - 14);
  const side = py > height / 2 ? { bottom: `${height - py + 10}px` } : { top: `${py + 10}px` };
  return (
    <div class="preview" style={{ left: `${left}px`, width: `${WIDTH}px`, ...side }}>
      <RowContent row={row} compact />
      <RowChips row={row} />
    </div>
  );
}
