// The list of examples: chosen by class, by answer and by mistakes, from the bars and by a link.
export default async function ({ page, open, expect, more: [run] }) {
  const count = async () => Number((await page.textContent(".said")).match(/([\d,]+) of them (?:is|are)/)[1].replaceAll(",", ""));
  const answers = () => page.locator(".gallery .answer").allTextContents();
  const changed = (text) => page.waitForFunction((part) => document.querySelector(".said").textContent.includes(part), text);
  await open(`${run}/data`);
  await page.locator(".counts tbody tr").nth(1).waitFor();
  const bars = await page.locator(".counts tbody tr").nth(4).locator("td").allTextContents();
  expect.equal(await page.locator(".counts .share rect").count(), 10 * bars.length);
  await page.locator(".counts button").nth(3).click(); // the class 3
  await changed("of the class 3");
  expect.equal(await count(), Number((await page.locator(".counts tbody tr").nth(4).locator("td").last().textContent()).replaceAll(",", "")));
  expect.ok((await answers()).every((text) => text === "3" || /^answered\s\d \([\d.<> ]+\s%\), is\s3$/.test(text)));
  await page.getByLabel("mistakes only").check();
  await changed("and answered wrongly");
  const wrong = await count();
  expect.equal((await answers()).length, Math.min(48, wrong));
  await page.waitForFunction(() => location.hash.includes("mistakes=true"));
  const link = new URL(page.url()).hash.slice(2);
  await page.goto("about:blank");
  await open(link);
  expect.equal(await count(), wrong);
  await page.getByRole("button", { name: "Show all again" }).click();
  await page.waitForFunction(() => !/of them/.test(document.querySelector(".said").textContent));
  await page.getByLabel("Answer", { exact: true }).selectOption("7");
  await changed("answered with 7");
  expect.ok((await answers()).every((text) => /^(answered\s)?7/.test(text)));
  expect.deepEqual(await page.locator(".matrix .classes li").allTextContents(), Array.from({ length: 10 }, (_, at) => String(at)));
  await page.goto("about:blank");
  await open(`${run}/data?mistakes=true&prediction=7`);
  expect.match(await page.textContent(".said"), /of them (is|are) answered wrongly, with 7\./);
  await page.goto("about:blank");
  await open(`${run}/data?label=no+such+class`);
  expect.match(await page.textContent(".said"), /0 of them are of the class no such class\. Shown: none\./);
  expect.match(await page.locator("#view .instead").textContent(), /class “no such class”.*the classes are 0, 1, 2/);
}
