// The newest measurement of the review: what the edits that were accepted so far would do to the model.

import { plural, when } from "../../shared/format";
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

export function MeasuredList({ measured }: { measured: readonly Measurement[] }) {
  if (measured.length === 0) return null;
  return <ul class="plain">{measured.map((one) => <MeasuredLine key={one.key} measured={one} />)}</ul>;
}

function MeasuredLine({ measured }: { measured: Measurement }) {
  return (
    <li>
      <EffectLine effect={measured.effect} />
      <p class="quiet">{plural(measured.n_edits, "edit")} {OF[measured.of]}{measured.current === false ? ", which has changed since" : ""}; {measured.who}, {when(measured.created)}.</p>
    </li>
  );
}
