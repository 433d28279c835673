// A picture and a kernel of one's own: read in the browser, without the server; typed cell by cell, and kept in the link.

/** A bitmap file of a height and width, whose bytes of blue, green and red a function gives. */
export function bitmap(height, width, colour) {
  const line = Math.ceil((3 * width) / 4) * 4;
  const file = Buffer.alloc(54 + line * height);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  for (const [at, value] of [[10, 54], [14, 40], [18, width], [22, height]]) file.writeUInt32LE(value, at);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) file.set(colour(height - 1 - y, x), 54 + y * line + 3 * x); // from below
  return file;
}

export default async function ({ page, open, settled, expect }) {
  await open("correlate2d?kernel=identity");
  const choose = async (name, buffer) => {
    const before = await page.textContent(".said");
    await page.getByLabel("A picture of your own").setInputFiles({ name, mimeType: "image/bmp", buffer });
    await settled("correlate2d", before);
  };
  const rows = () => page.locator("details table tbody tr").allInnerTexts().then((all) => all.map((row) => row.split("\t")));
  await page.locator("summary").click();

  await page.context().setOffline(true); // nothing of it is sent
  const bytes = (y, x) => (37 * y + 11 * x) % 256;
  await choose("grey.bmp", bitmap(128, 96, (y, x) => new Array(3).fill(bytes(y, x))));
  expect.match(await page.textContent(".note"), /grey\.bmp, brought from 128 × 96 to 64 × 48 pixels/);
  expect.match(await page.textContent(".said"), /of the 62 × 46 result/);
  for (const [row, column, shown] of await rows()) {
    const [y, x] = [2 * Number(row), 2 * Number(column)];
    const mean = (bytes(y, x) + bytes(y, x + 1) + bytes(y + 1, x) + bytes(y + 1, x + 1)) / 4 / 255;
    expect.ok(Math.abs(Number(shown) - mean) < 5e-5, `${row}, ${column}: ${shown}, expected ${mean}`);
  }

  await choose("colour.bmp", bitmap(5, 4, () => [51, 102, 255]));
  expect.match(await page.textContent(".said"), /of the 3 × 2 result: 27 products give red 1 \+ green 0\.4 \+ blue 0\.2 = 1\.6/);
  await choose("torn.bmp", Buffer.from("BM nothing more"));
  expect.match(await page.textContent(".said"), /torn\.bmp is no picture that this browser can read/);

  const drop = (height, width) => page.evaluate(([name, bytes]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/bmp" }));
    document.querySelector("#view").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, ["dropped.bmp", [...bitmap(height, width, (y, x) => new Array(3).fill(bytes(y, x)))]]);
  await drop(20, 30); // anywhere on the page is as good as the field
  await page.waitForFunction(() => document.querySelector(".note")?.textContent.includes("dropped.bmp, 20 × 30 pixels, as they are"));
  expect.match(await page.textContent(".said"), /of the 18 × 28 result/);
  await page.context().setOffline(false);

  const title = (name) => page.waitForFunction((wanted) => document.querySelector("h1")?.textContent === wanted, name);
  const go = async (name, shown) => {
    await page.getByRole("link", { name, exact: true }).click();
    await title(name);
    await page.waitForFunction((words) => document.querySelector("#view").textContent.includes(words), shown);
  };
  await go("Pooling", "dropped.bmp, 20 × 30 pixels"); // it stays for the other views
  await go("Blur and Canny", "of 600 are edges in the end");
  await go("Receptive field", "of 600 (");
  await go("Sizes and costs", "layer");
  await drop(9, 9); // a view of no picture: the walk over it
  await title("Convolution in 2-D");
  await page.waitForFunction(() => document.querySelector(".said").textContent.includes("of the 7 × 7 result"));

  await open("correlate2d?sample=dot&kernel=identity&at=16");
  await page.getByLabel("Kernel, row 0, column 0").focus();
  for (const text of ["-2.5", "7"]) {
    await page.keyboard.press("Control+A");
    await page.keyboard.type(text);
    await page.keyboard.press("Tab"); // the focus stays in the kernel while the result changes
  }
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes("kernel=-2.5,7,0;0,1,0;0,0,0"));
  await page.locator("[aria-label^=Result]").focus();
  for (const key of ["ArrowDown", "ArrowRight", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key); // from row 2, column 2
  expect.match(await page.textContent(".said"), /Row 4, column 4 of the 7 × 7 result: 9 products sum to −2\.5\./); // the dot is at row 4, column 4
}
