// Links that nobody would write: what is wrong is said, nothing of the state before stays, and layers stand in order.
export default async function ({ page, open, settled, expect, more: [run, example] }) {
  await open(`${run}/${example}/trace/0/0,1,1`);
  expect.match(await page.locator(".said").textContent(), /sum of/);
  await page.evaluate(() => (location.hash = location.hash.replace(/trace.*/, "trace/nowhere/0")));
  await page.waitForFunction(() => document.querySelector("#view [role=alert]"));
  expect.equal(await page.locator(".said").textContent(), "");
  expect.equal(await page.locator("#view table:visible").count(), 0);
  await page.evaluate(() => (location.hash = location.hash.replace(/trace.*/, "trace/0/0,1,1")));
  await page.waitForFunction(() => !document.querySelector("#view [role=alert]"));
  expect.match(await page.locator(".said").textContent(), /sum of/);

  await open(`${run}/${example}/classes?temperature=-5`);
  expect.doesNotMatch(await page.locator(".said").textContent(), /NaN|temperature/);

  await open(`${run}/${example}/maps`);
  await page.waitForFunction(() => document.querySelectorAll("#view select option").length > 3);
  const layers = await page.getByLabel("Layer", { exact: true }).locator("option").evaluateAll((options) => options.map((each) => each.value));
  const { edges } = await page.evaluate(async (name) => (await fetch(`/api/runs/${name}`, { headers: { "X-Convscope-Token": sessionStorage.getItem("token") } })).json(), run);
  const order = edges.map((node) => node.name).filter((name) => layers.includes(name));
  expect.deepEqual(layers, order);
}
