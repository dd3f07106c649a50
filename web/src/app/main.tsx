// The app: one page that shows the part which the address names.

import { render, type FunctionComponent } from "preact";
import "../shared/theme.css";
import "./app.css";
import { listenToKeys } from "./keys";
import { Layout } from "./layout";
import { ComparePage } from "./pages/compare";
import { FindingsPage } from "./pages/findings";
import { MapPage } from "./pages/map";
import { OverviewPage } from "./pages/overview";
import { SlicesPage } from "./pages/slices";
import { VersionsPage } from "./pages/versions";
import { followLinks, page, version, type Page } from "./router";
import { about, loadAbout, startPulse } from "./state";

const SHOWN: Record<Page, FunctionComponent> = {
  overview: OverviewPage, map: MapPage, findings: FindingsPage, slices: SlicesPage, compare: ComparePage,
  versions: VersionsPage,
};

function App() {
  const Shown = SHOWN[page.value];
  return <Layout>{version.value === "" ? <Nothing /> : <Shown key={`${page.value} ${version.value}`} />}</Layout>;
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
