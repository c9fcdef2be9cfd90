// A browser in front of a running desk, and a line to the test that started both.
//
// Each request is a line of JSON on stdout, each answer one on stdin. The flags keep Chromium off the network.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Asks the test: `{ do: "play", scene }`, `{ do: "judge", calls }`, `{ do: "commands" }`, `{ do: "drop" }`, `{ do: "reopen" }`. */
export async function ask(request) {
  process.stdout.write(`${JSON.stringify(request)}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error("the test is gone");
  return JSON.parse(value);
}

// A line that nobody waits on must not keep the script alive.
process.stdin.unref();
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Runs `story(page)` in a fresh Chromium. A word on the console of the page is a failure: CSP speaks there. */
export async function withPage(options, story) {
  const profile = mkdtempSync(join(tmpdir(), "regulars-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM,
    args: FLAGS,
    headless: true,
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(20_000);
    const complaints = [];
    page.on("console", (message) => {
      const lostOnPurpose = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !lostOnPurpose) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await story(page);
    if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join(" | ")}`);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** Opens the page as an agent who has worked here before. */
export async function open(page, { agent = "Sam", path = "/" } = {}) {
  await page.addInitScript((name) => {
    localStorage.setItem("agent", localStorage.getItem("agent") ?? name);
  }, agent);
  await page.goto(process.env.DESK_URL + path);
  await page.locator(".connection-live").waitFor();
}

/** The card of `scene` in place of whatever was there. */
export async function play(page, scene, headline) {
  await ask({ do: "play", scene: "closed" });
  await page.locator(".person").waitFor({ state: "detached" });
  await ask({ do: "play", scene });
  if (headline) await page.locator(".name", { hasText: headline }).first().waitFor();
}
