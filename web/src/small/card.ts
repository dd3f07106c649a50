// What is known of one row, as the card that the map shows beside a point.

import { NONE } from "../map/facet";
import { thousands } from "../shared/format";
import type { CodedFacet, MapData } from "./blob";
import { element } from "./dom";

const LISTED = 20;

export function rowCard(data: MapData, row: number, pictures: ReadonlyMap<string, string>): HTMLElement {
  const id = data.ids[row] ?? "";
  const card = element("div", { class: "row-card" });
  const picture = pictures.get(id);
  if (picture !== undefined) card.append(element("img", { src: picture, alt: `row ${id}`, class: "thumb" }));
  const text = data.texts?.[row] ?? "";
  if (text !== "") card.append(element("p", { class: "text", dir: "auto" }, text));
  const list = element("dl");
  for (const facet of data.facets) {
    const values = valuesOf(facet, row);
    if (values.length === 0 || values[0] === NONE) continue;
    list.append(element("div", {}, element("dt", {}, facet.title), element("dd", {}, values.join(", "))));
  }
  card.append(list, element("code", { class: "id" }, id));
  return card;
}

// The first rows as a list.
export function listed(data: MapData, rows: Uint32Array, pictures: ReadonlyMap<string, string>): HTMLElement[] {
  const items = [...rows.subarray(0, LISTED)].map((row) => element("li", {}, rowCard(data, row, pictures)));
  const more = element("li", { class: "quiet" }, `${LISTED} of ${thousands(rows.length)} rows are listed.`);
  return items.length < rows.length ? [...items, more] : items;
}

export function rowSentence(data: MapData, row: number): string {
  const facts = data.facets.slice(0, 3).map((facet) => `${facet.title} ${valuesOf(facet, row).join(", ")}`);
  return `${data.texts?.[row] || data.ids[row] || ""}. ${facts.join("; ")}.`;
}

// Beside a point of the stage, inside it.
export function putBeside(card: HTMLElement, [px, py]: readonly [number, number], frame: { width: number; height: number }): void {
  card.hidden = false;
  const left = px + 14 + card.offsetWidth > frame.width ? px - 14 - card.offsetWidth : px + 14;
  const top = Math.min(py + 10, frame.height - card.offsetHeight - 4);
  card.style.left = `${Math.max(4, left)}px`;
  card.style.top = `${Math.max(4, top)}px`;
}

function valuesOf(facet: CodedFacet, row: number): string[] {
  const code = facet.codes[row] ?? 0;
  if (facet.kind !== "flags") return [facet.values[code] ?? ""];
  return code === 0 && facet.bare !== undefined ? [facet.bare] : facet.values.filter((_, bit) => (code & (1 << bit)) !== 0);
}
