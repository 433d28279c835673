// How long the page takes, measured in it: printed as rows [figure, value, unit, bar]. Run by bench/explorer.py.
const CLICKS = 60;

export default async function ({ browser, page, open, settled, base, token, more: [which] }) {
  const rows = [];
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const ninetyFifth = (values) => values.sort((a, b) => a - b)[Math.floor(values.length * 0.95)];
  const [{ name: run }] = await page.goto(base).then(() => page.evaluate(async (key) => (await (await fetch("/api/runs", { headers: { "X-Convscope-Token": key } })).json()).runs, token));
  const encoded = encodeURIComponent(run);

  if (which === "large") {
    await open(`${encoded}/layers`);
    const laidOut = await page.evaluate(async ([key, name]) => {
      const { layout } = await import("/static/draw/graph.js");
      const { edges } = await (await fetch(`/api/runs/${name}`, { headers: { "X-Convscope-Token": key } })).json();
      const began = performance.now();
      layout(edges);
      return performance.now() - began;
    }, [token, encoded]);
    rows.push(["a network of 152 layers laid out", laidOut, "ms", 200]);
    console.log(JSON.stringify(rows));
    return;
  }

  const cold = await browser.newContext();
  const fresh = await cold.newPage();
  let requests = 0;
  fresh.on("response", () => (requests += 1));
  const began = Date.now();
  await fresh.goto(`${base}/#/correlate2d?token=${token}`);
  await fresh.waitForFunction(() => document.querySelector("#view .said")?.textContent);
  rows.push(["a view that needs no network, until it is usable", (Date.now() - began) / 1000, "s", 3]);
  rows.push(["first paint", await fresh.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime), "ms", 300]);
  rows.push(["requests of the first view", requests, "", 25]);

  const slides = await fresh.evaluate(async () => {
    const slider = [...document.querySelectorAll("input[type=range]")].find((each) => each.labels[0].textContent.startsWith("Padding"));
    const times = [];
    for (let at = 0; at < 60; at++) {
      slider.value = String(at % 4);
      const start = performance.now();
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      times.push(performance.now() - start);
      await new Promise(requestAnimationFrame);
    }
    return times;
  });
  rows.push(["a frame of a slider, median", median(slides), "ms", 16]);
  await cold.close();

  await page.goto("about:blank");
  await open(`${encoded}/data`);
  const example = await page.locator(".gallery a").first().getAttribute("href");
  const [, , split, row] = example.split("/");
  const first = Date.now();
  await open(`${encoded}/${split}/${row}/maps`);
  rows.push(["first forward of an image, until its maps are drawn", (Date.now() - first) / 1000, "s", 1.5]);

  const clicks = await page.evaluate(async ([name, image, key, count]) => {
    const { values } = await (await fetch(`/api/runs/${name}`, { headers: { "X-Convscope-Token": key } })).json().then((values) => ({ values }));
    const layers = values.edges.filter((node) => node.op === "correlate" && node.shape.length === 4);
    const times = [];
    for (let at = 0; at < count; at++) {
      const layer = layers[at % layers.length];
      const [, channels, height, width] = layer.shape;
      const place = [(7 * at) % channels, (3 * at) % height, (5 * at) % width].join(",");
      const start = performance.now();
      location.hash = `#/${name}/${image}/trace/${encodeURIComponent(layer.name)}/${place}`;
      const wanted = `${layer.name} (${place.replaceAll(",", ", ")})`;
      while (!document.querySelector("#view .said")?.textContent.startsWith(wanted)) await new Promise((done) => setTimeout(done, 1));
      times.push(performance.now() - start);
    }
    return times;
  }, [encoded, `${split}/${row}`, token, CLICKS]);
  rows.push(["click until the products are drawn, median", median(clicks), "ms", 60], ["the same, 95th percentile", ninetyFifth(clicks), "ms", 100]);

  const painted = await page.evaluate(async () => {
    const { painted: paint } = await import("/static/draw/plane.js");
    const values = Float32Array.from({ length: 56 * 56 }, (_, at) => Math.sin(at));
    const start = performance.now();
    for (let map = 0; map < 256; map++) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 56;
      canvas.getContext("2d").putImageData(paint({ rows: 56, columns: 56, values, lo: -1, hi: 1 }), 0, 0);
    }
    return performance.now() - start;
  });
  rows.push(["256 maps of 56 × 56 painted", painted, "ms", 50]);
  await settled();
  console.log(JSON.stringify(rows));
}
