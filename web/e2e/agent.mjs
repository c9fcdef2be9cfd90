// An agent works with the page, by keys alone.

import assert from "node:assert/strict";
import { ask, open, play, withPage } from "./driver.mjs";

const commands = () => ask({ do: "commands" });
/** Waits until the desk has been asked `count` things in all. */
async function asked(count) {
  for (;;) {
    const all = await commands();
    if (all.length >= count) return all;
    await new Promise((done) => setTimeout(done, 20));
  }
}

await withPage({}, async (page) => {
  await open(page);
  const name = page.locator(".name");
  const main = page.getByRole("button", { name: "Take the order" });
  const undo = page.locator(".undo");
  const has = (locator) => locator.first().waitFor();
  const titled = (start) => page.waitForFunction((text) => document.title.startsWith(text), start);

  // A new call shows itself, and takes neither the focus nor the place of the main button.
  const you = page.getByLabel("You");
  await you.focus();
  await play(page, "three-people", "one of three people");
  await titled("Could be one of three people at this number");
  assert.ok(await you.evaluate((input) => document.activeElement === input), "the card took the focus");
  const place = await main.boundingBox();
  assert.equal(await main.getAttribute("aria-disabled"), "true");
  await page.keyboard.press("F2");
  assert.deepEqual(await commands(), [], "nothing to take yet");

  // Below the threshold nobody's order or allergy is in the page.
  await play(page, "probably", "Anna Ferrante?");
  await titled("Probably: Anna Ferrante");
  const text = await page.locator("body").innerText();
  for (const secret of ["Hazelnuts", "Quattro Stagioni", "cold"]) assert.ok(!text.includes(secret), secret);

  // Recognised: everything, and the button has not moved.
  await play(page, "recognised", "Anna Ferrante");
  await has(page.getByText("Hazelnuts"));
  await has(page.getByText("not authenticated"));
  await has(page.getByText("The pizza came cold"));
  await has(page.getByText("In 7 of the last 8 orders"));
  assert.deepEqual(await main.boundingBox(), place, "the main button moved");
  assert.match(await page.locator("[aria-live=polite].for-ears").innerText(), /Recognised: Anna Ferrante/);

  // F2 and Esc: nothing is sent. F8 changes the order, F2 sends it once its time to undo is over.
  await page.keyboard.press("F2");
  await has(undo);
  assert.equal(await main.getAttribute("aria-disabled"), "true");
  await page.keyboard.press("Escape");
  await undo.waitFor({ state: "detached" });
  await page.keyboard.press("F8");
  await page.getByRole("button", { name: "One more Quattro Stagioni" }).click();
  await page.getByRole("button", { name: "Take Rocket salad off" }).click();
  await page.getByLabel("Add from the menu").fill("tiramisu");
  await page.keyboard.press("Enter");
  await page.keyboard.press("F8");
  assert.deepEqual(await commands(), [], "undone is not sent");
  await page.keyboard.press("F2");
  await has(page.getByText("Order taken"));
  const [order] = await asked(1);
  assert.equal(order.command, "place_order");
  assert.deepEqual(order.lines, ["2 Quattro Stagioni", "2 Acqua frizzante", "1 Tiramisu"]);
  await has(page.getByText("No. 4711"));
  await page.keyboard.press("F2");

  // Alt+2 keeps meaning Marco though the voice now ranks him first; it is sent at once, Esc takes it back.
  await play(page, "three-people", "one of three people");
  await ask({ do: "play", scene: "ambiguous" });
  await has(name.filter({ hasText: "Marco or Anna?" }));
  await page.keyboard.press("Alt+2");
  await has(name.filter({ hasText: /^Marco Ferrante$/ }));
  assert.equal((await asked(2))[1].customer, "c-102");
  await page.keyboard.press("Escape");
  await has(name.filter({ hasText: "Someone else" }));
  assert.equal((await asked(3))[2].command, "someone_else");

  // F4 hides the person at once, and Esc brings the card back without a word to the service.
  await play(page, "recognised", "Anna Ferrante");
  await page.keyboard.press("F4");
  await has(name.filter({ hasText: "Someone else" }));
  assert.ok(!(await page.locator("body").innerText()).includes("Hazelnuts"));
  await page.keyboard.press("Escape");
  await has(name.filter({ hasText: /^Anna Ferrante$/ }));

  // A key can be the yes; Esc takes the question back, and the key closes it.
  await play(page, "one-person", "Anna Ferrante?");
  const byKey = page.getByRole("button", { name: "By key 1" });
  await page.keyboard.press("F9");
  await byKey.click();
  await has(page.getByText("Waiting for the caller to press 1."));
  assert.equal((await asked(4))[3].command, "ask_for_key");
  await page.keyboard.press("Escape");
  assert.equal((await asked(5))[4].command, "drop_question");
  await page.keyboard.press("F9");
  await byKey.click();
  await asked(6);
  await has(page.getByText("Waiting for the caller to press 1."));
  await ask({ do: "play", scene: "key-pressed" });
  await ask({ do: "play", scene: "agreed" });
  await has(page.getByText("Learning the voice"));
  await byKey.waitFor({ state: "detached" });

  // F9: the words in the caller's language, for someone new, with who asked.
  await play(page, "nobody", "New caller");
  await has(page.getByText("“Jürgen Müller”"));
  await page.keyboard.press("F9");
  await has(page.getByText("May we recognise your voice"));
  await page.getByRole("button", { name: "Italian" }).click();
  await has(page.locator("blockquote[lang=it]"));
  await page.keyboard.press("F9");
  await has(page.getByText("Write down the caller's name first."));
  await page.getByLabel("Name of the caller").fill("Ines Duarte");
  await page.keyboard.press("F9");
  await has(page.getByText("Ines said yes"));
  const enroll = (await asked(7))[6];
  assert.deepEqual(enroll, {
    command: "enroll",
    new_name: "Ines Duarte",
    script: "phone-it-2",
    language: "it",
    agent: "Sam",
  });
  await has(page.getByText("Learning the voice"));

  // A suspicious call is flagged by key, and says so from then on.
  await page.keyboard.press("Alt+g");
  await has(page.getByText("Call flagged"));
  assert.deepEqual((await asked(8))[7], { command: "flag", agent: "Sam" });
  await has(page.getByRole("button", { name: "Flagged" }));

  // A refused command says so, and can be tried again.
  await play(page, "recognised", "Anna Ferrante");
  await ask({ do: "refuse", next: 1 });
  await page.keyboard.press("F2");
  await has(page.getByRole("alert").filter({ hasText: "The order was not placed. The kitchen is closed." }));
  await page.getByRole("button", { name: "Try again" }).click();
  await has(page.getByText("No. 4711"));

  // A lost connection is said plainly, and the present comes back by itself.
  await ask({ do: "drop" });
  await has(page.getByRole("alert").filter({ hasText: "Connection lost" }));
  await page.keyboard.press("F4");
  assert.equal(await undo.count(), 0, "nothing can be done without the service");
  await ask({ do: "reopen" });
  await ask({ do: "play", scene: "not-known" });
  await has(page.locator(".connection-live"));
  await has(name.filter({ hasText: "Not someone we know" }));
  assert.equal(await page.getByText("Hazelnuts").count(), 0);

  // A second call waits at the end of the list, is announced in the title, and Alt+Down goes to it.
  await ask({ do: "play", scene: "second-call" });
  await has(page.locator(".call-new"));
  await titled("(1 new) Not someone we know");
  await has(name.filter({ hasText: "Not someone we know" }));
  await page.keyboard.press("Alt+ArrowDown");
  await has(page.locator(".call[aria-current]", { hasText: "Number withheld" }));
  await page.locator(".call-new").waitFor({ state: "detached" });
});
