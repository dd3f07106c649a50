// Findings about the rows that are selected, by kind; and the way to review them.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { plural, thousands } from "../../shared/format";
import { attempt } from "../announce";
import type { Queue } from "../documents";
import { useLoaded } from "../loaded";
import { href, open, query, version } from "../router";
import { AskText } from "../parts/dialogs";
import { readOnly } from "../state";
import { keepRows } from "./actions";
import { isNarrowed } from "./address";
import type { MapModel } from "./model";

// More rows than these have no room in an address: they are tagged first.
const MOST_NAMED = 1_000;

export function SelectionFindings({ model }: { model: MapModel }) {
  const counted = model.counted.value;
  if (!isNarrowed(query.value) || counted === null || counted.shown === 0) return null;
  const kinds = kindsIn(model);
  return (
    <section class="in-selection">
      <h2>In the {plural(counted.shown, "selected row")}</h2>
      {kinds.length === 0 && <p class="quiet nothing">No finding is about them.</p>}
      <ul class="about">
        {kinds.map(([title, n]) => <li key={title}>{title} <span class="quiet n">{thousands(n)}</span></li>)}
      </ul>
      {kinds.length > 0 && <Way model={model} />}
    </section>
  );
}

// How many of the rows each kind of finding is about.
function kindsIn(model: MapModel): [string, number][] {
  const facet = model.facet("finding");
  const counts = model.counted.value?.findings ?? null;
  if (facet === undefined || counts === null) return [];
  return facet.values.map((title, place): [string, number] => [title, counts[place] ?? 0]).filter(([, n]) => n > 0);
}

function Way({ model }: { model: MapModel }) {
  const asking = useSignal(false);
  const rows = useRowsNamed(model);
  const queue = useLoaded<Queue>(rows === null ? null : "findings", { v: version.value, state: "open", limit: 1, ...rows }).value;
  const keep = async (name: string): Promise<boolean> => {
    const kept = await attempt(() => keepRows(model, "tag", name).then(() => true));
    if (kept === true) open(href("findings", { set: name }));
    return kept === true;
  };
  if (rows !== null) {
    if (queue?.total === 0) return <p class="quiet nothing">All of their findings are decided. <a href={href("findings", { ...rows, state: "all" })}>See them</a></p>;
    return <p class="way"><a class="button" href={href("findings", rows)}>{queue === null ? "Review their findings" : `Review ${queue.total === 1 ? "this" : "these"} ${plural(queue.total, "finding")}`}</a></p>;
  }
  if (readOnly.value !== "") return null;
  return (
    <p class="way">
      <button type="button" onClick={() => (asking.value = true)}>Review their findings…</button>
      {asking.value && <AskText title="Tag these rows, to review their findings" label="Name of the tag" action="Tag and review" most={200} onGiven={keep} onClose={() => (asking.value = false)} />}
    </p>
  );
}

// How the findings page is told of the selected rows; null where they are too many to be named.
function useRowsNamed(model: MapModel): Record<string, string> | null {
  const named = useSignal<Record<string, string> | null>(null);
  const counted = model.counted.value;
  const only = onlyIn(query.value);
  useEffect(() => {
    if (only !== null || counted === null || counted.shown > MOST_NAMED) return void (named.value = only);
    let current = true;
    void model.link.ask({ of: "window", from: 0, to: MOST_NAMED }).then((rows) => {
      if (current) named.value = { rows: rows.toSorted((a, b) => a - b).join(".") };
    });
    return () => {
      current = false;
    };
  }, [counted, JSON.stringify(only)]);
  return named.value;
}

// The set or slice that the selection is, where it is just one.
function onlyIn(params: URLSearchParams): Record<string, string> | null {
  const asked = [...params].filter(([name]) => name.startsWith("f.") || ["q", "set", "slice", "finding", "sel"].includes(name));
  const [[name, value] = ["", ""]] = asked;
  return asked.length === 1 && (name === "set" || name === "slice") ? { [name]: value } : null;
}
