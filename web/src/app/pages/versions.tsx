// The versions of a data set: how each came about, what it did to the model, what waits in the review, what can be done.

import { useRef } from "preact/hooks";
import type { Lineage, Measurement, Review } from "../documents";
import { useKeys } from "../keys";
import { useLoaded } from "../loaded";
import { JobsOf } from "../parts/jobs";
import { Waiting } from "../parts/states";
import { href, open, param, version } from "../router";
import { showDetails } from "../versions/details";
import { DiffPanel } from "../versions/diff";
import { LedgerTable } from "../versions/ledger";
import { LineageList } from "../versions/lineage";
import { Pending } from "../versions/pending";

export function VersionsPage() {
  const [name] = version.value.split("@");
  // A version may be younger than the list that was loaded.
  const lineage = useLoaded<Lineage>("versions", { name }, version.value);
  const here = lineage.value?.lines.find((line) => line.version.name === version.value);
  const audited = here?.version.audited === true; // only what was found can be reviewed
  const review = useLoaded<Review>(audited ? "review" : null, { v: version.value });
  const measured = useLoaded<Measurement[]>(audited ? "measured" : null, { v: version.value });
  return (
    <div class="page versions-page">
      <h1>Versions of {name}</h1>
      <Waiting of={lineage}>
        {(found) => (
          <>
            <VersionKeys lineage={found} />
            {found.description !== "" && <p class="quiet">{found.description}{found.owner === "" ? "" : ` · ${found.owner}`}</p>}
            {audited && review.value?.v === version.value && <Pending review={review.value} measured={(measured.value ?? []).filter((one) => one.of === "pending")} />}
            <JobsOf name={name ?? ""} />
            <LineageList lineage={found} />
            <Details lineage={found} />
          </>
        )}
      </Waiting>
    </div>
  );
}

const SHOWN = { diff: "Differences", ledger: "Ledger" } as const;

function Details({ lineage }: { lineage: Lineage }) {
  const show = param("show") === "diff" ? "diff" : "ledger";
  return (
    <section id="details" class="details" aria-label={SHOWN[show]}>
      <div class="choices" role="group" aria-label="Show">
        {(["ledger", "diff"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={show === one} onClick={() => showDetails({ show: one === "ledger" ? null : one })}>{SHOWN[one]}</button>
        ))}
      </div>
      {show === "diff" ? <DiffPanel lineage={lineage} /> : <LedgerTable />}
    </section>
  );
}

function VersionKeys({ lineage }: { lineage: Lineage }) {
  const latest = useRef(lineage);
  latest.current = lineage;
  const move = (by: number) => (): void => {
    const names = latest.current.lines.map((line) => line.version.name).toReversed();
    const next = names[names.indexOf(version.value) + by];
    if (next !== undefined) open(href("versions", { v: next }));
  };
  useKeys(
    [
      { keys: "j", title: "Version below (older)", run: move(1) },
      { keys: "k", title: "Version above (newer)", run: move(-1) },
      { keys: "l", title: "The ledger: the edits that made it", run: () => showDetails({ show: null }) },
    ],
    [],
  );
  return null;
}
