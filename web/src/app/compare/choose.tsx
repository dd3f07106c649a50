// What is to be compared: two versions of the data set, or two models on the version that is looked at.

import { useEffect, useState } from "preact/hooks";
import { attempt } from "../announce";
import type { Lineage, Version } from "../documents";
import { beginJob, drawerOpen, jobs, type JobAsked } from "../jobs/following";
import { useLoaded } from "../loaded";
import { open, page, param, setParams, version } from "../router";
import { about } from "../state";

export function Choose() {
  const models = param("of") === "models";
  return (
    <section class="choose panel" aria-label="What to compare">
      <div class="choices" role="group" aria-label="Compare">
        <button type="button" aria-pressed={!models} onClick={() => setParams({ of: null, a: null, b: null })}>two versions</button>
        <button type="button" aria-pressed={models} onClick={() => setParams({ of: "models", a: null, b: null })}>two models</button>
      </div>
      {models ? <Models /> : <Versions />}
    </section>
  );
}

// Begins a comparison; who stays on this page sees its result as soon as it is there.
function useComparison(): (asked: Pick<JobAsked, "v" | "other" | "models">) => void {
  const [waited, wait] = useState<string | null>(null);
  const result = jobs.value.find((job) => job.id === waited && job.state === "done")?.href ?? null;
  useEffect(() => {
    if (result === null) return;
    wait(null);
    drawerOpen.value = false;
    if (page.value === "compare") open(result);
  }, [result]);
  return (asked) => void attempt(async () => wait((await beginJob({ kind: "compare", ...asked })).id));
}

function Versions() {
  const [name] = version.value.split("@");
  const known = useLoaded<Lineage>("versions", { name }).value?.lines.map((line) => line.version) ?? [];
  const [a, b] = sidesOf(known);
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
      <button type="submit" class="primary" disabled={a === "" || a === b}>Compare</button>
      {a === b && a !== "" && <span class="quiet">Choose two that differ.</span>}
    </form>
  );
}

// The one that is looked at is B, and its parent A; the first version is A, and what was made after it B.
function sidesOf(known: readonly Version[]): [string, string] {
  const here = known.find((one) => one.name === (param("b") ?? version.value));
  const after = known.find((one) => one.parent === here?.name) ?? known.findLast((one) => one !== here);
  const [a, b] = here?.parent == null && param("b") === null ? [here?.name, after?.name] : [here?.parent, here?.name];
  return [param("a") ?? a ?? "", param("b") ?? b ?? ""];
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
      <button type="submit" class="primary" disabled={a === b}>Compare</button>
      <span class="quiet">Both learn from the training rows of {version.value} and answer for its evaluation rows.</span>
      <span class="quiet">{known.length < 2 ? "There is only one model to choose." : "More models to choose from:"} Start the app with <code>burnish app --compare-model MODULE:CALLABLE</code>, once for each.</span>
    </form>
  );
}
