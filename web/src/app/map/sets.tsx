// Tags and named slices of the data set: chosen by a press, forgotten after asking; what they hold stays.

import { useSignal } from "@preact/signals";
import { plural, thousands } from "../../shared/format";
import { visible } from "../../shared/words";
import { announce, attempt } from "../announce";
import { post } from "../api";
import type { Done, RowSets } from "../documents";
import { changed, useLoaded } from "../loaded";
import { param, version } from "../router";
import { Confirm } from "../parts/dialogs";
import { WriteButton } from "../parts/writing";
import type { MapModel } from "./model";
import { stepByArrows } from "./stepping";

export function Sets({ model }: { model: MapModel }) {
  const known = useLoaded<RowSets>("sets", { v: version.value }).value?.sets ?? [];
  const asking = useSignal<string | null>(null);
  const going = asking.value;
  const chosen = param("set");
  if (known.length === 0) return null;
  const forget = async (name: string): Promise<void> => {
    announce((await post<Done>("selection", { v: version.peek(), action: "forget", name })).said);
    if (param("set") === name) model.change({ set: null });
    changed();
  };
  return (
    <section class="facet sets" aria-labelledby="facet-sets">
      <header><h2 id="facet-sets">Tags and slices</h2></header>
      <ul class={chosen === null ? "values" : "values narrowed"} onKeyDown={stepByArrows}>
        {known.map(({ name, kind, n_here: here, n_rows: all }, place) => (
          <li key={name}>
            <button
              type="button" aria-pressed={chosen === name} tabIndex={place === 0 ? 0 : -1} title={`${name}\n${kind}, ${plural(all, "row")} in all versions`}
              onClick={() => model.change({ set: chosen === name ? null : name })}
            >
              <span class="value">{visible(name)}</span>
              {kind === "slice" && <span class="quiet">slice</span>}
              <span class="number">{thousands(here)}</span>
            </button>
            <WriteButton class="bare" aria-label={`Forget ${name}`} title="Forget" onClick={() => (asking.value = name)}>×</WriteButton>
          </li>
        ))}
      </ul>
      {going !== null && (
        <Confirm title={`Forget ${visible(going)}?`} action="Forget" onClose={() => (asking.value = null)} onConfirm={() => void attempt(() => forget(going))}>
          <p>Its rows stay as they are. The name is gone in every version.</p>
        </Confirm>
      )}
    </section>
  );
}
