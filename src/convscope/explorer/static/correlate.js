// The sum under a window, for the pictures that are played with; the windows are those of geometry.js.
import { Window } from "./geometry.js";

/**
 * Correlate an image with a square kernel. `terms(row, column)` are the products of one number of the result.
 * @param {number[][]} image @param {number[][]} kernel @param {number} stride @param {number} padding @param {number} dilation
 */
export function correlate(image, kernel, stride = 1, padding = 0, dilation = 1) {
  const along = (size) => new Window({ size, kernel: kernel.length, stride, before: padding, after: padding, dilation });
  const [down, across] = [along(image.length), along(image[0].length)];
  const [rows, columns] = [down.outputs, across.outputs];
  const terms = (row, column) =>
    down.positions(row).flatMap((y, i) =>
      across.positions(column).map((x, j) => {
        const inside = y >= 0 && y < image.length && x >= 0 && x < image[0].length;
        return { row: y, column: x, x: inside ? image[y][x] : 0, w: kernel[i][j], inside };
      }));
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (const term of terms(row, column)) sum += term.x * term.w;
      values[row * columns + column] = sum;
    }
  }
  return { rows, columns, values, terms };
}
