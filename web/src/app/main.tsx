// The app: one page that shows the part which the address names.

import { useSignal } from "@preact/signals";
import { render, type FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import "../shared/theme.css";
import "./app.css";
import { complain } from "./announce";
import { listenToKeys } from "./keys";
import { Layout } from "./layout";
import { followLinks, hrefOfVersion, page, version, type Page } from "./router";
import { about, dataset, loadAbout, missing, startPulse } from "./state";

// Each page is a file of its own, so that the first one comes soon; the others are fetched when they are asked for.
const PARTS: Record<Page, () => Promise<FunctionComponent>> = {
  overview: async () => (await import("./pages/overview")).OverviewPage,
  map: async () => (await import("./pages/map")).MapPage,
  findings: async () => (await import("./pages/findings")).FindingsPage,
  slices: async () => (await import("./pages/slices")).SlicesPage,
  compare: async () => (await import("./pages/compare")).ComparePage,
  versions: async () => (await import("./pages/versions")).VersionsPage,
};
const here = new Map<Page, FunctionComponent>();

function App() {
  return <Layout>{version.value === "" ? <Nothing /> : missing.value !== null ? <Missing /> : <Part key={`${page.value} ${partOf()}`} name={page.value} />}</Layout>;
}

// Another version makes a page anew; the one of all versions goes from one to the next without a blink.
const partOf = (): string => (page.value === "versions" ? (version.value.split("@")[0] ?? "") : version.value);

function Part({ name }: { name: Page }) {
  const Shown = useSignal(here.get(name) ?? null);
  useEffect(() => {
    if (Shown.value !== null) return;
    PARTS[name]().then((found) => {
      here.set(name, found);
      Shown.value = found;
    }, complain);
  }, []);
  return Shown.value === null ? <p class="quiet waiting" aria-busy="true">Loading …</p> : <Shown.value />;
}

// An old link, or one to a data set that is gone.
function Missing() {
  const newest = dataset.value?.newest ?? about.value?.datasets[0]?.newest;
  return (
    <div class="trouble" role="alert">
      <h1>{version.value} is not here</h1>
      <p>{missing.value?.message} {missing.value?.remedy}</p>
      {newest !== undefined && <p><a class="button" href={hrefOfVersion(newest)}>Open {newest}</a></p>}
    </div>
  );
}

function Nothing() {
  if (about.value === null) return <p class="quiet waiting" aria-busy="true">Loading …</p>;
  return (
    <div class="trouble">
      <p><strong>The workspace {about.value.workspace} has no data set yet.</strong></p>
      <p>Audit a source first: <code>burnish audit SOURCE</code>, then look again.</p>
    </div>
  );
}

document.addEventListener("click", followLinks);
listenToKeys();
void loadAbout();
startPulse();
render(<App />, document.getElementById("app") ?? document.body);
