// The token of this server: it comes with the first address, is kept for this origin, and leaves the address bar.

const NAME = "burnish-token";

function remembered(): string {
  const here = new URL(location.href);
  const given = here.searchParams.get("token");
  if (given === null) return localStorage.getItem(NAME) ?? "";
  localStorage.setItem(NAME, given);
  here.searchParams.delete("token");
  history.replaceState(history.state, "", here);
  return given;
}

export const token = remembered();
