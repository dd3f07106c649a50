// Starts what a page of numbers and tables gains from a browser: map, charts, sorting, theme.

import { readMap } from "./blob";
import { startCharts } from "./charts/start";
import { jsonBlock } from "./dom";
import { startMap } from "./map/start";
import { startPrint } from "./print";
import { makeSortable } from "./tables";
import { startTheme } from "./theme";

async function start(): Promise<void> {
  document.documentElement.classList.add("scripted");
  const button = document.getElementById("theme");
  if (button instanceof HTMLButtonElement) startTheme(button);
  for (const table of document.querySelectorAll<HTMLTableElement>("table[data-sortable]")) makeSortable(table);
  startCharts();
  startPrint();
  const place = document.getElementById("map-app");
  const blob = document.getElementById("burnish-map");
  if (place === null || blob === null) return;
  startMap(place, await readMap(blob.textContent ?? ""), pictures());
  document.documentElement.dataset["ready"] = "true";
}

// Pictures that the page shows already serve the map too; only the others are kept apart.
function pictures(): Map<string, string> {
  const known = new Map(Object.entries(jsonBlock<Record<string, string>>("burnish-pictures") ?? {}));
  for (const image of document.querySelectorAll<HTMLImageElement>("img[data-row]")) {
    known.set(image.dataset["row"] ?? "", image.src);
  }
  return known;
}

void start();
