// A map under its three sliders, a method checked on request, curves under a cursor, a map summed up channel by channel.
export default async function ({ page, open, expect, more: [run, example] }) {
  await open(`${run}/${example}/explain?method=ig`);
  const said = page.locator(".said");
  expect.match(await said.textContent(), /^Integrated gradients: what .* rests on/);
  const pixels = () => page.locator(".plane canvas").nth(1).evaluate((canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data].join());
  const before = await pixels();
  await page.getByLabel("Opacity").fill("0");
  expect.equal(await pixels(), await page.locator(".plane canvas").first().evaluate((canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data].join()));
  await page.getByLabel("Opacity").fill("60");
  expect.equal(await pixels(), before);
  await page.getByLabel("Minimum").fill("50");
  expect.notEqual(await pixels(), before);
  await page.waitForFunction(() => location.hash.includes("least=50")); // links are written after a moment
  const check = page.getByRole("button", { name: "Check this method" });
  if (await check.count()) {
    await check.click();
    await check.waitFor({ state: "detached" });
    await page.waitForFunction(() => !document.querySelector(".verdict [role=status]"), undefined, { timeout: 120_000 });
  }
  expect.match(await page.locator(".verdict").textContent(), /random weights/);

  await open(`${run}/curves`);
  const chart = page.locator("svg.chart[tabindex]").first();
  await chart.focus();
  await page.keyboard.press("Home");
  expect.match(await page.locator(".lines .caption").first().textContent(), /^epoch 1: validation [\d.]+, training [\d.]+/);

  await open(`${run}/${example}/components`);
  await page.getByLabel("Convolution").selectOption({ index: 1 });
  await page.waitForFunction(() => document.querySelectorAll(".maps button").length > 1);
  await page.getByRole("button", { name: "Next input channel" }).click();
  expect.match(await said.textContent(), /2 channels of/);
  await page.locator(".maps button").last().click();
  expect.match(await said.textContent(), /PyTorch computed the same but for [\d.]+e−\d/);
}
