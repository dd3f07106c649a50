// All versions of a data set, the newest at the top, beside the graph of what was made from what.

import { useEffect, useRef } from "preact/hooks";
import { plural, when } from "../../shared/format";
import type { Lineage, Version } from "../documents";
import { MeasuredList } from "../overview/measured";
import { EffectLine } from "../parts/effect";
import { href, version } from "../router";
import { Actions } from "./actions";
import { lanesOf, type Place } from "./lanes";
import { Rail, widthOf } from "./rail";
import { codeWords, countWords, howWords } from "./words";

type Line = Lineage["lines"][number];

export function LineageList({ lineage }: { lineage: Lineage }) {
  const lines = lineage.lines.toReversed();
  const places = lanesOf(lines.map((line) => line.version));
  const lanes = 1 + Math.max(0, ...places.flatMap((one) => [one.lane, ...one.passing, ...one.joins]));
  return (
    <ol class="lineage" aria-label={`${plural(lines.length, "version")} of ${lineage.dataset}, newest first`} reversed>
      {lines.map((line, i) => {
        const place = places[i];
        return place === undefined ? null : <Entry key={line.version.name} line={line} place={place} lanes={lanes} />;
      })}
    </ol>
  );
}

function Entry({ line, place, lanes }: { line: Line; place: Place; lanes: number }) {
  const one = line.version;
  const here = one.name === version.value;
  const self = useRef<HTMLLIElement>(null);
  const was = useRef(here);
  useEffect(() => {
    if (here && !was.current) self.current?.scrollIntoView({ block: "nearest" });
    was.current = here;
  }, [here]);
  return (
    <li ref={self} class={here ? "here" : ""} aria-current={here ? "true" : undefined} data-version={one.name}>
      <Rail place={place} lanes={lanes} here={here} />
      <div class="entry" style={{ marginLeft: `${widthOf(lanes) + 8}px` }}>
        <Head of={one} here={here} />
        {one.why !== "" && <p class="why">{one.why}</p>}
        {one.effect !== null && <p><EffectLine effect={one.effect} /></p>}
        <Tries tried={line.tried} />
        {here && <MeasuredList measured={line.measured.filter((some) => some.of === "made")} />}
        {here && <Actions of={one} />}
      </div>
    </li>
  );
}

function Head({ of: one, here }: { of: Version; here: boolean }) {
  return (
    <>
      <p class="entry-head">
        {here ? <strong>{one.name}</strong> : <a href={href("versions", { v: one.name })}>{one.name}</a>}
        {one.tags.map((tag) => <span key={tag} class="chip tag">{tag}</span>)}
        {!one.audited && <span class="quiet">not audited</span>}
        <span class="quiet by">{one.who}, {when(one.created)}</span>
      </p>
      <p class="quiet">
        {[howWords(one.how) + (one.parent === null ? "" : `, from ${one.parent}`), countWords(one.counts), codeWords(one.codes), plural(one.n_rows, "row")]
          .filter((text) => text !== "").join(" · ")}
      </p>
    </>
  );
}

function Tries({ tried }: { tried: Line["tried"] }) {
  if (tried.length === 0) return null;
  return (
    <details class="tried">
      <summary>{plural(tried.length, "change was", "changes were")} tried on it and not kept</summary>
      <ul class="plain">
        {tried.map((one) => (
          <li key={one.created}>
            <EffectLine effect={one.effect} />
            <p class="quiet">{[one.why, countWords(one.counts), codeWords(one.codes), `${one.who}, ${when(one.created)}`].filter((text) => text !== "").join(" · ")}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}
