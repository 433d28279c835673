// Runs one check of the page in a real browser: node harness.mjs CHECK LINK [RUN].
// A check is a module whose default export gets { page, open, expect, link, blocked }; what it throws fails it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const [check, link, ...more] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const faults = [];
const foreign = [];
page.on("pageerror", (error) => faults.push(error.message));
page.on("request", (request) => {
  const { protocol, hostname } = new URL(request.url());
  if (protocol.startsWith("http") && !["127.0.0.1", "localhost"].includes(hostname)) foreign.push(request.url());
});
const [base, token] = (link ?? "").split("/#/?token=");

/** Open a state of the page, such as "run/test/0/maps", and wait until it says something. */
async function open(state) {
  await page.goto(`${base}/#/${state}${state.includes("?") ? "&" : "?"}token=${token}`);
  await settled();
}

/** Wait until a view, by default whichever is shown, has said what is seen, and another thing than `before`. */
async function settled(view = "", before = "") {
  await page.waitForFunction(([within, old]) => {
    const shown = document.querySelector(within ? `#view .of-${within}` : "#view");
    const said = shown?.querySelector(".said")?.textContent;
    return shown?.querySelector(".alert") || (said && said !== old && !said.endsWith("…"));
  }, [view, before], { timeout: 60_000 });
}

try {
  const { default: run } = await import(pathToFileURL(check).href);
  await run({ browser, page, open, settled, expect: assert, base, token, more });
  assert.deepEqual(faults, [], "errors in the page");
  assert.deepEqual(foreign, [], "the page asked another machine");
} finally {
  await browser.close();
}
