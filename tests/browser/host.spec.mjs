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
  await page.goto(`file://${files.find((file) => file.endsWith("/trace.html"))}`);
  await page.locator("td a").last().click(); // of a product that leads to what the page does not hold
  await page.getByRole("alert").waitFor();
  await page.getByRole("button", { name: "As it was saved" }).click();
  await page.locator("td a").last().waitFor();
  await page.goto(`file://${files.find((file) => file.endsWith("/layers.html"))}`);
  await page.locator("svg.chart").first().waitFor();
  expect.equal(await page.locator("svg.chart a").count(), 0); // nothing looks like a link where there is none
  await page.goto(`file://${files.find((file) => file.endsWith("/own image.html"))}`);
  await page.waitForFunction(() => document.querySelector(".said")?.textContent.includes("of the 8 × 8 result"));
}
