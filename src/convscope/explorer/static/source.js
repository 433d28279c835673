// Where answers come from: the server of the page, the kernel of a notebook, or what is embedded in a saved page.

const MOST_BYTES = 64 * 2 ** 20; // of answers that are kept

/** @typedef {{values: any, arrays: Record<string, {shape: number[], data: any}>}} Answer */

/**
 * A source of answers: `get("runs")`, or `get("runs/R/maps/test:1", {node})`. Equal questions are asked once.
 * @param {import("./state.js").Model} model
 * @returns {{get: (path: string, options?: Record<string, any>) => Promise<Answer>}}
 */
export function sourceOf(model) {
  if (model.source) return model.source;
  const ask = model.request ? fromPage(model) : model.get("embedded") ? fromEmbedded(model) : fromKernel(model);
  const kept = new Map();
  let bytes = 0;
  return {
    async get(path, options = {}) {
      const query = new URLSearchParams(Object.entries(options).filter(([, value]) => value !== "" && value != null)).toString();
      const address = query ? `${path}?${query}` : path;
      if (kept.has(address)) return kept.get(address);
      const { buffer, isJson } = await ask(address);
      const answer = isJson ? { values: JSON.parse(new TextDecoder().decode(buffer)), arrays: {} } : unpack(buffer);
      if (buffer.byteLength < MOST_BYTES && !path.endsWith("history") && path !== "runs") {
        if ((bytes += buffer.byteLength) > MOST_BYTES) {
          kept.clear();
          bytes = buffer.byteLength;
        }
        kept.set(address, answer);
      }
      return answer;
    },
  };
}

/** Words of an address, each in a form in which it can stand between slashes. @param {...string} words */
export const path = (...words) => words.map(encodeURIComponent).join("/");

const TYPES = { U8: Uint8Array, I32: Int32Array, F32: Float32Array, F64: Float64Array, I64: BigInt64Array };

/** The arrays and plain values of a safetensors file. @param {ArrayBuffer} buffer @returns {Answer} */
export function unpack(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = /** @type {Record<string, {shape: number[], data: any}>} */ ({});
  const { __metadata__: metadata, ...tensors } = header;
  for (const [name, { dtype, shape, data_offsets: [first, end] }] of Object.entries(tensors)) {
    arrays[name] = { shape, data: new TYPES[dtype](buffer.slice(8 + length + first, 8 + length + end)) };
  }
  return { values: JSON.parse(metadata?.json ?? "{}"), arrays };
}

function fromPage(model) {
  return async (address) => {
    const response = await model.request(address);
    if (!response.ok) {
      const text = await response.text();
      let said = text;
      try {
        said = JSON.parse(text).error;
      } catch {
        /* a refusal is plain text */
      }
      throw new Error(said);
    }
    return { buffer: await response.arrayBuffer(), isJson: response.headers.get("content-type")?.includes("json") };
  };
}

function fromKernel(model) {
  const waiting = new Map();
  let number = 0;
  model.on("msg:custom", (message, buffers = []) => {
    const pending = waiting.get(message.number);
    if (!pending) return;
    waiting.delete(message.number);
    if (message.error) return pending.fail(new Error(message.error));
    const view = buffers[0];
    pending.done({ buffer: view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength), isJson: message.json });
  });
  return (address) =>
    new Promise((done, fail) => {
      waiting.set(++number, { done, fail });
      model.send({ number, address });
    });
}

function fromEmbedded(model) {
  return async (address) => {
    const found = model.get("embedded")[address];
    if (!found) throw new Error("this page was saved without that: open it with convscope explore, or in a notebook");
    const packed = Uint8Array.from(atob(found.body), (letter) => letter.charCodeAt(0));
    const opened = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return { buffer: await new Response(opened).arrayBuffer(), isJson: found.json };
  };
}
