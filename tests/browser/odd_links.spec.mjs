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

  const instead = async (link, sentence) => {
    await open(link);
    await page.waitForFunction(() => document.querySelector("#view .instead:not([hidden])"));
    expect.match(await page.locator("#view .instead").textContent(), sentence);
  };
  await instead("correlate2d?stride=99", /stride 99.*from 1 to 16\. Shown is stride 16/);
  await instead("correlate1d?stride=0", /stride 0.*Shown is stride 1/);
  await instead("reach?layers=nonsense,c1k3", /“nonsense”.*Shown is c1k1,c1k3/);
  await instead("arithmetic?layers=c1k3,q9&input=big", /“q9”.*input “big”.*Shown is 1x8x8/);
  await instead(`${run}/curves?beside=nobody`, /“nobody”.*open are digits run.*Shown is digits run/);
  await instead(`${run}/${example}/components?channel=999`, /map 999.*Shown is map/);
  await instead(`${run}/${example}/components?input=999`, /input channel 999.*Shown is input channel/);
  await instead(`${run}/data?from=999999`, /examples from 1,000,000 on.*there are 359/);
  expect.match(await page.locator(".said").textContent(), /Shown: 337 to 359/);
  await page.getByRole("button", { name: "Previous" }).click();
  await page.waitForFunction(() => document.querySelector(".said").textContent.includes("289 to 336"));
  expect.equal(await page.locator("#view .instead:visible").count(), 0);
}
