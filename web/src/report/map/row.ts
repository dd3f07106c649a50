// What is known of one row, as the card that the map shows beside a point.

import type { MapData } from "../blob";
import { element } from "../dom";
import { valuesOf } from "./filter";

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
    if (values.length === 0 || values[0] === "none") continue;
    list.append(element("div", {}, element("dt", {}, facet.title), element("dd", {}, values.join(", "))));
  }
  card.append(list, element("code", { class: "id" }, id));
  return card;
}

export function rowSentence(data: MapData, row: number): string {
  const facts = data.facets.slice(0, 3).map((facet) => `${facet.title} ${valuesOf(facet, row).join(", ")}`);
  return `${data.texts?.[row] || data.ids[row] || ""}. ${facts.join("; ")}.`;
}
