// The overview of a version: what to do next, what was found, what was measured, what the rows are.

import { Bars } from "../../charts/bars";
import { percent, plural, thousands } from "../../shared/format";
import type { Overview } from "../documents";
import { useLoaded } from "../loaded";
import { NotAudited } from "../overview/audit";
import { Found } from "../overview/found";
import { Hero } from "../overview/hero";
import { Measured } from "../overview/measured";
import { Next } from "../overview/next";
import { Waiting } from "../parts/states";
import { version } from "../router";

export function OverviewPage() {
  const loaded = useLoaded<Overview>("overview", { v: version.value });
  return <Waiting of={loaded}>{(overview) => <Shown overview={overview} />}</Waiting>;
}

function Shown({ overview }: { overview: Overview }) {
  return (
    <div class="page overview">
      <Hero overview={overview} />
      {overview.audited ? <Next advice={overview.next} /> : <NotAudited v={overview.version.name} />}
      {overview.audited && <Found found={overview.found} />}
      <Measured measured={overview.measured} />
      <div class="two">
        <Shares title="Splits" shares={overview.splits} whole={overview.version.n_rows} />
        <Shares title={classesTitle(overview)} shares={overview.classes} whole={overview.version.n_rows} />
      </div>
    </div>
  );
}

function classesTitle({ classes, n_classes: all }: Overview): string {
  return classes.length < all ? `Classes, the ${classes.length} largest of ${thousands(all)}` : plural(all, "class", "classes");
}

function Shares({ title, shares, whole }: { title: string; shares: Overview["splits"]; whole: number }) {
  if (shares.length === 0) return null;
  const bars = shares.map((one) => ({ name: one.name, n: one.n, numbers: `${thousands(one.n)} · ${percent(one.n / Math.max(1, whole))}` }));
  return <Bars title={title} bars={bars} />;
}
