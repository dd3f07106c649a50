// The colors that the worker draws with, from the theme of the page.

import { signal } from "@preact/signals";
import { NO_NUMBER, type Facet, type Filter } from "../../map/facet";
import { mixed, painted, parsed, pixel, type Rgb, type Tone } from "../../map/palette";
import { color, isDark, onThemeChange } from "../../shared/theme";
import type { Paint } from "../../worker/messages";

// Goes up when the theme changes.
export const themed = signal(0);
onThemeChange(() => {
  themed.value += 1;
});

const FAINT = 0.22;
const BESIDE = 0.5;

export function toneNow(): Tone {
  return { dark: isDark(), ground: parsed(color("--page")), quiet: parsed(color("--point-quiet")) };
}

export function paintOf(facet: Facet | null, filter: Filter | undefined): Paint {
  const tone = toneNow();
  const only = facet?.kind === "flags" && filter?.kind === "values" ? filter.values : [];
  const mixedIn = (share: number): number => pixel(mixed(tone.ground, tone.quiet, share));
  return {
    facet: facet?.name ?? null,
    painted: facet === null ? plain(tone.quiet) : painted(facet, spaceFor(facet), tone, only),
    ground: pixel(tone.ground),
    faint: mixedIn(FAINT),
    beside: mixedIn(BESIDE),
  };
}

const plain = (rgb: Rgb): Paint["painted"] => ({
  colors: new Uint32Array(256).fill(pixel(rgb)),
  slotOf: new Uint8Array(256),
});

const spaceFor = (facet: Facet): number => (facet.kind === "flags" || facet.values.length > NO_NUMBER ? 65_536 : 256);
