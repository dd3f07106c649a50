// The graph beside the list of versions: a dot each version, lines to its parent and past it.

import type { Place } from "./lanes";

const STEP = 16;
const TOP = 25; // where the dot stands: beside the first line of the entry

export const widthOf = (lanes: number): number => STEP * lanes;

export function Rail({ place, lanes, here }: { place: Place; lanes: number; here: boolean }) {
  const x = (lane: number): number => STEP * lane + STEP / 2;
  const own = x(place.lane);
  return (
    <svg class="rail" width={widthOf(lanes)} height="100%" aria-hidden="true" focusable="false">
      {place.passing.map((lane) => <line key={lane} x1={x(lane)} x2={x(lane)} y1="0" y2="100%" />)}
      {place.joins.map((lane) => <path key={lane} d={`M${x(lane)} 0V${TOP - 10}L${own} ${TOP}`} />)}
      {place.child && <line x1={own} x2={own} y1="0" y2={TOP} />}
      {place.parent && <line x1={own} x2={own} y1={TOP} y2="100%" />}
      <circle cx={own} cy={TOP} r={here ? 6 : 4.5} class={here ? "here" : ""} />
    </svg>
  );
}
