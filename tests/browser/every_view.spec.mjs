// Every view, light and dark, narrow and wide: it says what is seen, fits the screen, and has no fault of access.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export default async function ({ page, open, expect, more: [run, example] }) {
  await open("");
  const views = await page.evaluate(async () => Object.entries((await import("/static/views.js")).VIEWS).map(([name, { needs }]) => ({ name, needs })));
  expect.ok(views.length >= 5);
  const faults = [];
  for (const { name, needs } of views) {
    const state = { nothing: name, run: `${run}/${name}`, image: `${run}/${example}/${name}` }[needs];
    for (const [colorScheme, width] of [["light", 1280], ["dark", 360]]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.goto("about:blank");
      await open(state);
      const alert = page.locator("#view [role=alert]");
      if (await alert.count()) faults.push(`${name}: ${await alert.first().textContent()}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) faults.push(`${name} at ${width}: ${over} pixels too wide`);
      if (width === 360) { // and the narrowest that there is
        await page.setViewportSize({ width: 320, height: 800 });
        const more = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (more > 0) faults.push(`${name} at 320: ${more} pixels too wide`);
      }
      const violations = await page.evaluate(`(() => { ${axe}; return axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 120))); })()`);
      faults.push(...violations.map((text) => `${name}, ${colorScheme}: ${text}`));
    }
  }
  expect.deepEqual(faults, []);
}
