// Above the map: what a drag does, the whole map, color, search, and what is asked of the rows now.

import { useEffect, useRef } from "preact/hooks";
import { whole } from "../../map/viewport";
import { shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import { param, query } from "../router";
import { isWay, restrictions, type Way } from "./address";
import type { MapModel, Tool } from "./model";

const TOOLS: { tool: Tool; title: string; key: string; hint: string }[] = [
  { tool: "pan", title: "Pan", key: "v", hint: "Drag moves the map" },
  { tool: "lasso", title: "Lasso", key: "l", hint: "Draw around rows; Shift adds, Alt takes away" },
  { tool: "box", title: "Box", key: "b", hint: "Draw a box around rows; Shift adds, Alt takes away" },
];

export function Tools({ model }: { model: MapModel }) {
  return (
    <div class="tools">
      <div class="group" role="group" aria-label="What a drag does">
        {TOOLS.map(({ tool, title, key, hint }) => (
          <button key={tool} type="button" aria-pressed={model.tool.value === tool} title={`${hint} (${key})`} onClick={() => (model.tool.value = tool)}>
            {title} <kbd aria-hidden="true">{key}</kbd>
          </button>
        ))}
      </div>
      <button type="button" title="Show the whole map (0)" onClick={() => model.look(whole(), { moving: false })}>Fit <kbd aria-hidden="true">0</kbd></button>
      <label class="color">
        Color
        <select value={model.colorBy.value?.name ?? ""} onChange={(event) => model.change({ color: event.currentTarget.value })}>
          {model.facts.value?.facets.map((facet) => <option key={facet.name} value={facet.name}>{facet.title}</option>)}
        </select>
      </label>
      <Search model={model} />
    </div>
  );
}

const WAY_TITLES: Record<Way, string> = { text: "Text", regex: "Regex", sql: "SQL", like: "Similar", row: "Like row" };
const HINTS: Record<Way, string> = {
  text: "Text, id or label holds …",
  regex: "Text matches … (RE2)",
  sql: "label = 'refund' AND amount > 10",
  like: "The rows most like this text",
  row: "The rows most like the row of this id",
};

function Search({ model }: { model: MapModel }) {
  const by = param("by");
  const way: Way = isWay(by) ? by : "text";
  const field = useRef<HTMLInputElement>(null);
  const select = useRef<HTMLSelectElement>(null);
  const text = param("q") ?? "";
  useEffect(() => {
    if (field.current !== null) field.current.value = text;
  }, [text]);
  const ask = (): void => {
    const value = field.current?.value.trim() ?? "";
    const chosen = select.current?.value ?? "text";
    model.change({ q: value === "" ? null : value, by: value === "" || chosen === "text" ? null : chosen });
  };
  const { problem, waiting } = model.masks;
  const wrong = problem.value !== null;
  const ways = Object.entries(WAY_TITLES).filter(([name]) => name !== "like" || way === "like" || model.facts.value?.takes_texts !== false);
  return (
    <form class="search" role="search" onSubmit={(event) => { event.preventDefault(); ask(); }}>
      <select ref={select} aria-label="Search by" defaultValue={way} key={way} onChange={(event) => { if (field.current !== null) field.current.placeholder = HINTS[event.currentTarget.value as Way]; }}>
        {ways.map(([name, title]) => <option key={name} value={name} selected={name === way}>{title}</option>)}
      </select>
      <input
        ref={field} type="search" id="map-search" aria-label="Search rows" placeholder={HINTS[way]} autocomplete="off" spellcheck={false}
        aria-invalid={wrong} aria-describedby={wrong ? "search-wrong" : undefined} aria-busy={waiting.value}
        onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }}
      />
    </form>
  );
}

// What is asked of the rows now; a press takes a piece away.
export function Asked({ model }: { model: MapModel }) {
  const found = restrictions(query.value, model.facts.value?.facets ?? []);
  const problem = model.masks.problem.value;
  if (found.length === 0) return null;
  const without = Object.assign({}, ...found.map((one) => one.without)) as Record<string, null>;
  return (
    <div class="asked-now">
      {problem !== null && <p id="search-wrong" class="bad" role="alert">{problem.message} {problem.remedy}</p>}
      <ul aria-label="What is asked of the rows">
        {found.map((one) => (
          <li key={one.said}>
            <button type="button" onClick={() => model.change(one.without)} title="Take this away" aria-label={`Take away: ${one.said}`}>
              {visible(shortened(one.said, 60))} <span aria-hidden="true">×</span>
            </button>
          </li>
        ))}
        {found.length > 1 && <li><button type="button" class="bare" onClick={() => model.change(without)}>Clear all</button></li>}
      </ul>
    </div>
  );
}
