// Colors of the theme as they are around an element: a notebook's cell has its own.

import type { Inks } from "../map/over";
import { parsed, type Tone } from "../map/palette";

export function toneAt(place: Element): Tone {
  const color = colorsAt(place);
  return { dark: color("--scheme") === "dark", ground: parsed(color("--panel")), quiet: parsed(color("--point-quiet")) };
}

export function inksAt(place: Element): Inks {
  const color = colorsAt(place);
  return { ground: color("--panel"), ink: color("--ink"), adds: color("--accent"), takes: color("--bad") };
}

function colorsAt(place: Element): (variable: string) => string {
  const style = getComputedStyle(place);
  return (variable) => style.getPropertyValue(variable).trim();
}
