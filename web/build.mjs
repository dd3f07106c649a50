// Bundles the report into src/burnish/reports/assets. With --check it writes nothing and fails when
// what is committed is not what the sources give.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const assets = new URL("../src/burnish/reports/assets/", import.meta.url);
const bundle = await build({
  entryPoints: { report: "src/main.ts", "report-style": "src/report.css" },
  absWorkingDir: new URL(".", import.meta.url).pathname,
  bundle: true,
  minify: true,
  write: false,
  outdir: "out",
  format: "iife",
  target: ["es2022", "chrome110", "firefox115", "safari16.4"],
  charset: "ascii",
  legalComments: "none",
});

const notice = await readFile(new URL("THIRD_PARTY", import.meta.url), "utf8");
const files = new Map(
  bundle.outputFiles.map((file) =>
    file.path.endsWith(".js")
      ? ["report.js", `/*!\n${notice}*/\n${file.text}`]
      : ["report.css", file.text],
  ),
);

let stale = 0;
for (const [name, text] of files) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  if (process.argv.includes("--check")) {
    const committed = await readFile(new URL(name, assets), "utf8").catch(() => "");
    if (committed !== text) stale += 1;
    console.log(`${name} ${hash} ${committed === text ? "same" : "differs: run npm run build"}`);
  } else {
    await writeFile(new URL(name, assets), text);
    console.log(`${name} ${hash} ${text.length} bytes`);
  }
}
process.exit(stale ? 1 : 0);
