// The newest measurement of the review: what the edits that were accepted so far would do to the model.

import { plural, thousands, when } from "../../shared/format";
import type { Measurement } from "../documents";
import { EffectLine } from "../parts/effect";

export function Measured({ measured }: { measured: readonly Measurement[] }) {
  if (measured.length === 0) return null;
  return (
    <section aria-labelledby="measured-title">
      <h2 id="measured-title">What was measured</h2>
      <MeasuredList measured={measured} />
    </section>
  );
}

const OF = { made: "that made this version", pending: "of its review" } as const;

// `now`: edits that the review comes to now, where they are told beside it.
export function MeasuredList({ measured, now = null }: { measured: readonly Measurement[]; now?: number | null }) {
  if (measured.length === 0) return null;
  return <ul class="plain">{measured.map((one) => <MeasuredLine key={one.key} measured={one} now={now} />)}</ul>;
}

function MeasuredLine({ measured, now }: { measured: Measurement; now: number | null }) {
  const edits = plural(measured.n_edits, "edit");
  return (
    <li>
      {measured.current === false && <strong class="warn">Of other edits: measured with {edits}{now === null ? ", before the review went on" : `, and these are ${thousands(now)}`}. </strong>}
      <EffectLine effect={measured.effect} />
      <p class="quiet">{edits} {OF[measured.of]}; {measured.who}, {when(measured.created)}.</p>
    </li>
  );
}
