// Facets: what the shown rows are, by value, with counts; a press filters.

import { useSignal } from "@preact/signals";
import { NONE, choicesOf, type Facet } from "../../map/facet";
import { css, valueColors } from "../../map/palette";
import { shortened, thousands } from "../../shared/format";
import { visible } from "../../shared/words";
import { Brush } from "./brush";
import { Sets } from "./sets";
import type { MapModel } from "./model";
import { themed, toneNow } from "./paint";
import { stepByArrows } from "./stepping";

const FEW = 12;
const MANY = 30;

export function Facets({ model }: { model: MapModel }) {
  const facts = model.facts.value;
  if (facts === null) return null;
  // The one that colors is the legend of the map: it comes first.
  const coloring = model.colorBy.value;
  const others = facts.facets.filter((one) => one !== coloring);
  return (
    <>
      {coloring !== null && <Section key={coloring.name} model={model} facet={coloring} />}
      <Sets key="" model={model} />
      {others.map((facet) => <Section key={facet.name} model={model} facet={facet} />)}
    </>
  );
}

function Section({ model, facet }: { model: MapModel; facet: Facet }) {
  return (
    <section class="facet" data-facet={facet.name} aria-labelledby={`facet-${facet.name}`}>
      <header>
        <h2 id={`facet-${facet.name}`}>{facet.title}</h2>
        {model.colorBy.value?.name === facet.name && <span class="colors">colors the map</span>}
        {model.filters.value[facet.name] !== undefined && (
          <button type="button" class="bare" onClick={() => model.filter(facet, null)} aria-label={`Show all values of ${facet.title}`}>all</button>
        )}
      </header>
      {facet.kind === "scale" ? <Brush model={model} facet={facet} /> : <Values model={model} facet={facet} />}
    </section>
  );
}

function Values({ model, facet }: { model: MapModel; facet: Facet }) {
  const open = useSignal(false);
  const wanted = useSignal("");
  void themed.value;
  const counts = model.counted.value?.counts[facet.name];
  const filter = model.filters.value[facet.name];
  const chosen = new Set(filter?.kind === "values" ? filter.values : []);
  const colors = model.colorBy.value?.name === facet.name ? valueColors(facet, toneNow()) : null;
  const most = Math.max(1, ...(counts ?? []));
  const choices = choicesOf(facet).map((value, place) => ({ value, place }));
  const found = wanted.value === "" ? ordered(facet, choices, counts) : choices.filter((one) => one.value.toLowerCase().includes(wanted.value.toLowerCase()));
  const few = choices.length <= FEW;
  const shown = open.value || few || wanted.value !== "" ? found : found.filter((one, i) => (i < FEW && (counts?.[one.place] ?? 1) > 0) || chosen.has(one.place));
  const stop = shown.find((one) => chosen.has(one.place)) ?? shown[0];
  const press = (place: number, event: MouseEvent): void => {
    const only = chosen.size === 1 && chosen.has(place);
    const next = event.altKey ? new Set(only ? [] : [place]) : new Set(chosen);
    if (!event.altKey && !next.delete(place)) next.add(place);
    model.filter(facet, { kind: "values", values: [...next] });
  };
  return (
    <>
      {choices.length > MANY && (
        <input
          type="search" class="find" placeholder={`Find in ${thousands(choices.length)}`} aria-label={`Find a value of ${facet.title}`}
          value={wanted.value} onInput={(event) => (wanted.value = event.currentTarget.value)}
        />
      )}
      <ul class={chosen.size > 0 ? "values narrowed" : "values"} onKeyDown={stepByArrows}>
        {shown.map(({ value, place }) => (
          <li key={place}>
            <button
              type="button" data-place={place} aria-pressed={chosen.has(place)} tabIndex={place === stop?.place ? 0 : -1} title={`${value.slice(0, 500)}\nAlt + press: only this`}
              class={value === NONE ? "none" : ""} onClick={(event) => press(place, event)}
            >
              {colors !== null && <i class="swatch" style={{ background: css(colors[place] ?? [128, 128, 128]) }} />}
              <span class="value">{value === "" ? "(empty)" : visible(shortened(value, 80))}</span>
              <span class="number">{counts === undefined ? "" : thousands(counts[place] ?? 0)}</span>
              <i class="amount" style={{ width: `${(100 * (counts?.[place] ?? 0)) / most}%` }} />
            </button>
          </li>
        ))}
      </ul>
      {wanted.value === "" && !few && (open.value || found.length > shown.length) && (
        <button type="button" class="bare more" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
          {open.value ? "show fewer" : `show all ${thousands(found.length)}`}
        </button>
      )}
      {found.length === 0 && <p class="quiet">No value holds “{wanted.value}”.</p>}
    </>
  );
}

interface Choice {
  value: string;
  place: number;
}

// What is shown most comes first, and last what is not; steps of a scale stay in their order, and so does what stands for none.
function ordered(facet: Facet, choices: Choice[], counts: Uint32Array | undefined): Choice[] {
  if (counts === undefined) return choices;
  const amount = ({ value, place }: Choice): number => (counts[place] === 0 ? -1 : facet.kind === "scale" || value === NONE ? 0 : (counts[place] ?? 0));
  return choices.toSorted((a, b) => amount(b) - amount(a) || a.place - b.place);
}
