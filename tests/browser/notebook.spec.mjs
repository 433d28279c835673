// Views in a notebook: a model as a notebook gives it, whose questions the page's server answers as a kernel would.
// Links open other views in the same output, "Back" leads back, and nothing looks like a link that leads nowhere.
import { readFile } from "node:fs/promises";

export default async function ({ page, base, token, expect, more: [layers, data] }) {
  const known = {};
  await page.exposeFunction("answered", async (address) => {
    if (address.startsWith("views/")) return { json: true, body: [...Buffer.from(JSON.stringify({ module: known[address.slice(6)] }))] };
    const response = await fetch(`${base}/api/${address}`, { headers: { "X-Convscope-Token": token } });
    if (!response.ok) return { error: (await response.json()).error };
    return { json: response.headers.get("content-type").includes("json"), body: [...new Uint8Array(await response.arrayBuffer())] };
  });
  await page.goto("about:blank");

  const show = async (file) => {
    const { esm, given, modules } = JSON.parse(await readFile(file, "utf8"));
    Object.assign(known, modules);
    await page.evaluate(shownIn, [esm, given]);
    await said();
  };
  const said = async (before = "") => {
    await page.waitForFunction((old) => {
      const text = document.querySelector(".said")?.textContent;
      return document.querySelector("[role=alert]") || (text && text !== old && !text.endsWith("…"));
    }, before, { timeout: 30_000 });
    expect.deepEqual(await page.locator("[role=alert]").allTextContents(), []);
    return page.textContent(".said");
  };
  const title = () => page.textContent("h1");
  const press = async (locator, wanted) => {
    await locator.click();
    await page.waitForFunction((name) => document.querySelector("h1")?.textContent === name, wanted);
    return said();
  };

  await show(layers);
  expect.equal(await title(), "The network");
  expect.ok(!(await page.getByRole("button", { name: "Back" }).isVisible()));
  const beginning = await page.textContent(".said");
  await press(page.locator("svg a", { has: page.locator("title", { hasText: "convolution" }) }).first(), "Feature maps");
  await press(page.locator("canvas").first(), "One number, opened"); // a place in the large map
  const number = await page.textContent(".said");
  await page.locator("td a").first().click();
  expect.notEqual(await said(number), number); // an operand
  await press(page.getByRole("button", { name: "Back" }), "One number, opened");
  await press(page.getByRole("link", { name: "A map as a sum" }), "A map as a sum");
  for (const wanted of ["One number, opened", "Feature maps", "The network"]) await press(page.getByRole("button", { name: "Back" }), wanted);
  expect.equal(await page.textContent(".said"), beginning);
  await press(page.locator("svg a", { hasText: "what if" }).first(), "What if …");

  await show(data);
  await press(page.locator(".gallery a").nth(2), "The answer");
  await press(page.getByRole("link", { name: "What it rests on" }), "What it rests on");
}

/** Show a widget in the page. */
async function shownIn([esm, held]) {
  const listeners = { "msg:custom": new Set(), "change:state": new Set() };
  const model = {
    get: (name) => held[name],
    set(name, value) {
      held[name] = value;
      for (const listener of [...listeners[`change:${name}`]]) listener();
    },
    save_changes() {},
    on: (event, listener) => listeners[event].add(listener),
    off: (event, listener) => listeners[event].delete(listener),
    async send({ number, address }) {
      const { error, json, body } = await window.answered(address);
      for (const listener of listeners["msg:custom"]) listener({ number, json, error }, error ? [] : [new DataView(new Uint8Array(body).buffer)]);
    },
  };
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  const address = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: view } = await import(address);
  view.render({ model, el });
}
