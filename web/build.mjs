// Builds the bundles into src/burnish: the app (page, map worker), the widget, the report. With --check it writes
// nothing and fails when what is committed is not what the sources give.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { build } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = ["es2022", "chrome110", "firefox115", "safari16.4"];
const places = { app: "../src/burnish/app/assets", report: "../src/burnish/reports/assets" };
const plain = { configFile: false, root: here, logLevel: "error", define: { "process.env.NODE_ENV": '"production"' } };
const output = { minify: true, write: false, target, modulePreload: false, cssCodeSplit: false };

const names = { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" };
// A notebook asks for what the widget exports; pages ask for nothing.
const paths = (name, entry, format) => ({
  input: { [name]: join(here, entry) },
  output: { ...names, format },
  preserveEntrySignatures: name === "widget" ? "strict" : false,
});

async function bundle(name, entry, format) {
  const made = await build({
    ...plain,
    base: "./",
    plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
    build: { ...output, rollupOptions: paths(name, entry, format) },
    worker: { format: "es", rollupOptions: { output: names } },
  });
  return [made].flat().flatMap((one) => one.output);
}

const notice = `/*!\n${await readFile(join(here, "THIRD_PARTY"), "utf8")}*/\n`;
// What is asked for first; the parts beside it say nothing of their own.
const entries = ["app.js", "worker.js", "widget.js", "report.js"];
const signed = (file, text) => (entries.includes(file) ? notice + text : text);
const files = new Map();
for (const [place, name, entry, format] of [
  ["app", "app", "src/app/main.tsx", "es"],
  ["app", "door", "src/app/door.ts", "es"],
  ["app", "widget", "src/widget/main.ts", "es"],
  ["report", "report", "src/report/main.ts", "iife"],
]) {
  for (const file of await bundle(name, entry, format)) {
    // Vite calls the one style sheet of a build `style.css`.
    const known = file.fileName === "style.css" ? `${name}.css` : file.fileName;
    files.set(join(here, places[place], known), signed(known, String(file.code ?? file.source)));
  }
}
files.set(join(here, places.app, "SOURCES"), `${await sourcesDigest()}\n`);

// What hatch_build.py compares: a digest of every source, so that only a stale build is made again.
async function sourcesDigest() {
  const digest = createHash("sha256");
  const all = await readdir(join(here, "src"), { recursive: true, withFileTypes: true });
  const listed = all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name).slice(here.length));
  const rest = ["THIRD_PARTY", "build.mjs", "package-lock.json", "package.json", "tsconfig.json"];
  for (const name of [...listed, ...rest].sort()) {
    digest.update(`${name}\0`);
    digest.update(await readFile(join(here, name)));
  }
  return digest.digest("hex");
}

let stale = 0;
for (const [path, text] of files) {
  const name = path.slice(here.length - 4);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  if (process.argv.includes("--check")) {
    const same = (await readFile(path, "utf8").catch(() => "")) === text;
    if (!same) stale += 1;
    console.log(`${name} ${hash} ${same ? "same" : "differs: run npm run build"}`);
  } else {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, text);
    console.log(`${name} ${hash} ${text.length} bytes`);
  }
}
// What an earlier build left and this one does not give.
for (const place of Object.values(places)) {
  for (const name of await readdir(join(here, place))) {
    const path = join(here, place, name);
    if (files.has(path)) continue;
    if (process.argv.includes("--check")) stale += 1;
    else await rm(path);
    console.log(`${name} is left over`);
  }
}
process.exit(stale ? 1 : 0);
