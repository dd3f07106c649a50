// The map: facets at its left, rows at its right; every selection becomes a tag, a slice, edits, a file.

import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { whole } from "../../map/viewport";
import { thousands } from "../../shared/format";
import { announce, attempt } from "../announce";
import { useKeys } from "../keys";
import { NotAudited } from "../overview/audit";
import { query, version } from "../router";
import { pulse, readOnly } from "../state";
import { Trouble } from "../parts/states";
import { undo } from "../map/actions";
import { ALL } from "../map/address";
import { Facets } from "../map/facets";
import { Listed, MOST_LISTED } from "../map/listed";
import { MapModel } from "../map/model";
import { Side, tabsOf, type Tab } from "../map/side";
import { Stage } from "../map/stage";
import { Asked, Tools } from "../map/tools";

export function MapPage() {
  if (pulse.value?.audited === false) return <div class="page"><h1>Map</h1><NotAudited v={version.value} /></div>;
  return <Whole />;
}

function Whole() {
  const model = useMemo(() => new MapModel(), []);
  const listed = useMemo(() => new Listed(model), [model]);
  const tab = useSignal<Tab>("rows");
  useMapKeys(model, listed, tab);
  if (model.failed.value !== null) return <Trouble {...model.failed.value} />;
  return (
    <div class={model.masks.waiting.value ? "map-page searching" : "map-page"}>
      <a class="skip" href="#map-canvas" onClick={skip}>Skip to the map</a>
      <h1 class="hidden">Map</h1>
      <section class="facets" aria-label="Filters"><Facets model={model} /></section>
      <section class="middle" aria-label="Map" aria-busy={model.masks.waiting.value}>
        <Tools model={model} />
        <Asked model={model} />
        <Stage model={model} />
        <Told model={model} />
      </section>
      <Side model={model} listed={listed} tab={tab} />
    </div>
  );
}

function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("map-canvas")?.focus();
}

function Told({ model }: { model: MapModel }) {
  const facts = model.facts.value;
  const counted = model.counted.value;
  if (facts === null || counted === null) return <p class="told quiet" aria-busy="true">Reading the map …</p>;
  const absent = facts.n_rows - facts.n_placed;
  return (
    <p class="told quiet">
      <span aria-live="polite"><strong>{thousands(counted.shown)}</strong> of {thousands(facts.n_placed)} rows{absent > 0 && ` · ${thousands(absent)} more have no place on the map`}</span>
      {counted.loaded < facts.n_placed && <span>reading {thousands(counted.loaded)} …</span>}
    </p>
  );
}

function useMapKeys(model: MapModel, listed: Listed, tab: { value: Tab }): void {
  const turnTab = (by: number): void => {
    const tabs = tabsOf(listed);
    tab.value = tabs[(tabs.indexOf(tab.value) + by + tabs.length) % tabs.length] ?? "rows";
  };
  const step = async (by: number): Promise<void> => {
    const at = model.chosen.peek()?.at ?? -1;
    const next = at < 0 ? 0 : at + by;
    if (next < 0 || next >= Math.min(MOST_LISTED, model.counted.peek()?.shown ?? 0)) return;
    const row = await listed.row(next);
    if (row === undefined) return;
    model.chosen.value = await model.link.ask({ of: "place", row: row.row });
    model.chooseRow(row);
    model.sayRow(row);
  };
  // One step after the other, however fast the key is pressed.
  const steps = useRef(Promise.resolve());
  const queue = (by: number): void => {
    steps.current = steps.current.then(() => step(by));
  };
  const zoom = (keys: string, factor: number) => ({ keys, title: factor > 1 ? "Zoom in" : "Zoom out", run: () => model.zoom(factor) });
  useKeys(
    [
      { keys: "v", title: "Drag moves the map", run: () => (model.tool.value = "pan") },
      { keys: "l", title: "Drag draws a lasso (Shift adds, Alt takes away)", run: () => (model.tool.value = "lasso") },
      { keys: "b", title: "Drag draws a box (Shift adds, Alt takes away); on the focused map arrow keys move one, Shift + arrow keys size it, Enter takes it", run: () => (model.tool.value = "box") },
      { keys: "0", title: "Show the whole map", run: () => model.look(whole(), { moving: false }) },
      zoom("=", 1.5), zoom("+", 1.5), zoom("-", 1 / 1.5),
      { keys: "/", title: "Search", run: () => document.getElementById("map-search")?.focus() },
      { keys: "s", title: "Select the rows most like the chosen one", run: () => { const row = model.detail.peek()?.row; if (row !== undefined) model.like(row); } },
      { keys: "u", title: "Undo the newest decision of the review", run: () => (readOnly.value === "" ? void attempt(() => undo()) : announce(readOnly.value)) },
      { keys: "Ctrl+a", title: "Select all rows shown", run: () => model.change({ sel: ALL }) },
      { keys: "Escape", title: "Clear the selection, then the chosen row", run: () => (query.peek().has("sel") ? model.change({ sel: null }) : model.chooseRow(null)) },
      { keys: "j", title: "Next row", run: () => queue(1) },
      { keys: "k", title: "Row before", run: () => queue(-1) },
      { keys: "[", title: "Tab before", run: () => turnTab(-1) },
      { keys: "]", title: "Next tab", run: () => turnTab(1) },
    ],
    [model],
  );
}
