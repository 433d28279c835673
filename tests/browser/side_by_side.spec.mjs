// Two methods on one image, each with its verdict; maps with the numbers of trace in their cells; what a link asks for and is not there.
export default async function ({ page, open, settled, expect, more: [run, example] }) {
  const said = page.locator(".said");
  await open(`${run}/${example}/explain?method=gradient,ig&most=80`);
  expect.match(await said.textContent(), /^Gradient: what .* Integrated gradients: what /);
  expect.deepEqual(await page.locator(".verdict h2").allTextContents(), ["Can Gradient be believed?", "Can Integrated gradients be believed?"]);
  const pixels = () => page.locator(".plane canvas").evaluateAll((all) => all.map((canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data].join()));
  const before = await pixels();
  expect.equal(before.length, 5); // the example, and of each method a map over it and one alone
  await page.getByLabel("Opacity").fill("10");
  const after = await pixels();
  expect.deepEqual(before.map((each, at) => each !== after[at]), [false, true, false, true, false]); // one slider for both
  await page.getByText("As a table").click();
  await page.locator(".twin tbody tr").first().waitFor();
  expect.deepEqual([...new Set(await page.locator(".twin tbody td:first-child").allTextContents())], ["Gradient", "Integrated gradients"]);
  await page.getByLabel("Beside it").selectOption("nothing");
  await page.waitForFunction(() => location.hash.includes("method=gradient&") || location.hash.endsWith("method=gradient"));
  await page.waitForFunction(() => document.querySelectorAll(".verdict").length === 1);

  await open(`${run}/${example}/explain?method=gradient,ig&only=drawing`);
  expect.equal(await page.locator(".controls").isVisible() || await page.locator(".verdict").first().isVisible(), false);
  expect.equal(await page.locator(".drawing").isVisible(), true);

  await page.goto("about:blank");
  await open(`${run}/${example}/explain?method=gradcamm,ig`);
  expect.match(await page.locator(".instead").textContent(), /asks for method gradcamm,ig.*did you mean 'gradcam'.*Shown is .* by Grad-CAM/);

  await page.goto("about:blank");
  await open(`${run}/${example}/maps/nowhere?channel=99`);
  expect.match(await page.locator(".instead").textContent(), /asks for layer “nowhere”.*the network has .*Shown is layer .*asks for map 99.*the maps 0 to \d+\. Shown is map \d+/);
  await page.locator(".maps button").first().click();
  await page.waitForFunction(() => /\): −?\d/.test(document.querySelector(".drawing .caption.number").textContent)); // the number itself
  const reading = await page.locator(".drawing .caption.number").textContent();
  const [, node, at, number] = reading.match(/^(\S+) \(([\d, ]+)\): (\S+)$/);
  await page.locator(".plane").first().focus();
  await page.keyboard.press("Enter");
  await settled("trace");
  expect.ok((await said.textContent()).startsWith(`${node} (${at}) = `));
  expect.ok((await said.textContent()).includes(` has ${number}.`), `${await said.textContent()} should hold ${number}`);
}
