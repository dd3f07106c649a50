// What is to be compared: two versions of the data set, or two models on the version that is looked at.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { attempt } from "../announce";
import type { Version } from "../documents";
import { beginJob, drawerOpen, jobs, type JobAsked } from "../jobs/following";
import { WriteButton } from "../parts/writing";
import { open, page, param, setParams, version } from "../router";
import { about } from "../state";

export function Choose({ known, sides }: { known: readonly Version[]; sides: readonly [string, string] }) {
  const models = param("of") === "models";
  return (
    <section class="choose panel" aria-label="What to compare">
      <div class="choices" role="group" aria-label="Compare">
        <button type="button" aria-pressed={!models} onClick={() => setParams({ of: null, a: null, b: null })}>two versions</button>
        <button type="button" aria-pressed={models} onClick={() => setParams({ of: "models", a: null, b: null })}>two models</button>
      </div>
      {models ? <Models /> : <Versions known={known} sides={sides} />}
    </section>
  );
}

// The comparison that was asked for here, so that whoever comes back to this page sees it, too.
const waited = signal<string | null>(null);

// Begins a comparison; who is on this page sees its result as soon as it is there.
function useComparison(): (asked: Pick<JobAsked, "v" | "other" | "models">) => void {
  const result = jobs.value.find((job) => job.id === waited.value && job.state === "done")?.href ?? null;
  useEffect(() => {
    if (result === null) return;
    waited.value = null;
    drawerOpen.value = false;
    if (page.value === "compare") open(result);
  }, [result]);
  return (asked) => void attempt(async () => { waited.value = (await beginJob({ kind: "compare", ...asked })).id; });
}

function Versions({ known, sides: [a, b] }: { known: readonly Version[]; sides: readonly [string, string] }) {
  const begin = useComparison();
  if (known.length === 1) return <p class="quiet">{version.value} is the only version. Make another one of the review, or compare two models.</p>;
  const pick = (side: "a" | "b", value: string, title: string) => (
    <label>
      {title}
      <select value={value} onChange={(event) => setParams({ [side]: event.currentTarget.value }, { replace: true })}>
        {known.toReversed().map((one) => <option key={one.name} value={one.name}>{[one.name, ...one.tags].join(" · ")}</option>)}
      </select>
    </label>
  );
  return (
    <form class="fields" onSubmit={(event) => { event.preventDefault(); begin({ v: a, other: b }); }}>
      {pick("a", a, "A, before")} {pick("b", b, "B, after")}
      <WriteButton type="submit" class="primary" disabled={a === "" || a === b}>Compare</WriteButton>
      {a === b && a !== "" && <span class="quiet">Choose two that differ.</span>}
    </form>
  );
}

// The one that is looked at is B, and its parent A. One without a parent is beside what was made of it, or the newest
// of the others; the older of the two is A.
export function sidesOf(known: readonly Version[]): [string, string] {
  const here = known.find((one) => one.name === (param("b") ?? version.value));
  const beside = known.find((one) => one.name === here?.parent) ?? known.find((one) => one.parent === here?.name) ?? known.findLast((one) => one !== here);
  const [a, b] = [here, beside].toSorted((one, other) => (one?.number ?? 0) - (other?.number ?? 0));
  return [param("a") ?? a?.name ?? "", param("b") ?? b?.name ?? ""];
}

// The server offers models by name, and runs no other: a model can be any program.
function Models() {
  const known = about.value?.models ?? [];
  const [a, b] = [param("a") ?? known[0] ?? "", param("b") ?? known[1] ?? known[0] ?? ""];
  const begin = useComparison();
  const pick = (side: "a" | "b", value: string, title: string) => (
    <label>
      {title}
      <select value={value} onChange={(event) => setParams({ [side]: event.currentTarget.value }, { replace: true })}>
        {known.map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
    </label>
  );
  return (
    <form class="fields" onSubmit={(event) => { event.preventDefault(); begin({ v: version.value, models: [a, b] }); }}>
      {pick("a", a, "Model A")} {pick("b", b, "Model B")}
      <WriteButton type="submit" class="primary" disabled={a === b}>Compare</WriteButton>
      <span class="quiet">Both learn from the training rows of {version.value} and answer for its evaluation rows.</span>
      <span class="quiet">{known.length < 2 ? "There is only one model to choose." : "More models to choose from:"} Start the app with <code>burnish app --compare-model MODULE:CALLABLE</code>, once for each.</span>
    </form>
  );
}
