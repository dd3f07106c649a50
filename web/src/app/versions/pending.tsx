// The review of the version that is looked at: what a version made of it would change, what that does, and making it.

import { useState } from "preact/hooks";
import { plural, thousands } from "../../shared/format";
import { announce, attempt } from "../announce";
import { post } from "../api";
import type { Measurement, Review, Version } from "../documents";
import { beginAll, beginJob } from "../jobs/following";
import { useKeys } from "../keys";
import { changed } from "../loaded";
import { MeasuredList } from "../overview/measured";
import { Dialog } from "../parts/dialogs";
import { WriteButton } from "../parts/writing";
import { href, open } from "../router";
import { loadAbout, readOnly } from "../state";
import { Refusal } from "./refusal";

export function Pending({ review, measured }: { review: Review; measured: readonly Measurement[] }) {
  const [asked, ask] = useState(false);
  const edits = review.drops + review.relabels;
  const able = review.made == null ? edits > 0 : (review.n_to_add ?? 0) > 0;
  const writes = readOnly.value === "";
  const measure = (): void => void attempt(() => beginJob({ kind: "measure", v: review.v, what: "pending" }));
  useKeys([
    ...(able && writes ? [{ keys: "w", title: "Make a version of the review", run: () => ask(true) }] : []),
    ...(edits > 0 && writes ? [{ keys: "p", title: "Measure the review", run: measure }] : []),
  ], [able, edits > 0, review.v, writes]);
  return (
    <section id="pending" class="panel pending" aria-labelledby="pending-title">
      <h2 id="pending-title">Pending review of {review.v}</h2>
      {edits === 0 && review.n_refused === 0 && (
        <p class="quiet">No edit is accepted yet. What you accept among the <a href={href("findings")}>findings</a> or do to rows on the <a href={href("map")}>map</a> waits here.</p>
      )}
      {edits > 0 && <p><strong>{plural(edits, "edit")}</strong>: {toBe(review)}.</p>}
      {review.made != null && <MadeOf review={review} />}
      <MeasuredList measured={measured} now={edits} />
      <Refused review={review} />
      {edits > 0 && (
        <div class="version-actions">
          {able && <WriteButton class="primary" onClick={() => ask(true)}>Make a version{review.made == null ? "" : ` upon ${review.made}`} …</WriteButton>}
          <WriteButton onClick={measure}>Measure what they do to the model</WriteButton>
        </div>
      )}
      {asked && <MakeDialog review={review} edits={review.made == null ? edits : review.n_to_add ?? 0} onClose={() => ask(false)} />}
    </section>
  );
}

const toBe = ({ drops, relabels }: Review): string =>
  [drops > 0 ? `${thousands(drops)} to be dropped` : "", relabels > 0 ? `${thousands(relabels)} to be relabelled` : ""].filter((text) => text !== "").join(", ");

// What is decided after a version was made is made upon that one: one beside it would lack what the first has.
function MadeOf({ review }: { review: Review }) {
  const made = review.made ?? "";
  const link = <a href={href("versions", { v: made })}>{made}</a>;
  if (review.made_all === true) return <p>These edits are in {link}: go on with that one.</p>;
  const more = review.n_to_add ?? 0;
  if (more > 0) return <p>{link} was made of this review; {plural(more, "edit")} decided since {more === 1 ? "is" : "are"} not in it.</p>;
  return <p>{link} was made of this review, and is not what it comes to now. {review.hindrance}</p>;
}

function Refused({ review }: { review: Review }) {
  if (review.n_refused === 0) return null;
  return (
    <details class="refused">
      <summary>{plural(review.n_refused, "accepted edit")} cannot be made</summary>
      <ul class="plain">
        {review.refused.map((one) => <li key={one.row_id}><a class="row-id" href={href("map", { row: one.row_id })}>{one.row_id}</a> {one.reason}</li>)}
      </ul>
      {review.n_refused > review.refused.length && <p class="quiet">{thousands(review.n_refused - review.refused.length)} more are not shown.</p>}
    </details>
  );
}

function MakeDialog({ review, edits, onClose }: { review: Review; edits: number; onClose: () => void }) {
  const [why, setWhy] = useState("");
  const [tag, setTag] = useState("");
  const [refused, refuse] = useState(false);
  const upon = review.made ?? review.v;
  const make = async (all: boolean): Promise<void> => {
    const body = { v: review.v, seq: review.seq, why: why.trim(), tag: tag.trim() === "" ? null : tag.trim() };
    const made = await attempt(() => post<Version>("versions", body));
    refuse(made === null);
    if (made === null) return;
    onClose();
    await loadAbout();
    changed();
    open(href("versions", { v: made.name }));
    announce(`${made.name} is made: ${plural(edits, "edit")}. ${made.sentence}`);
    if (all) await attempt(() => beginAll(made));
  };
  return (
    <Dialog title="Make a version" onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); void make(event.submitter?.dataset["all"] !== undefined); }}>
        <p>{upon} stays as it is. {review.made == null ? `Of its rows, in the new version: ${toBe(review)}.` : `The new version is made of it, with ${plural(edits, "edit")} more.`}</p>
        <label class="asked">Why <textarea autofocus rows={3} maxLength={10_000} value={why} onInput={(event) => setWhy(event.currentTarget.value)} /></label>
        <label class="asked">Tag, if it should have one <input type="text" maxLength={200} value={tag} onInput={(event) => setTag(event.currentTarget.value)} /></label>
        <Refusal of={refused} />
        <p class="buttons">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary">Make it</button>
          <button type="submit" data-all>Make it, then audit, measure and compare it</button>
        </p>
      </form>
    </Dialog>
  );
}
