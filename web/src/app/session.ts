// The token of this server: it comes with the first address, is kept for this origin, and leaves the address bar.

import { keep, kept, opens, tokenOf } from "./key";

function remembered(): string {
  const here = new URL(location.href);
  const given = here.searchParams.get("token");
  if (given === null) return kept();
  keep(given);
  here.searchParams.delete("token");
  history.replaceState(history.state, "", here);
  return given;
}

export let token = remembered();

// Takes the token that another tab has kept meanwhile, as one does that the command opened when it was started again, and
// tells whether it is another than the one that was refused.
export function renewed(refused: string): boolean {
  token = kept();
  return token !== refused;
}

// Takes the token that a person gives, or the printed address, where it is right.
export async function enter(text: string): Promise<boolean> {
  const given = tokenOf(text);
  if (!(await opens(given))) return false;
  keep(given);
  token = given;
  return true;
}
