// The answer of a comparison: the metric of both, the difference with its interval, the verdict, and how rows went.

import { Stack } from "../../charts/stack";
import { plural, when } from "../../shared/format";
import { OUTCOME_TONES } from "../../shared/outcomes";
import type { Compared } from "../documents";
import { VerdictBadge, liftText, liftUnit, metricName, metricValue } from "../parts/effect";
import { href } from "../router";

export function Headline({ compared }: { compared: Compared }) {
  const { effect, labels } = compared;
  const name = metricName(effect.metric);
  return (
    <section class="headline" aria-label="Difference">
      <dl class="cards">
        <div><dt>{name} of A · {labels[0]}</dt><dd>{metricValue(compared.before, effect.metric)}</dd></div>
        <div><dt>{name} of B · {labels[1]}</dt><dd>{metricValue(compared.after, effect.metric)}</dd></div>
        <div><dt>{liftUnit(effect.metric)}, {Math.round(100 * effect.confidence)} % interval</dt><dd>{liftText(effect)} <VerdictBadge verdict={effect.verdict} passed={effect.slices_failed.length === 0} /></dd></div>
      </dl>
      <p>{compared.said}</p>
      <p class="quiet">On {plural(effect.n_eval, "evaluation row")} of {compared.v}; {compared.who}, {when(compared.created)}.</p>
      <Outcomes compared={compared} />
    </section>
  );
}

function Outcomes({ compared }: { compared: Compared }) {
  const parts = Object.entries(compared.outcomes).map(([one, n]) => ({
    name: one, n: n ?? 0, tone: OUTCOME_TONES[one] ?? "plain",
    href: href("compare", { key: compared.key, outcome: one }),
  }));
  if (parts.length === 0) return null;
  return (
    <div class="outcomes">
      <Stack title="What became of the rows" parts={parts} />
      <p><a href={href("map", { v: compared.v, cmp: compared.key, color: "cmp" })}>Show them on the map</a></p>
    </div>
  );
}
