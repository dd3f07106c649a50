// Why what a dialog asked for was refused: it stays open, with what was typed.

import { said } from "../announce";

export function Refusal({ of: refused }: { of: boolean }) {
  return refused ? <p class="refusal" role="alert">{said.value.text} {said.value.remedy}</p> : null;
}
