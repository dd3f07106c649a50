// Findings: work through them one by one with the keyboard, evidence beside the queue.

import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Actions } from "../findings/actions";
import { Evidence } from "../findings/evidence";
import { Filters } from "../findings/filters";
import { QueueList } from "../findings/list";
import { Side } from "../findings/side";
import { Desk } from "../findings/desk";
import { code, look, NARROWING, narrowing, sampled, state } from "../findings/view";
import { complain } from "../announce";
import { useKeys } from "../keys";
import { turn } from "../loaded";
import { NotAudited } from "../overview/audit";
import { Trouble, Waiting } from "../parts/states";
import { href, param, version } from "../router";
import { pulse } from "../state";

export function FindingsPage() {
  return pulse.value?.audited === false ? <div class="page"><h1>Findings</h1><NotAudited v={version.value} /></div> : <Reviewing />;
}

function Reviewing() {
  const desk = useMemo(() => new Desk(version.value), []);
  const shown = desk.shown.value;
  const detail = shown?.value ?? null;
  useEffect(() => void desk.follow().catch(complain), [turn.value]);
  useEffect(() => desk.prefetch(), [detail?.item.finding_id, desk.queue.value.items.value]);
  const body = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => toTop(body.current), [detail?.item.finding_id]);
  const step = (by: number) => (): void => void desk.step(by).catch(complain);
  useKeys(
    [
      { keys: "j", title: "Next finding", group: "Review", run: step(1) },
      { keys: "k", title: "Previous finding", group: "Review", run: step(-1) },
    ],
    [desk],
  );
  return (
    <div class="findings-page">
      <section class="queue" aria-label="Queue">
        <Filters desk={desk} />
        <QueueList desk={desk} />
      </section>
      <section class="evidence" aria-label="Evidence">
        <div ref={body} class="evidence-body" data-finding={detail?.item.finding_id} tabIndex={0} role="region" aria-label="Evidence of the chosen finding">
          {shown === null ? <Nothing desk={desk} /> : <Waiting of={shown}>{(one) => <Evidence desk={desk} detail={one} />}</Waiting>}
        </div>
        <Actions desk={desk} detail={detail} />
      </section>
      <Side desk={desk} />
    </div>
  );
}

// A new finding is read from its beginning; on a phone the page scrolls, and not the evidence.
function toTop(body: HTMLElement | null): void {
  if (body === null) return;
  body.scrollTop = 0;
  if (body.getBoundingClientRect().top < 0) body.scrollIntoView();
}

function Nothing({ desk }: { desk: Desk }) {
  const problem = desk.queue.value.problem.value;
  if (problem !== null) {
    const rows = ["set", "slice", "rows"].some((name) => param(name) !== null);
    return (
      <>
        <Trouble message={problem.message} remedy={problem.remedy} />
        {rows && <p><button type="button" onClick={() => look({ set: "", slice: "", rows: "" })}>Show the findings of all rows</button></p>}
      </>
    );
  }
  if (desk.queue.value.items.value === null) return <p class="quiet waiting" aria-busy="true">Loading …</p>;
  const kind = code.value === "" ? "finding" : `finding of ${code.value}`;
  const nothing = desk.review.value?.codes.length === 0;
  return (
    <div class="trouble">
      <h1 class="hidden">Findings</h1>
      {nothing ? <p><strong>The audit of {desk.v} found nothing.</strong></p> : <p><strong>No {state.value === "all" || sampled.value !== "" ? "" : `${state.value} `}{kind}.</strong></p>}
      {state.value === "open" && !nothing && <p class="quiet">{NARROWING.every((name) => narrowing.value[name] === "") ? "All is decided. " : "None of what is chosen is open. "}What was decided is still here, and can be taken back with <kbd>u</kbd>.</p>}
      <p class="buttons start">
        {state.value !== "all" && !nothing && <button type="button" onClick={() => look({ state: "all" })}>Show all</button>}
        {NARROWING.some((name) => name !== "sort" && narrowing.value[name] !== "") && <button type="button" onClick={() => look({ given: "", suggested: "", set: "", slice: "", rows: "" })}>Show all rows and labels</button>}
        {code.value !== "" && <button type="button" onClick={() => look({ code: "" })}>Show every kind</button>}
        <a class="button" href={href("versions")}>Go to the versions</a>
      </p>
    </div>
  );
}
