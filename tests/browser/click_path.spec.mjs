// From a mistake in the list to its answer, a layer, a map, one number, its products, down to a pixel: by clicks alone.
export default async function ({ page, open, settled, expect, more: [run] }) {
  await open("");
  await page.getByLabel("mistakes only").check();
  await settled();
  await page.locator(".gallery a").first().click();
  await settled("classes");
  await page.getByRole("link", { name: "Feature maps" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".maps button").length > 1);
  await page.locator(".maps button").nth(1).click();
  await page.waitForFunction(() => location.hash.includes("channel=1"));
  await page.locator(".plane canvas").first().click({ position: { x: 30, y: 30 } });
  await settled("trace");
  const state = decodeURIComponent(new URL(page.url()).hash);
  expect.match(state, /\/trace\/[^/]+\/1,\d+,\d+/);
  const said = await page.locator(".said").textContent();
  console.log(JSON.stringify({ state, said, products: await page.locator("#view .scroll table tbody tr").first().locator("td").allTextContents() }));
  for (let step = 0; step < 60; step++) {
    const next = page.getByRole("link", { name: "follow the largest product" });
    if (!(await next.count())) break;
    const before = await page.locator(".said").textContent();
    await next.focus();
    await page.keyboard.press("Enter");
    await settled("trace", before);
    await page.waitForFunction(() => document.querySelector("#view .more").contains(document.activeElement)); // who tabs goes on from there
  }
  expect.match(await page.locator(".said").textContent(), /^pixel \(.*a raw pixel/);
  const pixel = await page.locator(".said").textContent();
  await page.goBack();
  await settled("trace", pixel);
  expect.doesNotMatch(await page.locator(".said").textContent(), /^pixel/);
}
