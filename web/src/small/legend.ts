// The legend: what each color means, how many rows, and a press to isolate it.

import { choicesOf, type Facet } from "../map/facet";
import { css, valueColors, type Tone } from "../map/palette";
import { thousands } from "../shared/format";
import { element } from "./dom";

export interface Legend {
  facet: Facet;
  tone: Tone;
  counts: Uint32Array;
  isolated: ReadonlySet<number>;
}

export function drawLegend(list: HTMLElement, { facet, tone, counts, isolated }: Legend, press: (place: number) => void): void {
  const colors = valueColors(facet, tone);
  const items = choicesOf(facet).map((value, place) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = css(colors[place] ?? tone.quiet);
    const button = element(
      "button",
      { type: "button", "aria-pressed": String(isolated.has(place)), "data-place": place },
      swatch,
      element("span", { class: "value" }, value),
      element("span", { class: "count" }, thousands(counts[place] ?? 0)),
    );
    button.addEventListener("click", () => press(place));
    return element("li", {}, button);
  });
  const focused = placeWithFocus(list);
  list.replaceChildren(...items);
  if (focused !== undefined) list.querySelector<HTMLElement>(`[data-place="${focused}"]`)?.focus();
}

// In a shadow tree the document knows only its host.
function placeWithFocus(list: HTMLElement): string | undefined {
  const focused = (list.getRootNode() as Document | ShadowRoot).activeElement;
  return focused instanceof HTMLElement && list.contains(focused) ? focused.dataset["place"] : undefined;
}
