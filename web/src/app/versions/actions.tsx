// What can be done with the version that is looked at. What changes data is asked once, and what was done is said.

import { useState } from "preact/hooks";
import { announce, attempt } from "../announce";
import { post } from "../api";
import type { Done, Version } from "../documents";
import { beginJob } from "../jobs/following";
import { useKeys } from "../keys";
import { changed } from "../loaded";
import { AuditButton } from "../overview/audit";
import { Confirm } from "../parts/dialogs";
import { WriteButton } from "../parts/writing";
import { href, open } from "../router";
import { loadAbout, readOnly } from "../state";
import { showDetails } from "./details";
import { FORMS, saveVersion } from "./saving";
import { TagDialog } from "./tagging";
import { codeWords, countWords } from "./words";

// What edits made can be measured: an import or an undo changed no training rows by edits of its own.
const MEASURABLE = new Set(["apply", "curate", "relabel"]);

export function Actions({ of: one }: { of: Version }) {
  const [asked, ask] = useState<"tag" | "undo" | null>(null);
  const made = one.parent !== null;
  const writes = readOnly.value === "";
  const measurable = made && MEASURABLE.has(one.how);
  const measure = (): void => void attempt(() => beginJob({ kind: "measure", v: one.name, what: "made" }));
  const compare = (): void => showDetails({ show: "diff", a: one.parent });
  useKeys(
    [
      ...(writes ? [{ keys: "t", title: "Tag this version", run: () => ask("tag") }] : []),
      ...(made && writes ? [{ keys: "u", title: "Undo what made this version", run: () => ask("undo") }] : []),
      ...(made ? [{ keys: "d", title: "Differences from its parent", run: compare }] : []),
      ...(measurable && writes ? [{ keys: "m", title: "Measure what made this version", run: measure }] : []),
    ],
    [one.name, one.parent, writes],
  );
  return (
    <div class="version-actions">
      <WriteButton class="small" onClick={() => ask("tag")}>Tag …</WriteButton>
      {made && <button type="button" class="small" onClick={compare}>Differences from {one.parent}</button>}
      {measurable && <WriteButton class="small" onClick={measure}>Measure</WriteButton>}
      {made && <WriteButton class="small" onClick={() => ask("undo")}>Undo …</WriteButton>}
      {!one.audited && <AuditButton v={one.name} small />}
      <span class="export" role="group" aria-label={`Export ${one.name}`}>
        <span class="quiet">Export</span>
        {FORMS.map((form) => <button key={form} type="button" class="small" onClick={() => void attempt(() => saveVersion(one.name, form))}>{form}</button>)}
      </span>
      {asked === "tag" && <TagDialog of={one} onClose={() => ask(null)} />}
      {asked === "undo" && <UndoDialog of={one} onClose={() => ask(null)} />}
    </div>
  );
}

function UndoDialog({ of: one, onClose }: { of: Version; onClose: () => void }) {
  const undo = async (): Promise<void> => {
    const done = await attempt(() => post<Done>("undo", { v: one.name, row_ids: [], codes: [], why: "" }));
    if (done === null) return;
    await loadAbout();
    changed();
    const made = done.facts?.["new"];
    if (typeof made === "string") open(href("versions", { v: made }));
    announce(done.said);
  };
  const edits = Object.keys(one.codes).length === 0 ? countWords(one.counts) : `${countWords(one.counts)} (${codeWords(one.codes)})`;
  return (
    <Confirm title={`Undo ${one.name}?`} action="Undo as a new version" onConfirm={() => void undo()} onClose={onClose}>
      <p>
        This makes a new version in which what made {one.name} is taken back: {edits}. {one.name} stays as it is, and what was changed
        since by others stays changed.
      </p>
    </Confirm>
  );
}
