// What stands where content is not there: it loads, something is wrong, the version was not audited.

import type { ComponentChildren } from "preact";
import type { Loaded } from "../loaded";

export function Waiting<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.value !== null) return <>{children(of.value)}</>;
  if (of.problem !== null) return <Trouble message={of.problem.message} remedy={of.problem.remedy} />;
  return <p class="quiet waiting" aria-busy="true">Loading …</p>;
}

export function Trouble({ message, remedy }: { message: string; remedy: string }) {
  return <div class="trouble" role="alert"><p><strong>{message}</strong></p><p>{remedy}</p></div>;
}
