// What opens a server: the token of its run, kept for this origin.

const NAME = "burnish-token";

export const kept = (): string => localStorage.getItem(NAME) ?? "";
export const keep = (token: string): void => localStorage.setItem(NAME, token);

// Of the address that the command printed, or of its token alone.
export const tokenOf = (text: string): string => /[?&]token=([^&#\s]+)/.exec(text)?.[1] ?? text.trim();

// Tells whether a token is right; the answer brings the cookie. No page is opened by it: no history holds a token.
export async function opens(token: string): Promise<boolean> {
  return token !== "" && (await fetch(`/?token=${encodeURIComponent(token)}`, { cache: "no-store" })).ok;
}
