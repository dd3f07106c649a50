// Tab "Rows": every row that is shown, as a list that follows the row chosen on the map.

import { useSignalEffect } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { thousands } from "../../shared/format";
import { query } from "../router";
import { useVirtual } from "../parts/virtual";
import { SORTS } from "./address";
import { Line } from "./line";
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
  useEffect(() => virtual.scrollTo(0), [model.masks.order.value]);
  useSignalEffect(() => {
    const at = model.chosen.value?.at ?? -1;
    if (at >= 0 && at < MOST_LISTED) virtual.scrollTo(at);
  });
  const shown = model.counted.value?.shown ?? 0;
  if (model.facts.value?.n_placed === 0) return null;
  if (model.counted.value !== null && shown === 0) return <p class="quiet nothing">No row passes all filters. Take one away above the map.</p>;
  return (
    <>
      <Sorted model={model} />
      <div class="map-rows" ref={virtual.scroller} tabIndex={0} aria-label="Rows shown" role="region">
        <ol style={{ height: `${virtual.height}px` }}>
          {virtual.items.map((at) => (
            <li key={at} style={{ transform: `translateY(${at * HEIGHT}px)`, height: `${HEIGHT}px` }} aria-setsize={shown} aria-posinset={at + 1}>
              <Line row={listed.at(at)} distance={model.masks.distances.value.get(listed.positionAt(at) ?? -1)} model={model} />
            </li>
          ))}
        </ol>
        {shown > MOST_LISTED && <p class="quiet nothing">The first {thousands(MOST_LISTED)} of {thousands(shown)} rows are listed: filters, search and the map reach the others.</p>}
      </div>
    </>
  );
}

// In which order rows are listed: those that were found by likeness come nearest first.
function Sorted({ model }: { model: MapModel }) {
  const id = useId();
  const known = SORTS.filter((one) => model.facet(one)?.kind === "scale");
  if (known.length === 0) return null;
  const by = query.value.get("by");
  const likeness = query.value.has("q") && (by === "like" || by === "row");
  return (
    <p class="sorted quiet">
      <label for={id}>Sort</label>
      <select id={id} value={query.value.get("sort") ?? ""} onChange={(event) => model.change({ sort: event.currentTarget.value })}>
        <option value="">{likeness ? "nearest first" : "as in the version"}</option>
        {known.flatMap((one) => [["lowest", one], ["highest", `-${one}`]] as const).map(([end, value]) => (
          <option key={value} value={value}>{`${end} ${value.replace("-", "").replace("_", " ")} first`}</option>
        ))}
      </select>
    </p>
  );
}
