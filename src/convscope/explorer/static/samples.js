// Small images and kernels to play with, drawn here by hand or by a formula.

const rows = (text) => text.trim().split("\n").map((line) => [...line.trim()].map((sign) => ({ ".": 0, "-": 0.5, "#": 1 })[sign]));
const grid = (size, value) => Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => value(x, y)));

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
};

/** Square kernels, by what they are called. @type {Record<string, number[][]>} */
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
};
