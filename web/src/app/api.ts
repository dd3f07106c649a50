// Requests to the server. Every one carries the token; what is wrong is said by the server, with what to do.

import { renewed, token } from "./session";

export class Problem extends Error {
  constructor(
    message: string,
    readonly remedy: string,
    readonly status: number,
  ) {
    super(message);
  }
}

type Values = Record<string, string | number | boolean | null | undefined>;

export function address(path: string, values: Values = {}): string {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `/api/${path}${search === "" ? "" : `?${search}`}`;
}

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const sent = (): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("X-Burnish-Token", token);
    return fetch(path, { ...init, headers });
  };
  let answer: Response;
  const used = token;
  try {
    answer = await sent();
    if (answer.status === 401 && renewed(used)) answer = await sent();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("The server does not answer.", "Is `burnish app` still running? Start it again.", 0);
  }
  if (answer.ok) return answer;
  const said = (await answer.json().catch(() => null)) as { error?: string; remedy?: string } | null;
  throw new Problem(said?.error ?? `The server answered ${answer.status}.`, said?.remedy ?? "", answer.status);
}

export async function get<T>(path: string, values: Values = {}, signal?: AbortSignal): Promise<T> {
  return (await (await ask(address(path, values), signal === undefined ? {} : { signal })).json()) as T;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return (await (await send(path, body)).json()) as T;
}

// A packed bit mask (lowest bit first) and how many bits are set.
export async function postMask(body: unknown): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await send("mask", body)).arrayBuffer());
}

export const send = (path: string, body: unknown, method = "POST"): Promise<Response> =>
  ask(address(path), { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });

// Saves what an answer holds as a file.
export async function download(path: string, body: unknown, name: string): Promise<void> {
  const blob = await (await send(path, body)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
