// A file of one's own as an example of the run: its link says that it stays here, and takes the same file, or says that it is another.
import { createHash } from "node:crypto";
import { bitmap } from "./own_picture.spec.mjs";

export default async function ({ page, open, settled, expect, more: [run] }) {
  const file = (shade) => ({ name: "digit.bmp", mimeType: "image/bmp", buffer: bitmap(8, 8, (y, x) => new Array(3).fill(shade * ((x + y) % 2))) });
  const handle = createHash("sha256").update(file(200).buffer).digest("hex").slice(0, 16);
  const bar = page.locator(".own-example");
  await open(`${run}/own/${handle}/classes`); // as somebody's who was sent the link
  expect.match(await page.locator("#view .alert").textContent(), /stays on the machine where it was given.*drop the same file/);
  expect.match(await bar.textContent(), /stays on this machine/);

  await bar.locator("input").setInputFiles(file(200));
  await page.waitForFunction(() => document.querySelector("#view .said")?.textContent.includes("%"));
  expect.equal(await page.locator("#view .alert").count(), 0);
  expect.equal(await page.textContent("#state"), "");
  expect.match(await page.textContent("#where"), /an example of your own/);

  await open(`${run}/own/0123456789abcdef/classes`);
  await bar.locator("input").setInputFiles(file(100));
  await settled("classes");
  await page.waitForFunction(() => document.querySelector("#state").textContent.includes("another file"));
  expect.doesNotMatch(page.url(), /0123456789abcdef/);

  await open(`${run}/data`);
  expect.equal(await bar.count(), 0);
  await page.getByLabel("A file of your own").setInputFiles({ name: "digit.csv", mimeType: "text/csv", buffer: Buffer.from("1,2") });
  await page.waitForFunction(() => document.querySelector("#view .alert"));
  expect.match(await page.locator("#view .alert").textContent(), /^digit\.csv/);
}
