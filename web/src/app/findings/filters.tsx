// Which findings the queue shows.

import { plural, thousands } from "../../shared/format";
import { visible } from "../../shared/words";
import { codeTitle } from "./chips";
import type { Desk } from "./desk";
import { short } from "./rules";
import { STATES, code, look, narrowing, sampled, state, type State } from "./view";

const TITLES: Record<State, string> = { open: "Open", decided: "Decided", skipped: "Skipped", all: "All" };

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
      <div class="narrowing">
        <Labels desk={desk} />
        <select aria-label="Order" value={narrowing.value.sort} onChange={(event) => look({ sort: event.currentTarget.value })}>
          <option value="">By kind</option>
          <option value="score">By score</option>
          <option value="quality">By label quality</option>
        </select>
      </div>
      <About />
    </div>
  );
}

const EVERY = "";
const MANY = 300;

// Which labels are in question: a pair, or all that were given one label.
function Labels({ desk }: { desk: Desk }) {
  const pairs = desk.queue.value.pairs.value ?? [];
  const { given = "", suggested = "" } = narrowing.value;
  if (pairs.length < 2 && given === "" && suggested === "") return null;
  const classes = new Map<string, number>();
  for (const one of pairs) classes.set(one.given, (classes.get(one.given) ?? 0) + one.n);
  const chosen = given === "" && suggested === "" ? EVERY : JSON.stringify([given, suggested]);
  const known = [...pairs.map((one) => JSON.stringify([one.given, one.suggested])), ...[...classes.keys()].map((one) => JSON.stringify([one, ""]))];
  const choose = (value: string): void => {
    const [first, second] = value === EVERY ? ["", ""] : (JSON.parse(value) as [string, string]);
    look({ given: first, suggested: second });
  };
  return (
    <select aria-label="Labels" value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
      <option value={EVERY}>All labels</option>
      {chosen !== EVERY && !known.includes(chosen) && <option value={chosen}>{short(given)} → {short(suggested)}</option>}
      <optgroup label="Given → suggested">
        {pairs.slice(0, MANY).map((one) => <option key={`${one.given}\n${one.suggested}`} value={JSON.stringify([one.given, one.suggested])}>{short(one.given)} → {short(one.suggested)} ({thousands(one.n)})</option>)}
      </optgroup>
      <optgroup label="Given">
        {[...classes].toSorted((a, b) => b[1] - a[1]).slice(0, MANY).map(([label, n]) => <option key={label} value={JSON.stringify([label, ""])}>{short(label)} ({thousands(n)})</option>)}
      </optgroup>
    </select>
  );
}

// Which rows the findings are about, where the address names some.
function About() {
  const { set = "", slice = "", rows = "" } = narrowing.value;
  const said = [set === "" ? "" : `rows of ${visible(set)}`, slice === "" ? "" : `slice ${visible(slice)}`, rows === "" ? "" : plural(rows.split(".").length, "selected row")].filter((text) => text !== "");
  if (said.length === 0) return null;
  return <p class="about-rows">About {said.join(" and ")} <button type="button" class="small" onClick={() => look({ set: "", slice: "", rows: "" })}>All rows</button></p>;
}
