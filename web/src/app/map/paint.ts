// The colors that the worker draws with, from the theme of the page.

import { signal } from "@preact/signals";
import type { Facet, Filter } from "../../map/facet";
import { parsed, type Tone } from "../../map/palette";
import { paintOf as paint, type Paint } from "../../map/picture";
import { color, isDark, onThemeChange } from "../../shared/theme";

// Goes up when the theme changes.
export const themed = signal(0);
onThemeChange(() => {
  themed.value += 1;
});

export function toneNow(): Tone {
  return { dark: isDark(), ground: parsed(color("--page")), quiet: parsed(color("--point-quiet")) };
}

export const paintOf = (facet: Facet | null, filter: Filter | undefined): Paint => paint(facet, filter, toneNow());
