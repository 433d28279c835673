// Small images, signals and kernels to play with, drawn here by hand or by a formula.
import { gaussian } from "./correlate.js";

const rows = (text) => text.trim().split("\n").map((line) => [...line.trim()].map((sign) => ({ ".": 0, "-": 0.5, "#": 1 })[sign]));
const field = (height, width, value) => Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => value(x, y)));
const grid = (size, value) => field(size, size, value);
const plateau = (before, length, after) => [before, length, after].flatMap((count, at) => new Array(count).fill(at % 2));

/** Numbers of a normal distribution, the same at every start. */
function normal(seed) {
  let state = seed;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}
const noise = normal(7);

/** Images of rows of numbers between 0 and 1. @type {Record<string, number[][]>} */
export const IMAGES = {
  seven: rows(`
    ............
    .-#########.
    .-#########.
    ........-##.
    .......-##-.
    ......-##-..
    .....-##-...
    .....##-....
    ....-##.....
    ....##-.....
    ....##......
    ............`),
  box: grid(12, (x, y) => (x >= 3 && x <= 8 && y >= 3 && y <= 8 ? 1 : 0)),
  circle: grid(16, (x, y) => Math.max(0, Math.min(1, 6 - Math.hypot(x - 7.5, y - 7.5)))),
  stripes: grid(16, (x) => (Math.floor(x / 3) % 2 ? 1 : 0)),
  ramp: grid(12, (x) => x / 11),
  dot: grid(9, (x, y) => (x === 4 && y === 4 ? 1 : 0)),
  "noisy square": grid(16, (x, y) => (x >= 4 && x <= 9 && y >= 4 && y <= 9 ? 1 : 0) + 0.1 * noise()),
  "black band": field(6, 8, (x) => (x >= 2 && x <= 5 ? 0 : 1)),
  "four points": grid(64, (x, y) => (["12,9", "44,20", "25,38", "51,52"].includes(`${x},${y}`) ? 1 : 0)),
  "falling line": grid(3, (x, y) => (x === y ? 0.9 : 0.1)),
  "rising line": grid(3, (x, y) => (x + y === 2 ? 0.9 : 0.1)),
};

/** Images of red, green and blue. @type {Record<string, number[][][]>} */
export const COLOURS = {
  "three lights": [[12, 11], [20, 11], [16, 19]].map(([cx, cy]) => grid(32, (x, y) => Math.max(0, Math.min(1, 8.5 - Math.hypot(x - cx, y - cy))))),
};

/** Grey pictures of some size, drawn when they are asked for. @type {Record<string, () => number[][]>} */
export const PICTURES = {
  "house": () => {
    const grain = normal(3);
    return grid(128, (x, y) => Math.min(1, Math.max(0, house(x, y) + 0.03 * grain())));
  },
};

/** The grey value at a place of the house, without its grain. */
function house(x, y) {
  if (Math.hypot(x - 100, y - 26) < 14) return 0.97; // the sun
  if (x >= 52 && x < 66 && y >= 84 && y < 108) return 0.16; // the door
  if ((Math.abs(x - 40) < 7 || Math.abs(x - 78) < 7) && Math.abs(y - 78) < 7) return 0.85 - 0.6 * Number(x % 38 === 2 || y === 78); // windows
  if (x >= 28 && x < 90 && y >= 62 && y < 108) return 0.55 + 0.05 * Number(y % 6 === 0); // the wall, of bricks
  if (y >= 34 && y < 62 && Math.abs(x - 59) < (y - 32) * 1.35) return 0.3; // the roof
  return y >= 104 ? 0.4 + 0.08 * Math.sin(x / 3 + (y * y) / 90) : 0.9 - y / 300; // grass, and the sky
}

/** Kernels, by what they are called. @type {Record<string, number[][]>} */
export const KERNELS = {
  "vertical edge": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
  "horizontal edge": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
  "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
  Laplace: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  "mean 3×3": grid(3, () => 1 / 9),
  "Gauss 5×5": grid(5, (x, y) => ([1, 4, 6, 4, 1][x] * [1, 4, 6, 4, 1][y]) / 256),
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  "−1 around 8": grid(3, (x, y) => (x === 1 && y === 1 ? 8 : -1)),
  "edge (1, −1)": [[1, -1]],
  cross: grid(3, (x, y) => (x === 1 || y === 1 ? 1 : 0)),
  "rising line": grid(3, (x, y) => (x + y === 2 ? 0.9 : 0.1)),
};

/** What lectures show: a state of the view, and what to see there. @type {Record<string, {sample: string, kernel: string, at?: number, shown?: string, note: string}>} */
export const EXAMPLES = {
  "edges of a noisy square": { sample: "noisy square", kernel: "−1 around 8", at: 45, note: "16 × 16 numbers become 14 × 14. The answer is large along the square's border alone: where all nine numbers are alike, they cancel." },
  "edges of a black band": { sample: "black band", kernel: "edge (1, −1)", at: 15, note: "1 where white turns black, −1 where black turns white, 0 elsewhere." },
  "four points, a cross each": { sample: "four points", kernel: "cross", at: 507, note: "Each point turns into the kernel, flipped; strict convolution flips it back. A cross looks the same both ways: type another kernel, and try the switch." },
  "a line that matches": { sample: "rising line", kernel: "rising line", note: "3 · 0.9 · 0.9 + 6 · 0.1 · 0.1 = 2.49. The lecture that this is from says 2.43: it leaves out the six small products." },
  "its mirror image": { sample: "falling line", kernel: "rising line", note: "0.9 · 0.9 + 4 · 0.9 · 0.1 + 4 · 0.1 · 0.1 = 1.21, half of what the line that matches gets." },
  "colours by components": { sample: "three lights", kernel: "1,0,-1;1,0,-1;1,0,-1|1,1,1;0,0,0;-1,-1,-1|0,1,0;1,-4,1;0,1,0", at: 485, note: "Each colour is correlated with a kernel of its own. The three components and the bias sum to the map, number by number." },
  "im2col of 3 × 32 × 32": { sample: "three lights", kernel: "Gauss 5×5", at: 404, shown: "im2col", note: "3 · 5 · 5 numbers under each of 28 × 28 windows: a matrix of 75 × 784." },
};

/** Signals, by what they are called. @type {Record<string, number[]>} */
export const SIGNALS = {
  "20 zeros, 20 ones, 20 zeros": plateau(20, 20, 20),
  "10 zeros, 5 ones, 10 zeros": plateau(10, 5, 10),
  "a pulse": plateau(7, 1, 7),
  "a wave with noise": Array.from({ length: 60 }, (_, i) => Number((Math.sin(i / 4) + 0.2 * noise()).toFixed(2))),
};

/** Kernels for signals, by what they are called. @type {Record<string, number[]>} */
export const SIGNAL_KERNELS = {
  "five ones": [1, 1, 1, 1, 1],
  "Gaussian, 5 long, σ = 2": gaussian(2, 2),
  "(−1, −1, 0, 1, 1)": [-1, -1, 0, 1, 1],
  "(−1, 1)": [-1, 1],
};
