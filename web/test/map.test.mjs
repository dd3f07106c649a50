// The point layer against slow, obvious versions of itself: `node --test web/test`. Vite turns its TypeScript into one module.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const N = 10_000;
const parts = ["facet", "select", "polygon", "nearest", "names", "palette", "viewport", "raster", "picture"];
const entry = "virtual:map";
const made = await build({
  configFile: false,
  logLevel: "error",
  plugins: [
    {
      name: "map",
      resolveId: (id) => (id === entry ? id : null),
      load: (id) =>
        id === entry ? parts.map((one) => `export * from ${JSON.stringify(fileURLToPath(new URL(`../src/map/${one}.ts`, import.meta.url)))};`).join("\n") : null,
    },
  ],
  build: { write: false, minify: false, ssr: true, rollupOptions: { input: entry, output: { format: "es" } } },
});
const code = [made].flat().flatMap((one) => one.output)[0].code;
const map = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);

let seed = 7;
const random = () => (seed = (seed * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;
const x = new Uint16Array(N).map(() => random() * 65_536);
const y = new Uint16Array(N).map(() => random() * 65_536);
// Corners and edges of the map and of its cells.
for (let i = 0; i < 64; i++) [x[i], y[i]] = [[0, 65_535, 256, 255][i % 4], [0, 65_535, 512, 511][(i >> 2) % 4]];
const codes = new Uint8Array(N).map(() => random() * 5);
const flags = new Uint16Array(N).map(() => (random() < 0.5 ? 0 : random() * 8));
const scale = new Uint8Array(N).map(() => random() * 256);
const category = { name: "c", title: "C", kind: "category", column: "", values: ["a", "b", "c", "d", "none"], low: null, high: null };
const bits = { ...category, kind: "flags", values: ["p", "q", "r"] };
const numbers = { ...category, kind: "scale", values: [], low: -2, high: 10 };
const frame = { width: 800, height: 600, aspect: 1.2 };

function judged(tests, outside = 0) {
  const misses = new Uint32Array(N);
  const order = { order: new Uint32Array(N), shown: 0, beside: 0 };
  map.judge(misses, tests, N);
  map.arrange(order, misses, N, outside);
  return { misses, order };
}

function isInside(corners, px, py) {
  let odd = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [xi, yi] = [corners[i][0] * 65_535, corners[i][1] * 65_535];
    const [xj, yj] = [corners[j][0] * 65_535, corners[j][1] * 65_535];
    if (yi > py !== yj > py && px < ((xj - xi) * (py - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

test("points inside any polygon are those of the plain even-odd rule", () => {
  for (let t = 0; t < 60; t++) {
    const wide = t % 3 === 0 ? 2 : 1;
    const grain = t % 5 === 0 ? 16 : 10_000;
    const place = () => Math.round(((random() - 0.5) * wide + 0.5) * grain) / grain;
    const corners = Array.from({ length: 3 + Math.floor(random() * 40) }, () => [place(), place()]);
    const found = map.insideOf([{ adds: true, corners }], x, y, N);
    assert.equal(found.findIndex((one, i) => (one === 1) !== isInside(corners, x[i], y[i])), -1);
  }
});

test("polygons add and take away in their order, and are read as they were written", () => {
  const box = (a, b) => [[a, a], [b, a], [b, b], [a, b]];
  const polygons = [{ adds: true, corners: box(0.1, 0.6) }, { adds: false, corners: box(0.3, 0.5) }, { adds: true, corners: box(0.4, 0.45) }];
  const found = map.insideOf(polygons, x, y, N);
  const wrong = found.findIndex((one, i) => {
    const [first, second, third] = polygons.map((polygon) => isInside(polygon.corners, x[i], y[i]));
    return (one === 1) !== ((first && !second) || third);
  });
  assert.equal(wrong, -1);
  assert.deepEqual(map.readPolygons(map.writePolygons(polygons)), polygons);
  const beyond = [true, false].map((adds) => ({ adds, corners: [[-0.1, 0], [0.5, 0], [0.5, 1]] }));
  assert.deepEqual(map.readPolygons(map.writePolygons(beyond)), beyond);
  assert.deepEqual(map.readPolygons("1,2;3|x,y;1,1;2,2|0,0;1,0;0,1"), [{ adds: true, corners: [[0, 0], [1, 0], [0, 1]] }]);
});

test("a selection that begins by taking away takes from all", () => {
  const corners = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]];
  const found = map.insideOf([{ adds: false, corners }], x, y, N);
  assert.equal(found.findIndex((one, i) => (one === 1) === isInside(corners, x[i], y[i])), -1);
});

test("a facet's counts disregard its own filter and no other", () => {
  const tests = [
    { codes, passes: map.passing(category, { kind: "values", values: [1, 2] }, 256) },
    { codes: flags, passes: map.passing(bits, { kind: "values", values: [0, 3] }, 65_536) },
  ];
  const { misses, order } = judged(tests);
  const passes = [(i) => codes[i] === 1 || codes[i] === 2, (i) => (flags[i] & 1) !== 0 || flags[i] === 0];
  const all = Array.from({ length: N }, (_, i) => i);
  assert.equal(order.shown, all.filter((i) => passes.every((one) => one(i))).length);
  const ofCodes = map.counted(category, codes, order, misses, N, 1);
  assert.deepEqual([...ofCodes], [0, 1, 2, 3, 4].map((code) => all.filter((i) => codes[i] === code && passes[1](i)).length));
  const ofFlags = map.counted(bits, flags, order, misses, N, 2);
  const having = [0, 1, 2].map((bit) => all.filter((i) => (flags[i] >> bit) & 1 && passes[0](i)).length);
  assert.deepEqual([...ofFlags], [...having, all.filter((i) => flags[i] === 0 && passes[0](i)).length]);
});

test("bins of a scale hold every number once, and those without one apart", () => {
  const { misses, order } = judged([]);
  const bins = map.counted(numbers, scale, order, misses, N, 0);
  assert.equal(bins.length, 65);
  assert.equal(bins.reduce((a, b) => a + b), N);
  assert.equal(bins[64], scale.filter((step) => step === 255).length);
  const passes = map.passing(numbers, { kind: "range", low: map.numberAt(numbers, 10), high: map.numberAt(numbers, 20) }, 256);
  assert.deepEqual([9, 10, 20, 21, 255].map((step) => passes[step]), [0, 1, 1, 0, 0]);
});

test("points out of the lasso alone are kept apart from those that are filtered out", () => {
  const inside = map.insideOf([{ adds: true, corners: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] }], x, y, N);
  const tests = [
    { codes, passes: map.passing(category, { kind: "values", values: [1] }, 256) },
    { codes: inside, passes: Uint8Array.of(0, 1) },
  ];
  const { order } = judged(tests, 2);
  const beside = [...order.order.slice(N - order.beside)];
  assert.ok(beside.length > 0 && beside.every((i) => codes[i] === 1 && inside[i] === 0));
  assert.ok([...order.order.slice(0, order.shown)].every((i) => codes[i] === 1 && inside[i] === 1));
  assert.equal(order.shown + order.beside, codes.filter((code) => code === 1).length);
});

test("the nearest point is the one that a look at all of them finds", () => {
  const { misses } = judged([{ codes, passes: map.passing(category, { kind: "values", values: [0, 1] }, 256) }]);
  const grid = map.gridOf(x, y, N);
  for (let t = 0; t < 200; t++) {
    const view = { x: random(), y: random(), zoom: 1 + random() * 30 };
    const aim = { px: random() * 800, py: random() * 600, reach: t % 2 === 0 ? 14 : 2_000 };
    const distance = (i) => {
      const [px, py] = map.toScreen(view, frame, x[i] / 65_535, y[i] / 65_535);
      return Math.hypot(px - aim.px, py - aim.py);
    };
    const found = map.nearestPoint({ x, y }, { misses, isLoud: () => false }, grid, view, frame, aim);
    const least = Math.min(...Array.from({ length: N }, (_, i) => (codes[i] < 2 ? distance(i) : Infinity)));
    if (found < 0) assert.ok(least >= aim.reach - 1e-6);
    else assert.ok(Math.abs(distance(found) - least) < 1e-6 && codes[found] < 2);
  }
});

test("a point that lies over others is picked before them, as far as its disc may reach", () => {
  const grid = map.gridOf(x, y, N);
  const misses = new Uint32Array(N);
  const view = map.whole();
  const pick = (aim, loud, hidden = -1) => {
    misses.fill(0);
    if (hidden >= 0) misses[hidden] = 1;
    return map.nearestPoint({ x, y }, { misses, isLoud: (i) => i === loud }, grid, view, frame, aim);
  };
  const places = Array.from(x, (_, i) => map.toScreen(view, frame, x[i] / 65_535, y[i] / 65_535));
  const far = (i, j) => Math.hypot(places[i][0] - places[j][0], places[i][1] - places[j][1]);
  const all = Array.from({ length: N }, (_, i) => i);
  let picked = 0;
  for (let i = 1_000; i < 1_100; i++) {
    const [px, py] = places[i];
    const others = all.filter((j) => j !== i).sort((a, b) => far(i, a) - far(i, b));
    const over = others.filter((j) => far(i, j) > 0 && far(i, j) < 3.9).at(-1);
    const beyond = others.find((j) => far(i, j) > 4.1);
    assert.notEqual(pick({ px, py, reach: 14 }, beyond), beyond);
    if (over === undefined) continue;
    picked += 1;
    assert.equal(pick({ px, py, reach: 14 }, over), over);
    assert.notEqual(pick({ px, py, reach: 14 }, over, over), over);
  }
  assert.ok(picked > 20);
});

test("names stand at the median of their shown points, largest first, and never over one another", () => {
  const { order } = judged([{ codes, passes: map.passing(category, { kind: "values", values: [0, 1, 2] }, 256) }]);
  const names = map.namesOf(category, codes, x, y, order);
  assert.deepEqual(names.map((one) => one.size), names.map((one) => one.size).toSorted((a, b) => b - a));
  assert.deepEqual(new Set(names.map((one) => one.code)), new Set([0, 1, 2]));
  for (const name of names) {
    const own = [...x].filter((_, i) => codes[i] === name.code).toSorted((a, b) => a - b);
    assert.ok(Math.abs(own[own.length >> 1] / 65_535 - name.x) < 0.01);
  }
  const many = Array.from({ length: 300 }, (_, i) => ({ text: `name ${i}`, x: random(), y: random(), size: 300 - i, code: i }));
  const placed = map.placed(many, map.whole(), frame, () => 60);
  assert.equal(placed[0].text, "name 0");
  placed.forEach((a, i) => placed.slice(i + 1).forEach((b) => assert.ok(Math.abs(a.px - b.px) >= 60 || Math.abs(a.py - b.py) >= 16)));
});

test("every point in the picture is drawn where it is looked at, and nothing else", () => {
  const view = { x: 0.4, y: 0.6, zoom: 3 };
  const { order } = judged([]);
  for (const size of [1, 2, 3, 5, 7]) {
    const pixels = { data: new Uint32Array(800 * 600), width: 800, height: 600 };
    const ink = { slots: codes, colors: new Uint32Array(256).fill(9), size };
    map.drawPoints(pixels, { x, y }, map.projectionOf(view, frame, pixels), order.order, [0, 300], ink);
    const near = new Uint8Array(800 * 600);
    for (let i = 0; i < 300; i++) {
      const [px, py] = map.toScreen(view, frame, x[i] / 65_535, y[i] / 65_535);
      if (px > 4 && py > 4 && px < 796 && py < 596) assert.equal(pixels.data[Math.round(py) * 800 + Math.round(px)], 9);
      for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) {
        const [cx, cy] = [Math.round(px) + dx, Math.round(py) + dy];
        if (cx >= 0 && cy >= 0 && cx < 800 && cy < 600) near[cy * 800 + cx] = 1;
      }
    }
    assert.equal(pixels.data.findIndex((value, at) => value !== 0 && near[at] === 0), -1);
  }
});

test("zooming keeps the place under the pointer, and a view is read as it was written", () => {
  const view = { x: 0.3, y: 0.7, zoom: 4 };
  const before = map.toMap(view, frame, 200, 150);
  const after = map.toMap(map.zoomed(view, frame, 1.7, 200, 150), frame, 200, 150);
  assert.ok(Math.hypot(before[0] - after[0], before[1] - after[1]) < 1e-9);
  assert.deepEqual(map.readView(map.writeView(view)), view);
  assert.equal(map.writeView(map.whole()), null);
  assert.equal(map.readView("1,x,2"), null);
});

test("flags are colored by their first bit, or by the first of those that are filtered for", () => {
  const tone = { dark: false, ground: [255, 255, 255], quiet: [150, 150, 150] };
  const all = map.painted(bits, 65_536, tone);
  assert.equal(all.slotOf[0b110], 1);
  assert.equal(all.colors[all.slotOf[0]], map.pixel(tone.quiet));
  assert.equal(map.painted(bits, 65_536, tone, [2]).slotOf[0b110], 2);
  assert.deepEqual(map.parsed("#0af"), map.parsed("#00aaff"));
});

test("what a row without a flag is called is the last choice, and quiet", () => {
  const tone = { dark: false, ground: [255, 255, 255], quiet: [150, 150, 150] };
  const sets = { ...bits, values: ["p", "no label"], bare: "no class" };
  assert.deepEqual(map.choicesOf(sets), ["p", "no label", "no class"]);
  assert.deepEqual(map.choicesOf(bits).at(-1), "none");
  assert.deepEqual(map.valueColors(sets, tone).map((rgb) => rgb === tone.quiet), [false, true, true]);
});

test("a scale with values is counted and filtered by them, and colored from one end of the ramp to the other", () => {
  const tone = { dark: false, ground: [255, 255, 255], quiet: [150, 150, 150] };
  const steps = { ...numbers, name: "outlier_score", values: ["0 to 0.2", "0.2 to 0.4", "0.4 to 0.6", "none"] };
  const places = new Uint16Array(N).map(() => random() * 4);
  const passes = map.passing(steps, { kind: "values", values: [1, 3] }, 65_536);
  const { misses, order } = judged([{ codes: places, passes }]);
  assert.equal(order.shown, places.filter((place) => place === 1 || place === 3).length);
  const all = [0, 1, 2, 3].map((place) => places.filter((one) => one === place).length);
  assert.deepEqual([...map.counted(steps, places, order, misses, N, 1)], all);
  assert.deepEqual([...map.counted(steps, places, order, misses, N, 0)], [0, all[1], 0, all[3]]);
  const colors = map.valueColors(steps, tone);
  assert.deepEqual(colors, [0, 0.5, 1].map((share) => map.scaleColor(steps, share, tone)).concat([tone.quiet]));
  const { slotOf, colors: pixels } = map.painted(steps, 256, tone);
  assert.deepEqual([0, 1, 2, 3].map((place) => pixels[slotOf[place]]), colors.map(map.pixel));
});

test("a picture has the shown points in their colors, those out of the lasso grey and the others faint", () => {
  const tone = { dark: false, ground: [255, 255, 255], quiet: [100, 100, 100] };
  for (const n of [N, 400]) {
    const inside = map.insideOf([{ adds: true, corners: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] }], x, y, n);
    const [misses, order] = [new Uint32Array(n), { order: new Uint32Array(n), shown: 0, beside: 0 }];
    const tests = [
      { codes, passes: map.passing(category, { kind: "values", values: [1] }, 256) },
      { codes: inside, passes: Uint8Array.of(0, 1) },
    ];
    map.judge(misses, tests, n);
    map.arrange(order, misses, n, 2);
    const paint = map.paintOf(category, undefined, tone);
    const slots = new Uint8Array(n);
    map.takeSlots(slots, codes, paint, n);
    const pixels = { data: new Uint32Array(800 * 600), width: 800, height: 600 };
    const layers = map.quietFirst({ x, y, n, order }, slots, paint);
    const drawn = map.drawPicture(pixels, layers, slots, paint, { view: map.whole(), frame });
    assert.equal(drawn, n + order.shown + order.beside);
    const color = map.pixel(map.valueColors(category, tone)[1]);
    assert.deepEqual(new Set(pixels.data), new Set([paint.ground, paint.faint, paint.beside, color]));
    // Less room than for all of them, and not a whole number of points.
    map.drawPicture(pixels, layers, slots, paint, { view: map.whole(), frame }, order.shown + 0.5 * order.beside + 0.25);
    assert.ok(pixels.data.includes(paint.beside));
  }
});

test("quiet points lie below the others, and what comes first of these lies on top", () => {
  const tone = { dark: false, ground: [255, 255, 255], quiet: [100, 100, 100] };
  const { order } = judged([{ codes, passes: map.passing(category, { kind: "values", values: [0, 3, 4] }, 256) }]);
  const paint = map.paintOf(category, undefined, tone);
  const slots = new Uint8Array(N);
  map.takeSlots(slots, codes, paint, N);
  const found = map.quietFirst({ x, y, n: N, order }, slots, paint);
  const shown = [...order.order.subarray(0, order.shown)];
  const none = (i) => codes[i] === 4;
  assert.ok(shown.some(none));
  const loud = shown.filter((i) => !none(i));
  assert.deepEqual([...found.order.order.subarray(0, order.shown)], [...shown.filter(none), ...loud.toReversed()]);
  assert.equal(found.loud, loud.length);
  assert.deepEqual([0, 1, 4].map((code) => found.isLoud(codes.indexOf(code))), [true, true, false]);
});

// Points on a map of their own, the flagged ones in color: gives the pixels, or how many have a color.
function flagged(xs, ys, isFlagged, { most = Infinity, beside = () => false } = {}) {
  const tone = { dark: false, ground: [255, 255, 255], quiet: [100, 100, 100] };
  const n = xs.length;
  const [misses, order] = [new Uint32Array(n), { order: new Uint32Array(n), shown: 0, beside: 0 }];
  const codes = new Uint16Array(n).map((_, i) => (isFlagged(i) ? 2 : 0));
  const inside = new Uint8Array(n).map((_, i) => (beside(i) ? 0 : 1));
  map.judge(misses, [{ codes: inside, passes: Uint8Array.of(0, 1) }], n);
  map.arrange(order, misses, n, 1);
  const paint = map.paintOf(bits, undefined, tone);
  const slots = new Uint8Array(n);
  map.takeSlots(slots, codes, paint, n);
  const pixels = { data: new Uint32Array(800 * 600), width: 800, height: 600 };
  const layers = map.quietFirst({ x: xs, y: ys, n, order }, slots, paint);
  map.drawPicture(pixels, layers, slots, paint, { view: map.whole(), frame }, most);
  return { color: map.pixel(map.valueColors(bits, tone)[1]), quiet: map.pixel(tone.quiet), beside: paint.beside, pixels };
}

test("one flagged point among a million is seen, whole or while the map moves", () => {
  const n = 1_000_000;
  const xs = new Uint16Array(n).map(() => random() * 65_536);
  const ys = new Uint16Array(n).map(() => random() * 65_536);
  for (const one of [0, n - 1]) {
    for (let i = 0; i < 500; i++) [xs[(one + i) % n], ys[(one + i) % n]] = [xs[one], ys[one]];
    const [px, py] = map.toScreen(map.whole(), frame, xs[one] / 65_535, ys[one] / 65_535).map(Math.round);
    for (const most of [Infinity, 40_000]) {
      const { pixels, color } = flagged(xs, ys, (i) => i === one, { most });
      assert.equal(pixels.data[py * 800 + px], color);
      assert.equal(pixels.data.filter((value) => value === color).length, 9);
    }
  }
});

test("one selected point lies over those beside the selection", () => {
  const [xs, ys] = [new Uint16Array(501).fill(30_000), new Uint16Array(501).fill(30_000)];
  const { pixels, color, beside } = flagged(xs, ys, () => true, { beside: (i) => i > 0 });
  assert.ok(pixels.data.includes(color) && !pixels.data.includes(beside));
});

test("with room for some, many flagged points are drawn in their share and few are drawn all", () => {
  const [xs, ys] = [new Uint16Array(N).map((_, i) => 655 * (i % 100)), new Uint16Array(N).map((_, i) => 655 * Math.floor(i / 100))];
  const drawn = (isFlagged) => {
    const { pixels, color, quiet } = flagged(xs, ys, isFlagged, { most: 1_000 });
    return [color, quiet].map((wanted) => pixels.data.filter((value) => value === wanted).length / 9);
  };
  assert.deepEqual(drawn((i) => i % 5 < 3), [600, 400]);
  assert.deepEqual(drawn((i) => i % 50 === 49), [200, 800]);
  assert.deepEqual(drawn((i) => i % 10 === 9), [250, 750]);
});

test("a name stands above its points where they are few, and a handful has none", () => {
  const at = [...Array(12).keys()];
  const [px, py] = [Uint16Array.from(at, () => 30_000), Uint16Array.from(at, (i) => 20_000 + 100 * i)];
  const order = { order: Uint32Array.from(at), shown: 12, beside: 0 };
  const [name, ...more] = map.namesOf(category, Uint8Array.from(at, (i) => (i < 9 ? 0 : 1)), px, py, order);
  assert.equal(more.length, 0);
  const [drawn] = map.placed([name], map.whole(), frame, () => 60);
  const highest = Math.min(...at.slice(0, 9).map((i) => map.toScreen(map.whole(), frame, px[i] / 65_535, py[i] / 65_535)[1]));
  assert.ok(drawn.py < highest - 8, `${drawn.py} is not above ${highest}`);
});

test("points in sight are never counted too few, and a few of many are drawn larger", () => {
  const grid = map.gridOf(x, y, N);
  for (const view of [{ x: 0.3, y: 0.6, zoom: 8 }, { x: 0.99, y: 0.01, zoom: 40 }, map.whole()]) {
    const inside = [...x].filter((_, i) => {
      const [px, py] = map.toScreen(view, frame, x[i] / 65_535, y[i] / 65_535);
      return px >= 0 && py >= 0 && px < frame.width && py < frame.height;
    });
    const most = map.mostInSight(grid, view, frame);
    assert.ok(most >= inside.length && most <= Math.max(60, 2 * inside.length), `${most} for ${inside.length}`);
  }
  const near = { x: 0.5, y: 0.5, zoom: 20 };
  assert.ok(map.pointSize(frame, near, N, 14) > map.pointSize(frame, near, N));
  assert.equal(map.pointSize(frame, near, 1_000_000, 500_000), map.pointSize(frame, near, 1_000_000));
});

test("outcomes have the tones of the pages, light and dark", () => {
  const css = readFileSync(new URL("../src/shared/theme.css", import.meta.url), "utf8");
  const facet = { ...category, values: ["not compared", "fixed", "broken", "both right", "both wrong"] };
  for (const dark of [false, true]) {
    const tone = { dark, ground: [255, 255, 255], quiet: [150, 150, 150] };
    const wanted = ["good", "bad", "plain", "quiet"].map((name) => map.parsed([...css.matchAll(RegExp(`--tone-${name}: (#[0-9a-f]{6})`, "g"))][dark ? 1 : 0][1]));
    assert.deepEqual(map.valueColors(facet, tone), [tone.quiet, ...wanted]);
  }
});
