// How far the review is, what it comes to, what was decided last.

import { plural, shortened, thousands, when } from "../../shared/format";
import { visible } from "../../shared/words";
import type { Review } from "../documents";
import { href } from "../router";
import { codeTitle } from "./chips";
import type { Desk } from "./desk";
import { SamplePanel } from "./sample";
import { code, state } from "./view";

const EVENTS = 8;

export function Side({ desk }: { desk: Desk }) {
  const review = desk.review.value;
  return (
    <aside class="review-side" aria-label="Review">
      {review !== null && <Progress review={review} />}
      {review !== null && <Pending review={review} />}
      <SamplePanel desk={desk} />
      {review !== null && (review.events.length > 0 || review.torn === true) && <Events review={review} />}
    </aside>
  );
}

function Progress({ review }: { review: Review }) {
  return (
    <section aria-labelledby="progress-title">
      <h2 id="progress-title">Progress</h2>
      {review.codes.length === 0 ? <p class="quiet">There is nothing to review.</p> : <p class="quiet">{explained(review)}</p>}
      <ul class="code-progress">{review.codes.map((one) => <CodeLine key={one.code} one={one} title={codeTitle(review.codes, one.code)} />)}</ul>
    </section>
  );
}

// Why fewer are to be decided than were found.
function explained(review: Review): string {
  const found = review.codes.reduce((sum, one) => sum + one.found, 0);
  const asking = review.codes.reduce((sum, one) => sum + one.reviewable, 0);
  if (found === asking) return `${plural(found, "finding")}, each to be decided.`;
  return `${thousands(asking)} of ${plural(found, "finding")} ask for a decision. The other ${thousands(found - asking)} tell of the data and suggest no edit.`;
}

function CodeLine({ one, title }: { one: Review["codes"][number]; title: string }) {
  const said = one.reviewable === 0 ? `${thousands(one.found)}, no edits` : `${thousands(one.decided)} of ${thousands(one.reviewable)} decided`;
  return (
    <li>
      <a href={href("findings", { code: one.code, state: state.value === "open" ? null : state.value })} aria-current={code.value === one.code ? "true" : undefined}>
        <span class="line"><span>{title}</span><span class="quiet n">{said}</span></span>
        {one.reviewable > 0 && <progress value={one.decided} max={one.reviewable} aria-label={`${title}: ${said}`} />}
      </a>
    </li>
  );
}

// What a version made of this review would change.
function Pending({ review }: { review: Review }) {
  const edits = review.drops + review.relabels;
  return (
    <section aria-labelledby="pending-title">
      <h2 id="pending-title">Pending edits</h2>
      {edits === 0 ? <p class="quiet">None yet. What you accept changes nothing before you make a version of it.</p> : (
        <>
          <p>{plural(edits, "row")}: {[review.drops > 0 ? `${thousands(review.drops)} to drop` : "", review.relabels > 0 ? `${thousands(review.relabels)} to relabel` : ""].filter((text) => text !== "").join(", ")}.</p>
          {review.made == null && <p><a class="button" href={href("versions")}>Make a version of {plural(edits, "edit")}</a></p>}
          {review.made != null && <p>{review.made_all === true ? "They are in" : "Some of them are in"} <a href={href("versions", { v: review.made })}>{review.made}</a>.</p>}
        </>
      )}
      {review.n_refused > 0 && (
        <details>
          <summary>{plural(review.n_refused, "edit")} cannot be made</summary>
          <ul class="refused">{review.refused.map((one) => <li key={one.row_id}><code>{visible(shortened(one.row_id, 40))}</code> {one.reason}</li>)}</ul>
        </details>
      )}
    </section>
  );
}

function Events({ review }: { review: Review }) {
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">Last decisions</h2>
      {review.torn === true && <p class="note">The server ended while it wrote an event. That one is left out: nobody was told that it counts.</p>}
      <ol class="review-events">
        {review.events.slice(0, EVENTS).map((one) => (
          <li key={one.seq}>
            <span class={one.undone === true ? "undone" : ""}>
              {about(one, review) == null ? eventText(one, review) : <a href={href("findings", { id: about(one, review), state: "all" })}>{eventText(one, review)}</a>}
              {one.code != null && <span class="quiet"> {one.code}</span>}
            </span>
            {one.undone === true && <span class="quiet"> taken back</span>}
            <span class="quiet when">{visible(one.who)} · {when(one.at)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

type Event = Review["events"][number];

const undoneBy = (one: Event, review: Review): Event | undefined => review.events.find((other) => one.of != null && other.seq === one.of);
const about = (one: Event, review: Review): string | null | undefined => one.finding_id ?? undoneBy(one, review)?.finding_id;

function eventText(one: Event, review: Review): string {
  const rows = (one.n_rows ?? 0) > 0 ? ` ${plural(one.n_rows ?? 0, "row")}` : "";
  switch (one.action) {
    case "accept": return "Accepted";
    case "reject": return "Rejected";
    case "relabel": return `Relabelled${rows} to ${visible(shortened(one.label ?? "", 30))}`;
    case "drop": return `Dropped${rows}`;
    case "skip": return "Skipped";
    case "note": return "Noted";
    case "sample": return `Sample of ${thousands(one.n_findings ?? 0)} drawn`;
    case "bulk": return `Accepted ${thousands(one.n_findings ?? 0)} together`;
    default: {
      const taken = undoneBy(one, review);
      return taken === undefined ? "Took back a decision" : `Took back: ${eventText(taken, review).toLowerCase()}`;
    }
  }
}
