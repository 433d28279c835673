// The points of a class are marked by its line in the legend, and by a link; another click marks none.
export default async function ({ page, open, expect, more: [run] }) {
  await open(`${run}/embedding`);
  expect.ok(!(await page.getByLabel("Points", { exact: true }).isVisible())); // images are all that there is to choose
  const points = page.locator(".cloud .point");
  const legend = page.locator(".point-legend button");
  expect.equal(await legend.count(), 10);
  const told = await legend.nth(3).textContent();
  expect.match(told, /^ 3: [\d,]+$/);
  const fills = await page.locator(".point-legend path").evaluateAll((all) => all.map((each) => getComputedStyle(each).fill));
  expect.equal(new Set(fills).size, 10);
  await legend.nth(3).click();
  expect.equal(await page.locator(".cloud .point.on").count(), Number(told.split(": ")[1]));
  await page.waitForFunction(() => location.hash.includes("group=3"));
  expect.equal(await legend.nth(3).getAttribute("aria-pressed"), "true");
  const opacities = await points.evaluateAll((all) => all.map((each) => [each.classList.contains("on"), Number(getComputedStyle(each).opacity)]));
  expect.ok(opacities.every(([on, opacity]) => (on ? opacity === 1 : opacity < 0.5)));
  await open(`${run}/embedding?group=7`);
  expect.equal(await legend.nth(7).getAttribute("aria-pressed"), "true");
  await legend.nth(7).click();
  expect.equal(await page.locator(".cloud .point.on").count(), 0);
}
