// Right of the map: the rows as a list or as pictures, neighbors of the chosen row, findings about it, and what can be done.

import type { Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { thousands } from "../../shared/format";
import { href, query } from "../router";
import { RowCard } from "../parts/row";
import { Actions } from "./actions";
import { isNarrowed } from "./address";
import { GridTab, pictureOf } from "./gridtab";
import { SelectionFindings } from "./found";
import { Line } from "./line";
import type { Listed } from "./listed";
import type { MapModel } from "./model";
import { came } from "./pages";
import { RowList } from "./rowlist";

export const TABS = ["rows", "grid", "neighbors", "findings"] as const;
export type Tab = (typeof TABS)[number];

const TITLES: Record<Tab, string> = { rows: "Rows", grid: "Grid", neighbors: "Neighbors", findings: "Findings" };

// Pictures have a tab of their own where the first row has one.
export function tabsOf(listed: Listed): Tab[] {
  void came.value;
  void listed.came.value;
  const first = listed.at(0);
  const pictures = first !== undefined && pictureOf(first) !== undefined;
  return TABS.filter((one) => one !== "grid" || pictures);
}

export function Side({ model, listed, tab }: { model: MapModel; listed: Listed; tab: Signal<Tab> }) {
  const tabs = tabsOf(listed);
  const id = useMemo(() => "map-side", []);
  return (
    <aside class="side" aria-label="Rows of the map">
      <div role="tablist" aria-label="Rows, neighbors, findings" class="tabs">
        {tabs.map((one) => (
          <button key={one} type="button" role="tab" id={`tab-${one}`} aria-selected={tab.value === one} aria-controls={id} tabIndex={tab.value === one ? 0 : -1} onClick={() => (tab.value = one)}>
            {TITLES[one]}<Amount model={model} of={one} />
          </button>
        ))}
      </div>
      <div role="tabpanel" id={id} aria-labelledby={`tab-${tab.value}`} class="tabpanel">
        {tab.value === "rows" && <RowList model={model} listed={listed} />}
        {tab.value === "grid" && <GridTab model={model} listed={listed} />}
        {tab.value === "neighbors" && <Neighbors model={model} />}
        {tab.value === "findings" && <Findings model={model} />}
      </div>
      <Actions model={model} />
    </aside>
  );
}

function Amount({ model, of }: { model: MapModel; of: Tab }) {
  const detail = model.detail.value;
  const amount = of === "rows" ? model.counted.value?.shown : of === "neighbors" ? detail?.neighbors.length : of === "findings" ? detail?.findings.length : undefined;
  return amount === undefined ? null : <span class="amount">{thousands(amount)}</span>;
}

const NoRow = () => <p class="quiet nothing">Choose a row: press its point, or a row of the list.</p>;

function Neighbors({ model }: { model: MapModel }) {
  const detail = model.detail.value;
  if (detail === null) return <NoRow />;
  return (
    <div class="map-rows plain" tabIndex={0} role="region" aria-label="Neighbors of the chosen row">
      <h2>The chosen row</h2>
      <RowCard key={detail.row.row_id} row={detail.row}>
        <p class="buttons start"><button type="button" class="small" onClick={() => model.like(detail.row)} title="Select the rows most like it">Like this <kbd aria-hidden="true">s</kbd></button></p>
      </RowCard>
      <h2>Nearest to it</h2>
      {detail.neighbors.length === 0 && <p class="quiet nothing">No neighbors are known of this row.</p>}
      {detail.neighbors.map((row) => <Line key={row.row_id} row={row} model={model} />)}
    </div>
  );
}

function Findings({ model }: { model: MapModel }) {
  return (
    <div class="map-rows plain" tabIndex={0} role="region" aria-label="Findings about the selected rows and the chosen one">
      <SelectionFindings model={model} />
      <RowFindings model={model} />
    </div>
  );
}

function RowFindings({ model }: { model: MapModel }) {
  const detail = model.detail.value;
  if (detail === null) return isNarrowed(query.value) ? null : <NoRow />;
  return (
    <>
      <h2>The chosen row</h2>
      <RowCard key={detail.row.row_id} row={detail.row} />
      <h2>Findings about it</h2>
      {detail.findings.length === 0 && <p class="quiet nothing">There is none.</p>}
      <ul class="about">
        {detail.findings.map(([finding, code, message]) => (
          <li key={finding}><a href={href("findings", { id: finding })}><span class="chip code">{code}</span> {message}</a></li>
        ))}
      </ul>
    </>
  );
}
