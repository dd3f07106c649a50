// The legend: what each color means, how many rows, and a press to isolate it.

import type { Facet } from "../blob";
import { element, thousands } from "../dom";
import { counts } from "./filter";
import { css, paletteOf } from "./palette";

export function drawLegend(
  list: HTMLElement, facet: Facet | null, isolated: ReadonlySet<number>, press: (code: number) => void,
): void {
  if (facet === null) {
    list.replaceChildren();
    return;
  }
  const tally = counts(facet);
  const colors = paletteOf(facet);
  const items = facet.values.map((value, code) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = css(colors[code] ?? [128, 128, 128]);
    const button = element(
      "button",
      { type: "button", "aria-pressed": String(isolated.has(code)), "data-code": code },
      swatch,
      element("span", { class: "value" }, value),
      element("span", { class: "count" }, thousands(tally[code] ?? 0)),
    );
    button.addEventListener("click", () => press(code));
    return element("li", {}, button);
  });
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["code"] : undefined;
  const had = list.contains(document.activeElement);
  list.replaceChildren(...items);
  if (had && focused !== undefined) list.querySelector<HTMLElement>(`[data-code="${focused}"]`)?.focus();
}
