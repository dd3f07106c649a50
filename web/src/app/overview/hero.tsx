// The head of the overview: which version this is, and what it did to the model.

import { plural, thousands, when } from "../../shared/format";
import type { Overview } from "../documents";
import { EffectLine } from "../parts/effect";
import { href } from "../router";
import { howWords } from "../versions/words";

export function Hero({ overview }: { overview: Overview }) {
  const { version, parent } = overview;
  const locked = overview.splits.find((one) => one.n === overview.n_evaluation && one.name !== "train"); // once is enough
  const facts = [
    plural(version.n_rows, "row"),
    ...overview.splits.map((one) => `${thousands(one.n)} ${one.name}${one === locked ? ", locked for evaluation" : ""}`),
    overview.n_evaluation > 0 && locked === undefined ? `${thousands(overview.n_evaluation)} locked for evaluation` : "",
    overview.n_clusters > 0 ? plural(overview.n_clusters, "cluster") : "",
    overview.kind,
  ].filter((fact) => fact !== "");
  return (
    <header class="hero">
      <h1>
        {version.name} {version.tags.map((tag) => <span key={tag} class="chip tag">{tag}</span>)}
      </h1>
      <p class="facts">{facts.join(" · ")}</p>
      <p class="quiet">
        {howWords(version.how)}{parent === null ? version.source === null ? "" : `: ${version.source}` : <>, from <a href={href("overview", { v: parent.name })}>{parent.name}</a></>}
        {" · "}{version.who}, {when(version.created)}
      </p>
      {overview.labels !== "" && <p class="quiet">{overview.labels}</p>}
      {overview.audited && overview.sentence !== "" && <p class="sentence">{overview.sentence}</p>}
      {version.effect !== null && (
        <p class="measured-line">
          <span class="quiet">{parent?.name ?? "parent"} → {version.name}</span> <EffectLine effect={version.effect} />
        </p>
      )}
    </header>
  );
}
