// Curves of a training that goes on: what is appended is drawn, and a table that a resumed training wrote anew replaces the old.
import { appendFileSync, writeFileSync } from "node:fs";

export default async function ({ page, open, expect, more: [run, folder] }) {
  const [steps, epochs] = ["steps", "epochs"].map((name) => `${folder}/${name}.csv`);
  const row = (step, epoch, loss) => `${step},${epoch},${loss},${loss},0.1,0.9\n`;
  const head = "step,epoch,loss,loss_average,lr,momentum\n";
  writeFileSync(steps, head + row(1, 1, 3) + row(2, 1, 2));
  await open(`${run}/curves`);
  const said = (pattern) => page.waitForFunction((text) => new RegExp(text).test(document.querySelector(".said").textContent), pattern);
  const last = async () => {
    const chart = page.locator("svg.chart[aria-label^='Loss of each step']");
    await chart.focus();
    await page.keyboard.press("End");
    return page.locator(".lines .caption").filter({ hasText: /^step/ }).first().textContent();
  };
  await said("0 epochs, 2 steps; the loss is 2");
  expect.match(await last(), /^step 2: moving average 2/);

  writeFileSync(epochs, "epoch,train_loss,valid_loss\n1,2.5,2.25\n");
  appendFileSync(steps, row(3, 2, 1.5) + "4,2,1"); // its last line is still written
  await said("1 epoch, 3 steps: validation loss 2.25 after the last");
  expect.match(await last(), /^step 3: moving average 1\.5/);

  writeFileSync(steps, head + row(1, 1, 9)); // resumed from the first step
  await said("1 step:");
  expect.match(await last(), /^step 1: moving average 9/);
  const others = await page.locator("figure h2").allTextContents();
  expect.deepEqual(others.filter((title) => title === "Learning rate" || title === "Momentum"), ["Learning rate", "Momentum"]);
}
