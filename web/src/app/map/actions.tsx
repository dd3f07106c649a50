// What can be done with the rows that are shown, once they are fewer than all or were selected on purpose.

import { useSignal } from "@preact/signals";
import { NONE } from "../../map/facet";
import { plural } from "../../shared/format";
import { announce, attempt } from "../announce";
import { download, post } from "../api";
import type { Decided, Done } from "../documents";
import { changed } from "../loaded";
import { query, version } from "../router";
import { Dialog } from "../parts/dialogs";
import { WriteButton } from "../parts/writing";
import { isNarrowed, restrictions } from "./address";
import type { MapModel } from "./model";

type Action = "tag" | "slice" | "relabel" | "drop" | "export";

const ACTIONS: Record<Action, { button: string; title: string; does: string; field?: string }> = {
  tag: { button: "Tag…", title: "Tag", does: "The tag stays with these rows in every version that has them.", field: "Name of the tag" },
  slice: { button: "Slice…", title: "Save as a slice", does: "A slice is judged beside the others, in every version that has its rows.", field: "Name of the slice" },
  relabel: { button: "Relabel…", title: "Relabel", does: "The review takes this down for each row; nothing changes before a version is made. Evaluation rows stay as they are.", field: "New label" },
  drop: { button: "Drop…", title: "Drop", does: "The review takes this down for each row; nothing changes before a version is made. Evaluation rows stay as they are." },
  export: { button: "Export…", title: "Export", does: "All fields of these rows, as a file." },
};
const FORMS = ["parquet", "csv", "jsonl"] as const;

export function Actions({ model }: { model: MapModel }) {
  const asked = useSignal<Action | null>(null);
  const shown = model.counted.value?.shown ?? 0;
  const narrowed = isNarrowed(query.value);
  // What a search that failed would leave out is still among the rows shown.
  const { problem, waiting } = model.masks;
  const able = narrowed && shown > 0 && problem.value === null && !waiting.value;
  const clear = (): void => {
    const without = restrictions(query.value, model.facts.value?.facets ?? []).map((one) => one.without);
    model.change(Object.assign({}, ...without) as Record<string, null>);
  };
  return (
    <footer class="selection">
      <p class="quiet">
        {able ? <strong>{plural(shown, "row")} selected</strong> : <span>{problem.value === null ? "Filter, search or lasso to select (Ctrl+A: all)" : "Nothing is selected: see above the map"}</span>}
        {narrowed && <button type="button" class="bare" onClick={clear}>Clear</button>}
      </p>
      <div role="group" aria-label="What to do with the selected rows">
        {(Object.keys(ACTIONS) as Action[]).map((one) => {
          const Button = one === "export" ? "button" : WriteButton;
          return <Button key={one} type="button" disabled={!able} onClick={() => (asked.value = one)}>{ACTIONS[one].button}</Button>;
        })}
      </div>
      {asked.value !== null && <Ask model={model} action={asked.value} shown={shown} onClose={() => (asked.value = null)} />}
    </footer>
  );
}

interface AskProps {
  model: MapModel;
  action: Action;
  shown: number;
  onClose: () => void;
}

function Ask({ model, action, shown, onClose }: AskProps) {
  const { title, does, field } = ACTIONS[action];
  const text = useSignal("");
  const form = useSignal<(typeof FORMS)[number]>("parquet");
  const labels = action === "relabel" ? knownLabels(model) : [];
  const ready = field === undefined || text.value.trim() !== "";
  const go = (): void => {
    if (!ready) return;
    onClose();
    void attempt(() => act(model, action, text.value.trim(), form.value));
  };
  return (
    <Dialog title={`${title}: ${plural(shown, "row")}`} onClose={onClose}>
      <form class="ask-selection" onSubmit={(event) => { event.preventDefault(); go(); }}>
        <p>{does}</p>
        {field !== undefined && (
          <label>
            {field}
            <input required maxLength={200} list={labels.length > 0 ? "known-labels" : undefined} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
          </label>
        )}
        {labels.length > 0 && <datalist id="known-labels">{labels.map((one) => <option key={one} value={one} />)}</datalist>}
        {action === "export" && (
          <label>
            Form
            <select value={form.value} onChange={(event) => (form.value = event.currentTarget.value as typeof form.value)}>
              {FORMS.map((one) => <option key={one} value={one}>{one}</option>)}
            </select>
          </label>
        )}
        <p class="buttons">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" disabled={!ready}>{title}</button>
        </p>
      </form>
    </Dialog>
  );
}

// Keeps the rows that are shown under a name.
export async function keepRows(model: MapModel, action: "tag" | "slice", name: string): Promise<void> {
  await decide({ v: version.peek(), action, mask: await maskOf(model), name });
}

const maskOf = async (model: MapModel): Promise<string> => base64(await model.link.ask({ of: "mask" }));

async function decide(asked: Record<string, string>): Promise<void> {
  const { said, facts } = await post<Done>("selection", asked);
  const of = facts?.["seq"];
  announce(said, typeof of === "number" ? { title: "Undo", run: () => void attempt(() => undo(of)) } : null);
  changed();
}

async function act(model: MapModel, action: Action, text: string, form: (typeof FORMS)[number]): Promise<void> {
  const v = version.peek();
  if (action === "tag" || action === "slice") return keepRows(model, action, text);
  const mask = await maskOf(model);
  if (action === "export") {
    await download("export", { v, action, mask, form }, `${v.replace("@", "-")}-selection.${form}`);
    return announce("The rows were exported.");
  }
  await decide({ v, action, mask, ...(action === "relabel" ? { label: text } : {}) });
}

// Takes back a decision of the review, the newest one unless its number is given.
export async function undo(of?: number): Promise<void> {
  announce((await post<Decided>("decisions", { v: version.peek(), action: "undo", of: of ?? null })).said);
  changed();
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}

// Numbers and sets of classes are typed.
function knownLabels(model: MapModel): string[] {
  const facet = model.facet("label");
  return facet?.kind === "category" ? facet.values.filter((one) => one !== NONE && one !== "other values") : [];
}
