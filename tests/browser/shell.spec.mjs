// What stands around the views: the skip link, links without a token or with panels that are not there, dropped files, the way back to a list.
export default async function ({ page, open, settled, expect, base, more: [run] }) {
  await open(`${run}/data`);
  const address = page.url();
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  expect.equal(page.url(), address);
  expect.equal(await page.evaluate(() => document.activeElement.id), "view");

  await page.getByLabel("mistakes only").check();
  await page.waitForFunction(() => location.hash.includes("mistakes=true"));
  await page.locator(".gallery a").first().click();
  await settled("classes");
  await page.getByRole("link", { name: "Examples and mistakes" }).click();
  await settled("data");
  expect.ok(await page.getByLabel("mistakes only").isChecked());

  const note = page.locator("#instead");
  await open(`${run}/data?only=nonsense`);
  expect.match(await note.textContent(), /nonsense.*there are controls, said, drawing.*the whole view/);
  expect.ok(await page.locator(".controls").isVisible());
  await open(`${run}/data?only=drawing,nonsense`);
  expect.ok(await note.isVisible());
  expect.ok(!(await page.locator(".controls").isVisible()));
  await open(`${run}/data?only=drawing`);
  expect.ok(!(await note.isVisible()));

  await open("correlate1d?stride=2");
  await drop(page, "signal.csv", "value\n1\n2\n4\n8\n16\n32\n");
  await page.waitForFunction(() => location.hash.includes("signal=1%2C2%2C4%2C8%2C16%2C32"));
  expect.match(page.url(), /correlate1d.*stride=2/);
  await drop(page, "words.csv", "1,2,three");
  await page.waitForFunction(() => /words.csv is not taken.*three/.test(document.querySelector(".said").textContent));
  await open("transposed");
  await drop(page, "signal.csv", "1\n2\n");
  await page.waitForFunction(() => /signal.csv is no picture/.test(document.getElementById("state").textContent));
  expect.match(page.url(), /transposed/);

  await page.goto("about:blank");
  await page.goto(`${base}/#/${run}/data?token=wrong`);
  const alert = page.locator("#view .alert");
  await alert.waitFor();
  expect.match(await alert.textContent(), /no token, or one of an earlier start/);
}

const drop = (page, name, content) => page.evaluate(([called, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], called, { type: "text/csv" }));
  dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
}, [name, content]);
