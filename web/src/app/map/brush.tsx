// A scale as a histogram with a brush: drawn over by the pointer, or set by two sliders.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { BINS, LAST_STEP, numberAt, stepOf, type Facet, type Filter } from "../../map/facet";
import { css, scaleColor } from "../../map/palette";
import { thousands } from "../../shared/format";
import type { MapModel } from "./model";
import { themed, toneNow } from "./paint";

type Steps = [number, number];

const HEIGHT = 44;
const WIDTH = BINS * 3;
const LEAST_STEPS = 2;

export function Brush({ model, facet }: { model: MapModel; facet: Facet }) {
  const drawn = useSignal<Steps | null>(null);
  const filter = model.filters.value[facet.name];
  const kept: Steps = filter?.kind === "range" ? [stepOf(facet, filter.low), stepOf(facet, filter.high)] : [0, LAST_STEP];
  const [low, high] = drawn.value ?? kept;
  const draw = (steps: Steps): void => {
    drawn.value = steps;
    const { [facet.name]: _, ...others } = model.filters.peek();
    const range = rangeOf(facet, steps);
    model.choose(range === null ? others : { ...others, [facet.name]: range });
  };
  const settle = (): void => {
    if (drawn.value !== null) model.filter(facet, rangeOf(facet, drawn.value));
    drawn.value = null;
  };
  const slider = (title: string, value: number, moved: (step: number) => Steps) => (
    <input
      type="range" min={0} max={LAST_STEP} value={value} aria-label={`${title} ${facet.title}`} aria-valuetext={said(numberAt(facet, value))}
      onInput={(event) => draw(moved(Number(event.currentTarget.value)))} onChange={settle}
    />
  );
  const none = model.counted.value?.counts[facet.name]?.[BINS] ?? 0;
  return (
    <div class="brush">
      <Histogram draw={draw} settle={settle}><Bars model={model} facet={facet} range={[low, high]} /></Histogram>
      <div class="sliders">
        {slider("Lowest", low, (step) => [Math.min(step, high), high])}
        {slider("Highest", high, (step) => [low, Math.max(step, low)])}
      </div>
      <p class="ends">
        <span>{said(numberAt(facet, low))}</span>
        {none > 0 && <span class="quiet">{thousands(none)} without</span>}
        <span>{said(numberAt(facet, high))}</span>
      </p>
    </div>
  );
}

// Everything there is from the lowest step to the highest is no filter: it would leave out rows without a number.
function rangeOf(facet: Facet, [low, high]: Steps): Filter | null {
  if (low === 0 && high === LAST_STEP) return null;
  return { kind: "range", low: numberAt(facet, low), high: numberAt(facet, high) };
}

type Press = PointerEvent & { currentTarget: SVGSVGElement };

function Histogram({ draw, settle, children }: { draw: (steps: Steps) => void; settle: () => void; children: ComponentChildren }) {
  const from = useSignal<number | null>(null);
  const at = ({ clientX, currentTarget }: Press): number => {
    const box = currentTarget.getBoundingClientRect();
    return Math.min(LAST_STEP, Math.max(0, Math.round(((clientX - box.left) / box.width) * LAST_STEP)));
  };
  const down = (event: Press): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    from.value = at(event);
  };
  const move = (event: Press): void => {
    if (from.value === null) return;
    const here = at(event);
    if (Math.abs(here - from.value) > LEAST_STEPS) draw([Math.min(here, from.value), Math.max(here, from.value)]);
  };
  const up = (): void => {
    from.value = null;
    settle();
  };
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up}>
      {children}
    </svg>
  );
}

// Quiet bars: all rows; strong ones: those that pass the other filters.
function Bars({ model, facet, range }: { model: MapModel; facet: Facet; range: Steps }) {
  void themed.value;
  const totals = model.totals.value[facet.name];
  const counts = model.counted.value?.counts[facet.name];
  const most = Math.sqrt(Math.max(1, ...(totals ?? counts ?? new Uint32Array(0)).subarray(0, BINS)));
  const tone = toneNow();
  const inColor = model.colorBy.value?.name === facet.name;
  return (
    <>
      {Array.from({ length: BINS }, (_, bin) => {
        const all = (Math.sqrt(totals?.[bin] ?? 0) / most) * HEIGHT;
        const now = (Math.sqrt(counts?.[bin] ?? 0) / most) * HEIGHT;
        const inside = bin * 4 + 3 >= range[0] && bin * 4 <= range[1];
        const style = inColor && inside ? { fill: css(scaleColor(facet, bin / (BINS - 1), tone)) } : {};
        return (
          <g key={bin}>
            <rect class="all" x={bin * 3} width={2.4} y={HEIGHT - all} height={all} />
            <rect class={inside ? "now" : "out"} style={style} x={bin * 3} width={2.4} y={HEIGHT - now} height={now} />
          </g>
        );
      })}
    </>
  );
}

function said(value: number): string {
  if (Number.isInteger(value)) return thousands(value);
  return Math.abs(value) >= 1000 ? thousands(Math.round(value)) : String(Number(value.toPrecision(3)));
}
