// Bulk acceptance: offered only after a random sample was judged, and with the precision that it showed.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { percent, plural, thousands } from "../../shared/format";
import { attempt, complain } from "../announce";
import type { Sample } from "../documents";
import { Confirm } from "../parts/dialogs";
import { WriteButton } from "../parts/writing";
import { acceptRest } from "./decide";
import { codeTitle } from "./chips";
import type { Desk } from "./desk";
import { look, sampled } from "./view";

export function SamplePanel({ desk }: { desk: Desk }) {
  const about = desk.judged.value;
  const sample = desk.sample.value;
  const asking = useSignal(false);
  useEffect(() => void desk.loadSample().catch(complain), [desk, about]);
  const title = codeTitle(desk.review.value?.codes ?? [], about);
  if (about === "" || sample === null || sample.code !== about) return null;
  if (sample.findings.length === 0 && sample.remaining === 0) return null;
  const accept = (): void => void acceptRest(desk, about).catch(complain);
  return (
    <section class="sample" aria-labelledby="sample-title">
      <h2 id="sample-title">{title}: accept the rest</h2>
      {sample.findings.length === 0 ? <Undrawn desk={desk} sample={sample} /> : <Drawn sample={sample} onAccept={() => (asking.value = true)} />}
      {asking.value && (
        <Confirm title={`Accept ${plural(sample.remaining, "finding")} unseen?`} action={`Accept ${thousands(sample.remaining)}`} onConfirm={accept} onClose={() => (asking.value = false)}>
          <p>Of the {sample.judged} judged at random, {sample.right} were right: estimated precision {estimate(sample)}.</p>
          <p>About {wrong(sample)} of the {plural(sample.remaining, "finding")} would be accepted wrongly. One undo takes all of it back.</p>
        </Confirm>
      )}
    </section>
  );
}

function Undrawn({ desk, sample }: { desk: Desk; sample: Sample }) {
  const draw = (): void =>
    void attempt(async () => {
      await desk.draw(sample.code);
      look({ sample: sample.code });
    });
  if (sample.remaining <= sample.size) return <p class="quiet">Only {plural(sample.remaining, "finding")} left to accept: judge each.</p>;
  return (
    <>
      <p>{thousands(sample.remaining)} are open and suggest an edit. Judge a random sample of {sample.size} to accept the rest.</p>
      <p><WriteButton onClick={draw}>Draw the sample</WriteButton></p>
    </>
  );
}

function Drawn({ sample, onAccept }: { sample: Sample; onAccept: () => void }) {
  return (
    <>
      <p>
        {sample.judged} of {sample.size} judged, {sample.right} right as suggested.
        <progress value={sample.judged} max={sample.size} aria-label={`${sample.judged} of ${sample.size} of the sample judged`} />
      </p>
      {sample.precision != null && <p class="estimate">Estimated precision {estimate(sample)}</p>}
      {sampled.value !== sample.code && sample.judged < sample.size && <p><button type="button" onClick={() => look({ sample: sample.code })}>Judge the sample</button></p>}
      {sample.ready && sample.remaining > 0 && <p><WriteButton class="primary" onClick={onAccept}>Accept the remaining {thousands(sample.remaining)}</WriteButton></p>}
      {!sample.ready && <p class="quiet">The rest can be accepted once all {sample.size} are judged; a skipped one is not judged.</p>}
      {sample.ready && sample.remaining === 0 && <p class="quiet">Nothing is left to accept.</p>}
    </>
  );
}

const estimate = ({ precision, low, high }: Sample) => (
  <><strong>{percent(precision ?? 0, 0)}</strong>, 95 % interval {percent(low ?? 0, 0)} to {percent(high ?? 1, 0)}</>
);

const wrong = ({ low, high, remaining }: Sample): string =>
  `${thousands(Math.round((1 - (high ?? 1)) * remaining))} to ${thousands(Math.round((1 - (low ?? 0)) * remaining))}`;
