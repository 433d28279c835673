// The server is killed under an open page and started again: the page says so, and goes on where it was.
import { spawn } from "node:child_process";
import { once } from "node:events";

const start = async (python, run, port) => {
  const server = spawn(python, ["-m", "convscope", "explore", run, "--no-open", "--port", port], { env: { ...process.env, COLUMNS: "300" } });
  const [line] = await once(server.stdout, "data");
  return { server, link: String(line).split(/\s/)[1] };
};

export default async function ({ page, settled, expect, more: [python, run] }) {
  const first = await start(python, run, "0");
  await page.goto(first.link);
  await settled();
  const port = new URL(first.link).port;
  first.server.kill("SIGKILL");
  await once(first.server, "exit");
  await page.getByLabel("mistakes only").check();
  await page.waitForFunction(() => document.getElementById("state").textContent.includes("has gone"));
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.evaluate(() => (location.hash = location.hash.replace("/data", "/curves"))); // of a view that was not opened before
  const alert = page.locator("#view [role=alert]");
  await alert.waitFor();
  expect.match(await alert.textContent(), /server of this page was stopped/);
  expect.ok(await alert.evaluate((each) => each.getBoundingClientRect().top >= 0 && each.getBoundingClientRect().bottom <= innerHeight));
  const second = await start(python, run, port);
  await page.waitForFunction(() => !document.getElementById("state").textContent, undefined, { timeout: 30_000 });
  await page.waitForFunction(() => !document.querySelector("#view [role=alert]") && /epoch/.test(document.querySelector(".said")?.textContent));
  await page.goBack();
  await page.waitForFunction(() => /answered wrongly/.test(document.querySelector(".said")?.textContent));
  second.server.kill();
}
