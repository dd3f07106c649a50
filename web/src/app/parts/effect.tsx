// What a change did to a model: the verdict as a badge, the difference with its interval, in the unit of the metric.

import { signed, thousands } from "../../shared/format";
import type { Effect } from "../documents";

const SHARES = new Set(["accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "auroc", "average_precision"]);
export const LOSSES = new Set(["log_loss", "rmse", "mae"]);

// Shares read as percentages; every other metric, a user's too, is a plain number.
export const isShare = (metric: string): boolean => SHARES.has(metric);
export const metricName = (metric: string): string => metric.replaceAll("_", " ");

export function metricValue(value: number | null, metric: string): string {
  if (value === null) return "–";
  return isShare(metric) ? `${(100 * value).toFixed(1)} %` : plain(value).replace("+", "");
}

// Three decimals, and as in the reports two significant digits of a number too small for them.
function plain(value: number): string {
  const size = Math.abs(value);
  if (size >= 0.0005 || size < 1e-9) return signed(value, 3);
  const shown = size < 0.0001 ? size.toExponential(1).replace("-", "\u2212") : size.toFixed(1 - Math.floor(Math.log10(size)));
  return (value < 0 ? "\u2212" : "+") + shown;
}

export function metricLift(value: number | null, metric: string): string {
  if (value === null) return "–";
  return isShare(metric) ? signed(100 * value, 1) : plain(value);
}

export function liftUnit(metric: string): string {
  if (LOSSES.has(metric)) return `fall of ${metricName(metric)}`;
  return isShare(metric) ? `points of ${metricName(metric)}` : metricName(metric);
}

type Lift = Pick<Effect, "metric" | "lift" | "lift_low" | "lift_high">;

export const liftText = (effect: Lift): string =>
  `${metricLift(effect.lift, effect.metric)} [${metricLift(effect.lift_low, effect.metric)}, ${metricLift(effect.lift_high, effect.metric)}]`;

// A slice that fell too far takes the place of a good verdict, as in the reports.
export function VerdictBadge({ verdict, passed }: { verdict: string; passed: boolean }) {
  const failed = !passed && verdict !== "worse";
  return <span class={`badge ${failed ? "worse" : verdict.replace(" ", "-")}`}>{failed ? "gate failed" : verdict}</span>;
}

// In one line: badge, lift with interval, unit, on how many rows.
export function EffectLine({ effect, rows = true }: { effect: Effect; rows?: boolean }) {
  return (
    <span class="effect-line">
      <VerdictBadge verdict={effect.verdict} passed={effect.slices_failed.length === 0} />{" "}
      {effect.lift !== null && <span><strong class="n">{liftText(effect)}</strong> {liftUnit(effect.metric)}</span>}
      {rows && <span class="quiet"> on {thousands(effect.n_eval)} evaluation rows</span>}
      {effect.slices_failed.length > 0 && <span class="bad"> fell too far: {effect.slices_failed.join(", ")}</span>}
    </span>
  );
}
