// A supervisor looks at how often the card was right: without calls, with few, with many, and without the service.

import assert from "node:assert/strict";
import { ask, withPage } from "./driver.mjs";
import { faults, picture } from "./picture.mjs";

await withPage({}, async (page) => {
  const has = (text) => page.getByText(text).first().waitFor();
  const whole = { whole: true };
  await page.goto(process.env.DESK_URL);
  await page.getByRole("link", { name: "How often the card was right" }).click();
  await has("No call of the last 90 days has been judged.");
  await picture(page, "supervisor-empty", whole);

  // What is judged shows by itself.
  await ask({ do: "judge", calls: 9 });
  await has("9 calls were judged by the agents.");
  await has("Too few comparisons for this curve");
  await picture(page, "supervisor-few", whole);

  await ask({ do: "judge", calls: 260 });
  await ask({ do: "calibrate" });
  await has("260 calls were judged by the agents.");
  await has("the next start of the service takes up the new one");
  await page.locator(".plot-curve").waitFor();
  await picture(page, "supervisor-many", whole);

  // The period by keys alone, and the address keeps it.
  await page.getByLabel("90 days").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await has("168 calls were judged by the agents.");
  assert.equal(new URL(page.url()).search, "?days=7");
  await page.getByLabel("Show").selectOption("Wideband lines");
  await has("Too few comparisons for this curve");

  // Without the service the last figures stay, with their time.
  await ask({ do: "drop" });
  await page.getByRole("alert").filter({ hasText: "The service does not answer. What you see is as of" }).waitFor();
  await has("168 calls were judged by the agents.");
  await picture(page, "supervisor-lost");
});
assert.deepEqual(faults, [], "axe-core found faults");
