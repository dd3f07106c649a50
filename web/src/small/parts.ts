// The elements of the map: canvas, controls, legend, the row that is read, the list of rows shown.

import type { MapData } from "./blob";
import { element } from "./dom";

export interface Parts {
  canvas: HTMLCanvasElement;
  stage: HTMLElement;
  facet: HTMLSelectElement;
  search: HTMLInputElement;
  legend: HTMLElement;
  status: HTMLElement;
  hover: HTMLElement;
  rows: HTMLElement;
  said: HTMLElement;
  buttons: Record<"closer" | "wider" | "fit" | "lasso" | "reset", HTMLButtonElement>;
}

const HELP =
  "Map of the rows. Arrow keys move, plus and minus zoom, 0 shows all, Enter reads the row nearest to the center, Escape closes. Without a pointer, narrow the rows with the legend and the search.";

export function makeParts(place: HTMLElement, data: MapData): Parts {
  const canvas = element("canvas", { tabindex: 0, role: "application", "aria-label": HELP, id: "map-canvas" });
  const hover = element("div", { class: "hover", hidden: true });
  const button = (text: string, name: string): HTMLButtonElement =>
    element("button", { type: "button", "aria-label": name, title: name }, text);
  const buttons = {
    closer: button("+", "Zoom in"),
    wider: button("\u2212", "Zoom out"),
    fit: button("Fit", "Fit the whole map"),
    lasso: element("button", { type: "button", "aria-pressed": "false", title: "Draw around rows; Shift adds, Alt takes away" }, "Lasso"),
    reset: button("Show all", "Show all rows again"),
  };
  const facet = element("select", { id: "map-facet" });
  facet.append(...data.facets.map((one) => element("option", { value: one.name }, one.title)));
  const search = element("input", { type: "search", id: "map-search", autocomplete: "off", spellcheck: "false" });
  const legend = element("ul", { class: "legend", "aria-label": "Legend: press to isolate" });
  const status = element("p", { class: "status quiet", role: "status" });
  const said = element("p", { class: "hidden", "aria-live": "polite" });
  const rows = element("ul", { class: "rows-shown" });
  const zoom = element("div", { class: "zoom" }, buttons.closer, buttons.wider, buttons.fit);
  const stage = element("div", { class: "stage" }, canvas, zoom, hover);
  const controls = element(
    "div",
    { class: "controls" },
    element("label", { for: "map-facet" }, "Color by"),
    facet,
    element("label", { for: "map-search" }, data.texts === null ? "Find id" : "Find text or id"),
    search,
    buttons.lasso,
    buttons.reset,
  );
  const side = element("div", { class: "side" }, legend);
  const found = element("details", { class: "found" }, element("summary", {}, "Rows shown, as a list"), rows);
  place.classList.add("small-map");
  place.replaceChildren(controls, element("div", { class: "map-grid" }, stage, side), status, said, found);
  return { canvas, stage, facet, search, legend, status, hover, rows, said, buttons };
}
