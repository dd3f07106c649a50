// The axis under a chart and the names of its reference lines above it.

import { Fragment } from "preact";
import type { Drawn, Scale } from "./scale";

const LINE = 15;

export function Axis({ scale, name }: { scale: Scale; name: string }) {
  return (
    <svg class="axis" width="100%" height={name === "" ? 20 : 36} aria-hidden="true" focusable="false">
      {scale.ticks.map((tick, i) => (
        <text key={tick} class={isBetween(scale.ticks, i) ? "between" : ""} x={scale.at(tick)} y="14" text-anchor={side(scale.at(tick), 5)}>
          {scale.tick(tick)}
        </text>
      ))}
      {name !== "" && <text x="50%" y="31" text-anchor="middle">{name}</text>}
    </svg>
  );
}

// Where there is little room, every second tick is named, and zero is one of these.
function isBetween(ticks: readonly number[], place: number): boolean {
  const [first = 0, second = 1] = ticks;
  return ticks.length > 3 && Math.abs(Math.round((ticks[place] ?? 0) / (second - first)) % 2) === 1;
}

// Each name on a line of its own, so that no two meet.
export function References({ chart, scale }: { chart: Drawn; scale: Scale }) {
  const named = chart.references.filter(([, name]) => name !== "");
  if (named.length === 0) return null;
  return (
    <svg class="axis" width="100%" height={LINE * named.length + 3} aria-hidden="true" focusable="false">
      {named.map(([value, name], i) => (
        <Fragment key={value}>
          <line class="reference" x1={scale.at(value)} x2={scale.at(value)} y1={LINE * (i + 1) - 1} y2="100%" />
          <text x={scale.at(value)} y={LINE * (i + 1) - 4} text-anchor={side(scale.at(value), 25)}>{name}</text>
        </Fragment>
      ))}
    </svg>
  );
}

// Text near an end grows away from it.
function side(at: string, room: number): "start" | "middle" | "end" {
  const place = Number.parseFloat(at);
  return place < room ? "start" : place > 100 - room ? "end" : "middle";
}
