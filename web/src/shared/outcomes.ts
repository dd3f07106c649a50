// What became of a row in a comparison, and the tone that it has on every page: bar, map, legend.

export const OUTCOME_TONES: Record<string, "plain" | "good" | "bad" | "quiet"> = {
  fixed: "good", broken: "bad", "both right": "plain", "both wrong": "quiet", nearer: "good", farther: "bad", "as near": "quiet",
};
