// Saved pages and joined modules of every view, without any server: they draw, ask nobody, and their sliders live.
export default async function ({ page, expect, more: files }) {
  await page.route("http**", (route) => route.abort());
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  for (const file of files) {
    await page.goto(`file://${file}`);
    await page.waitForFunction(() => document.querySelector(".said")?.textContent && !document.querySelector(".said").textContent.endsWith("…"), undefined, { timeout: 20_000 });
    const alerts = await page.locator("[role=alert]").allTextContents();
    if (alerts.length) faults.push(`${file}: ${alerts}`);
    const before = await page.locator(".said").textContent();
    const next = page.getByRole("button", { name: /^Next (window|number|step)/ });
    if (await next.count()) {
      await next.first().click();
      const after = await page.locator(".said").textContent();
      if (before === after) faults.push(`${file}: a step changes nothing`);
    }
  }
  expect.deepEqual(faults, []);
}
