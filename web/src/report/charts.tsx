// Draws every chart of the page as the app does, in place of the still picture that stands there without a script.

import { render } from "preact";
import type { Chart } from "../charts/document";
import { Intervals } from "../charts/intervals";
import { jsonBlock } from "./json";

export function startCharts(): void {
  const charts = jsonBlock<Record<string, Chart>>("burnish-charts") ?? {};
  for (const box of document.querySelectorAll<HTMLElement>("[data-chart]")) {
    const chart = charts[box.dataset["chart"] ?? ""];
    if (chart === undefined) continue;
    box.replaceChildren();
    render(<Intervals chart={chart} />, box);
  }
}
