// One line of a chart, in SVG: grid, shaded range, reference lines, interval, dot. Positions are shares of the width,
// so it follows the page without being drawn again; colors are variables, so it follows the theme.

import { isNumber, type Dot } from "./document";
import type { Drawn, Scale } from "./scale";

const OPEN = 5;

export function Mark({ dot, chart, scale }: { dot: Dot; chart: Drawn; scale: Scale }) {
  return (
    <svg class={`mark tone-${dot.tone}`} width="100%" height="26" aria-hidden="true" focusable="false">
      <Ground chart={chart} scale={scale} />
      {isNumber(dot.value) && (
        <g class="interval">
          <line x1={scale.at(dot.low ?? dot.value)} x2={scale.at(dot.high ?? dot.value)} y1="50%" y2="50%" />
          <End value={dot.low} side={-1} scale={scale} />
          <End value={dot.high} side={1} scale={scale} />
          <Point at={scale.at(dot.value)} tone={dot.tone} />
        </g>
      )}
    </svg>
  );
}

// What lies behind the lines of a chart.
export function Ground({ chart, scale }: { chart: Drawn; scale: Scale }) {
  return (
    <>
      {chart.band !== null && <Band from={scale.at(chart.band[0])} to={scale.at(chart.band[1])} />}
      {scale.ticks.map((tick) => <line key={tick} class="grid" x1={scale.at(tick)} x2={scale.at(tick)} y1="0" y2="100%" />)}
      {chart.references.map(([value, name]) => (
        <line key={value} class={name === "" ? "zero" : "reference"} x1={scale.at(value)} x2={scale.at(value)} y1="0" y2="100%" />
      ))}
    </>
  );
}

const Band = ({ from, to }: { from: string; to: string }) => (
  <rect class="band" x={from} width={`${Number.parseFloat(to) - Number.parseFloat(from)}%`} y="0" height="100%" />
);

// The end of an interval: a cap, or an arrow where it is open. An inner <svg> counts in pixels from its place.
function End({ value, side, scale }: { value: number | null; side: 1 | -1; scale: Scale }) {
  if (value === null) return null;
  return (
    <svg x={scale.at(value)} y="50%" overflow="visible">
      <path d={Number.isFinite(value) ? "M0 -4V4" : `M${-OPEN * side} -4L0 0L${-OPEN * side} 4`} />
    </svg>
  );
}

// Bad is a diamond, quiet a ring, the others a disc: color is never alone in saying it.
function Point({ at, tone }: { at: string; tone: Dot["tone"] }) {
  if (tone !== "bad") return <circle class="point" cx={at} cy="50%" r={tone === "quiet" ? 4 : 4.5} />;
  return <svg x={at} y="50%" overflow="visible"><path class="point" d="M0 -6L6 0L0 6L-6 0Z" /></svg>;
}
