// Draws every chart of the page and keeps it right when width or theme change.

import { jsonBlock } from "../dom";
import { onThemeChange } from "../../shared/theme";
import { drawChart, paint, type Chart } from "./intervals";

export function startCharts(): void {
  const charts = jsonBlock<Record<string, Chart>>("burnish-charts") ?? {};
  for (const box of document.querySelectorAll<HTMLElement>("[data-chart]")) {
    const chart = charts[box.dataset["chart"] ?? ""];
    if (chart === undefined) continue;
    const drawn = drawChart(box, chart);
    const again = (): void => {
      drawn.resize();
      paint(drawn, chart, box.clientWidth);
    };
    onThemeChange(again);
    new ResizeObserver(again).observe(box);
  }
}
