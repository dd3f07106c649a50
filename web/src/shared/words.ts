// The words of a text that another has not: what a reader has to look at in twins.

export interface Piece {
  text: string;
  differs: boolean;
}

// Words compared in the middle of two texts; past it a word differs when the other middle does not hold it at all.
const COMPARED = 400;

// Scripts that put no blank between words are compared by character.
const WORD = /\s+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu;
const BLANK = /^\s+$/;

// `text` in pieces that give it back when joined; what differs from `other` is told of each.
export function compared(text: string, other: string): Piece[] {
  const mine = text.match(WORD) ?? [];
  const words = mine.filter((one) => !BLANK.test(one));
  const found = differing(words, (other.match(WORD) ?? []).filter((one) => !BLANK.test(one)));
  const pieces: Piece[] = [];
  const add = (piece: string, differs: boolean): void => {
    const last = pieces.at(-1);
    if (last?.differs === differs) last.text += piece;
    else if (piece !== "") pieces.push({ text: piece, differs });
  };
  let [at, blank] = [0, ""];
  for (const one of mine) {
    if (BLANK.test(one)) blank = one;
    else {
      const differs = found[at++] === 1;
      // A blank is marked only between two words that are: no mark begins or ends with one.
      add(blank, differs && pieces.at(-1)?.differs === true);
      add(one, differs);
      blank = "";
    }
  }
  add(blank, false);
  return pieces;
}

function differing(mine: string[], theirs: string[]): Uint8Array {
  const found = new Uint8Array(mine.length);
  let start = 0;
  let [end, otherEnd] = [mine.length, theirs.length];
  while (start < end && start < otherEnd && mine[start] === theirs[start]) start += 1;
  while (end > start && otherEnd > start && mine[end - 1] === theirs[otherEnd - 1]) [end, otherEnd] = [end - 1, otherEnd - 1];
  const [middle, other] = [mine.slice(start, end), theirs.slice(start, otherEnd)];
  found.set(Math.max(middle.length, other.length) > COMPARED ? notHeld(middle, other) : notCommon(middle, other), start);
  return found;
}

function notHeld(mine: string[], theirs: string[]): Uint8Array {
  const held = new Set(theirs);
  return Uint8Array.from(mine, (one) => (held.has(one) ? 0 : 1));
}

// What a longest common subsequence leaves of `mine`.
function notCommon(mine: string[], theirs: string[]): Uint8Array {
  const width = theirs.length + 1;
  const longest = new Uint16Array((mine.length + 1) * width);
  const at = (i: number): number => longest[i] ?? 0;
  for (let i = mine.length - 1; i >= 0; i--) {
    for (let j = theirs.length - 1; j >= 0; j--) {
      const here = i * width + j;
      longest[here] = mine[i] === theirs[j] ? at(here + width + 1) + 1 : Math.max(at(here + width), at(here + 1));
    }
  }
  const left = new Uint8Array(mine.length).fill(1);
  for (let i = 0, j = 0; i < mine.length && j < theirs.length; ) {
    if (mine[i] === theirs[j]) {
      left[i] = 0;
      [i, j] = [i + 1, j + 1];
    } else if (at((i + 1) * width + j) >= at(i * width + j + 1)) i += 1;
    else j += 1;
  }
  return left;
}

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;

// A text with a sign for every character that would change how the page is written: controls, direction overrides.
export const visible = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(UNSEEN, (one) => {
    const code = one.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });
