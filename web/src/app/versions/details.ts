// The ledger and the differences stand below all versions: who asks for them is taken there.

import { setParams, type Params } from "../router";

export function showDetails(params: Params): void {
  setParams({ from: null, ...params });
  requestAnimationFrame(() => {
    const shown = document.getElementById("details");
    if (shown !== null && shown.getBoundingClientRect().top > innerHeight / 2) shown.scrollIntoView();
  });
}
