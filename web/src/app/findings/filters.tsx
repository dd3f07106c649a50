// Which findings the queue shows.

import { thousands } from "../../shared/format";
import { codeTitle } from "./chips";
import type { Desk } from "./desk";
import { STATES, code, look, sampled, state, type State } from "./view";

const TITLES: Record<State, string> = { open: "Open", decided: "Decided", all: "All" };

export function Filters({ desk }: { desk: Desk }) {
  const codes = desk.review.value?.codes ?? [];
  const count = desk.queue.value.items.value === null ? "" : thousands(desk.queue.value.length);
  if (sampled.value !== "") {
    return (
      <div class="queue-filters">
        <p><strong>Sample: {codeTitle(codes, sampled.value)}</strong> <span class="quiet n">{count}</span></p>
        <button type="button" class="small" onClick={() => look({ code: sampled.value })}>Leave the sample</button>
      </div>
    );
  }
  return (
    <div class="queue-filters">
      <select aria-label="Kind of finding" value={code.value} onChange={(event) => look({ code: event.currentTarget.value })}>
        <option value="">All kinds</option>
        {codes.map((one) => <option key={one.code} value={one.code}>{codeTitle(codes, one.code)}</option>)}
        {code.value !== "" && !codes.some((one) => one.code === code.value) && <option value={code.value}>{code.value}</option>}
      </select>
      <div class="segments" role="group" aria-label="State">
        {STATES.map((one) => (
          <button key={one} type="button" aria-pressed={state.value === one} onClick={() => look({ state: one })}>
            {TITLES[one]}{state.value === one && count !== "" && <span class="n"> {count}</span>}
          </button>
        ))}
      </div>
    </div>
  );
}
