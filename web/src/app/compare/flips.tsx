// The rows of one outcome, with the answers of both side by side.

import { plural, thousands } from "../../shared/format";
import type { Compared, Flip, Flips } from "../documents";
import { useKeys } from "../keys";
import { useLoaded } from "../loaded";
import { RowCard } from "../parts/row";
import { Waiting } from "../parts/states";
import { Pager, offsetOf } from "../parts/table";
import { href, param, setParams } from "../router";

const SIZE = 20;

export function FlippedRows({ compared }: { compared: Compared }) {
  const outcomes = Object.keys(compared.outcomes);
  const outcome = param("outcome") ?? (compared.exact ? "broken" : "farther");
  useOutcomeKey(outcomes, outcome);
  return (
    <section aria-labelledby="flips-title">
      <h2 id="flips-title">Rows</h2>
      <div class="choices" role="group" aria-label="Outcome">
        {outcomes.map((one) => (
          <button key={one} type="button" aria-pressed={outcome === one} onClick={() => choose(one)}>
            {one} <span class="count">{thousands(counted(compared, one))}</span>
          </button>
        ))}
      </div>
      <Rows key={outcome} compared={compared} outcome={outcome} />
    </section>
  );
}

function Rows({ compared, outcome }: { compared: Compared; outcome: string }) {
  const loaded = useLoaded<Flips>("flips", { key: compared.key, outcome, offset: offsetOf("from"), limit: SIZE });
  return (
    <Waiting of={loaded}>
      {(flips) => (
        <>
          {flips.total === 0 && <p class="quiet">No row is {outcome}.</p>}
          <ol class="flips" data-outcome={outcome} aria-label={`${plural(flips.total, "row")}, ${outcome}`}>
            {flips.flips.map((flip) => <li key={flip.row.row_id}><FlipCard flip={flip} compared={compared} /></li>)}
          </ol>
          <Pager total={flips.total} size={SIZE} name="from" />
        </>
      )}
    </Waiting>
  );
}

const choose = (outcome: string): void => setParams({ outcome, from: null });

const counted = (compared: Compared, outcome: string): number =>
  Object.entries(compared.outcomes).find(([name]) => name === outcome)?.[1] ?? 0;

function useOutcomeKey(outcomes: readonly string[], outcome: string): void {
  const next = (): void => choose(outcomes[(outcomes.indexOf(outcome) + 1) % outcomes.length] ?? outcome);
  useKeys([{ keys: "o", title: `Next outcome: ${outcomes.join(", ")}`, run: next }], [outcomes.join(), outcome]);
}

function FlipCard({ flip, compared }: { flip: Flip; compared: Compared }) {
  return (
    <RowCard row={flip.row} compact>
      <dl class="answers">
        <div><dt>given</dt><dd>{worded(flip.label)}</dd></div>
        <div><dt>A · {compared.labels[0]}</dt><dd><Answer flip={flip} said={flip.a} exact={compared.exact} /></dd></div>
        <div><dt>B · {compared.labels[1]}</dt><dd><Answer flip={flip} said={flip.b} exact={compared.exact} /></dd></div>
        <div><dt>outcome</dt><dd><a href={href("map", { v: compared.v, row: flip.row.row_id, cmp: compared.key, color: "cmp" })}>{outcomeOf(flip, compared.exact)}, on the map</a></dd></div>
      </dl>
    </RowCard>
  );
}

// A set of classes may be empty.
const worded = (said: string): string => (said === "" ? "no class" : said);

function outcomeOf({ outcome, difference }: Flip, exact: boolean): string {
  return exact || difference === null || difference === 0 ? outcome : `${outcome} by ${amount(Math.abs(difference))}`;
}

const amount = (value: number): string => String(Number(value.toPrecision(3)));

function Answer({ flip, said, exact }: { flip: Flip; said: string; exact: boolean }) {
  if (!exact) return <>{said} <span class="quiet">off by {amount(Math.abs(Number(said) - Number(flip.label)))}</span></>;
  const right = said === flip.label;
  return <span class={right ? "good" : "bad"}><span aria-hidden="true">{right ? "✓" : "✗"} </span>{worded(said)}<span class="hidden">{right ? ", right" : ", wrong"}</span></span>;
}
