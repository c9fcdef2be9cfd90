// Every state, at two sizes, in light and dark: a picture of each, and what axe-core has to say against it.

import assert from "node:assert/strict";
import { ask, open, play, withPage } from "./driver.mjs";
import { faults, picture } from "./picture.mjs";

/** The scene, and what its headline says. */
const SCENES = [
  ["three-people", "one of three people"],
  ["one-person", "Anna Ferrante?"],
  ["nobody", "New caller"],
  ["withheld", "New caller"],
  ["listening", "one of three people"],
  ["probably", "Anna Ferrante?"],
  ["ambiguous", "Marco or Anna?"],
  ["recognised", "Anna Ferrante"],
  ["recognised-quiet", "Marco Ferrante"],
  ["heard-before", "Anna Ferrante"],
  ["allergen", "Giulia Ferrante"],
  ["offering", "Jonas Lindqvist"],
  ["possibly", "Marco Ferrante?"],
  ["no-voice", "one of three people"],
  ["handed-on", "one of three people"],
  ["confirmed", "Anna Ferrante"],
  ["not-known", "Not someone we know"],
  ["no-consent", "one of three people"],
  ["mixed", "one of three people"],
  ["new-speaker", "one of three people"],
  ["rejected", "Someone else"],
  ["learning", "Anna Ferrante"],
  ["learnt", "Anna Ferrante"],
  ["placed", "Anna Ferrante"],
  ["ended", "Anna Ferrante"],
  ["busy", "Anna Ferrante"],
];

await withPage({}, async (page) => {
  await open(page);
  await picture(page, "empty");
  for (const [scene, headline] of SCENES) {
    await play(page, scene, headline);
    await picture(page, scene);
    if (scene === "busy") {
      for (const call of ["call-2", "call-3", "call-4"]) await ask({ do: "close", call });
    }
  }

  // What an agent opens.
  await play(page, "recognised", "Anna Ferrante");
  await page.keyboard.press("F8");
  await picture(page, "changing");
  await page.getByLabel("Add from the menu").fill("Margherita");
  await picture(page, "adding");
  await page.keyboard.press("F8");
  await page.keyboard.press("F9");
  await picture(page, "consent-given");
  await page.keyboard.press("Escape");
  await play(page, "three-people", "one of three people");
  await page.keyboard.press("F9");
  await picture(page, "consent-question");
  await page.getByRole("button", { name: "By key 1" }).click();
  await page.getByText("Waiting for the caller to press 1.").waitFor();
  await picture(page, "consent-by-key");
  await page.keyboard.press("Escape");
  await page.keyboard.press("F4");
  await picture(page, "undo");
  await page.keyboard.press("Escape");
  await ask({ do: "drop" });
  await page.locator(".connection-lost").waitFor();
  await picture(page, "connection-lost");
});
assert.deepEqual(faults, [], "axe-core found faults");
