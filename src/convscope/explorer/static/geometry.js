// Windows as integers along one axis: the arithmetic of geometry.py once more, for what moves under a slider.

const modulo = (a, b) => ((a % b) + b) % b;

/** An axis of `size` places under a kernel: what a window and its transpose share. */
class Axis {
  /** @param {{size: number, kernel: number, stride?: number, before?: number, after?: number, dilation?: number}} given */
  constructor({ size, kernel, stride = 1, before = 0, after = 0, dilation = 1 }) {
    this.size = size;
    this.kernel = kernel;
    this.stride = stride;
    this.before = before;
    this.after = after;
    this.dilation = dilation;
  }

  /** How many positions one kernel spans, holes included. */
  get reach() {
    return this.dilation * (this.kernel - 1) + 1;
  }
}

/** A kernel sliding along an axis of `size` inputs, `before` and `after` padded; `ceil` lets the last window hang over. */
export class Window extends Axis {
  /** @param {{size: number, kernel: number, stride?: number, before?: number, after?: number, dilation?: number, ceil?: boolean}} given */
  constructor({ ceil = false, ...given }) {
    super(given);
    this.ceil = ceil;
  }

  /** How many windows there are. */
  get outputs() {
    const room = this.size + this.before + this.after - this.reach;
    const count = (this.ceil ? Math.ceil(room / this.stride) : Math.floor(room / this.stride)) + 1;
    const hangsOut = this.ceil && (count - 1) * this.stride >= this.size + this.before;
    return Math.max(0, count - (hangsOut ? 1 : 0));
  }

  /** The position of a window's first element; negative in the padding before the input. */
  start(output) {
    return output * this.stride - this.before;
  }

  /** The positions that one window covers; those outside 0..size-1 are padding. */
  positions(output) {
    return Array.from({ length: this.kernel }, (_, k) => this.start(output) + k * this.dilation);
  }

  /** The inputs that feed one output. */
  inputs(output) {
    return this.positions(output).filter((i) => i >= 0 && i < this.size);
  }

  /** The outputs that one input feeds. */
  outputsOf(index) {
    const outputs = [];
    for (let k = 0; k < this.kernel; k++) {
      const start = index + this.before - k * this.dilation;
      const output = start / this.stride;
      if (modulo(start, this.stride) === 0 && output >= 0 && output < this.outputs) outputs.push(output);
    }
    return outputs.sort((a, b) => a - b);
  }

  /** The inputs that no window covers. */
  get dropped() {
    const seen = new Set();
    for (let output = 0; output < this.outputs; output++) for (const i of this.inputs(output)) seen.add(i);
    return Array.from({ length: this.size }, (_, i) => i).filter((i) => !seen.has(i));
  }
}

/** The transpose of a `Window`: each of `size` inputs writes `kernel` outputs, `stride` apart; `extra` at the far end. */
export class Spread extends Axis {
  /** @param {{size: number, kernel: number, stride?: number, before?: number, after?: number, dilation?: number, extra?: number}} given */
  constructor({ extra = 0, ...given }) {
    super(given);
    this.extra = extra;
  }

  /** How many outputs there are. */
  get outputs() {
    return (this.size - 1) * this.stride + this.reach - this.before - this.after + this.extra;
  }

  /** The inputs that feed one output. */
  inputs(output) {
    const inputs = [];
    for (let k = 0; k < this.kernel; k++) {
      const start = output + this.before - k * this.dilation;
      const input = start / this.stride;
      if (modulo(start, this.stride) === 0 && input >= 0 && input < this.size) inputs.push(input);
    }
    return inputs.sort((a, b) => a - b);
  }
}

/** The padding [before, after] that leaves ⌈size / stride⌉ outputs; an odd one goes after. */
export function samePadding(size, kernel, stride, dilation) {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
