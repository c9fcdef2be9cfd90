// Builds the agent's page. build.rs calls it with --outDir and embeds what comes out.

import { readFileSync, readdirSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist/page",
    target: "es2022",
    // An inlined file would be a data: address, which our content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [licences()],
});

/** The licences of what ends up in the page ask to be passed on with it. */
function licences(): Plugin {
  const shipped = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).dependencies);
  return {
    name: "licences",
    generateBundle() {
      const texts = shipped.map((name) => {
        const folder = `node_modules/${name}`;
        const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
        const text = file ? readFileSync(`${folder}/${file}`, "utf8") : "";
        return `${name} ${version} (${license})\n\n${text}`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join("\n\n----\n\n") });
    },
  };
}
