// A picture of what the page shows, at two sizes, in light and dark, and what axe-core has to say against it.

import { mkdirSync } from "node:fs";
import axe from "axe-core";

const SIZES = { desk: { width: 1280, height: 800 }, tablet: { width: 820, height: 1180 } };
const SCHEMES = ["light", "dark"];
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const folder = process.env.PICTURES;
mkdirSync(folder, { recursive: true });

/** What was found, as sentences. */
export const faults = [];

/** `whole`: the page to its end, where it scrolls. */
export async function picture(page, state, { whole = false } = {}) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: `${folder}/${state}-${size}-${colorScheme}.png`, fullPage: whole });
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), WCAG);
      for (const { id, help, nodes } of violations) {
        faults.push(`${state} ${size} ${colorScheme}: ${id} (${help}) at ${nodes.map((node) => node.target).join(" ")}`);
      }
      const tooSmall = await page.evaluate(smallTargets);
      for (const target of tooSmall) faults.push(`${state} ${size}: ${target} is below 44 px`);
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (sideways) faults.push(`${state} ${size}: the page scrolls sideways`);
    }
  }
}

function smallTargets() {
  return [...document.querySelectorAll("button, select, input:not([type=radio]), label.choice")]
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.width < 43.5 || box.height < 43.5))
    .map(([element, box]) => `${element.textContent || element.id} ${Math.round(box.width)}x${Math.round(box.height)}`);
}
