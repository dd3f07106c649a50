// Starts what a page of numbers and tables gains from a browser: map, charts, sorting, theme.

import "../shared/theme.css";
import "../small/small.css";
import "./report.css";
import { after, choose, onThemeChange, startTheme, type Choice } from "../shared/theme";
import { fromBase64, unpackMap } from "../small/blob";
import { SmallMap } from "../small/map";
import { startCharts } from "./charts";
import { jsonBlock } from "./json";
import { startPrint } from "./print";
import { makeSortable } from "./tables";

async function start(): Promise<void> {
  document.documentElement.classList.add("scripted");
  const button = document.getElementById("theme");
  if (button instanceof HTMLButtonElement) offerThemes(button);
  for (const table of document.querySelectorAll<HTMLTableElement>("table[data-sortable]")) makeSortable(table);
  startCharts();
  startPrint();
  const place = document.getElementById("map-app");
  const blob = document.getElementById("burnish-map");
  if (place === null || blob === null) return;
  const map = new SmallMap(place, await unpackMap(fromBase64(blob.textContent ?? "")), { pictures: pictures() });
  onThemeChange(() => map.recolor());
  document.documentElement.dataset["ready"] = "true";
}

function offerThemes(button: HTMLButtonElement): void {
  let choice = startTheme();
  const say = (now: Choice): void => {
    button.textContent = `Theme: ${now}`;
    button.title = now === "auto" ? "As the system" : `Always ${now}`;
  };
  button.addEventListener("click", () => {
    choice = after(choice);
    choose(choice);
    say(choice);
  });
  say(choice);
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
