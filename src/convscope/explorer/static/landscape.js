// A picture to look at fields on: drawn by a formula, so that it can be given away with the page.

const SIDE = 256;

/** A landscape of red, green, blue bytes. @returns {{rows: number, columns: number, pixels: Uint8ClampedArray}} */
export function landscape() {
  const pixels = new Uint8ClampedArray(SIDE * SIDE * 3);
  const hill = (x, height, size, shift) => height + size * Math.sin(x / 31 + shift) + 0.4 * size * Math.sin(x / 11 + 2 * shift);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const grain = ((Math.imul(Math.imul(x, 374761393) ^ Math.imul(y, 668265263), 1274126177) >>> 20) & 15) - 8;
      let colour = [120 + y / 3, 165 + y / 4, 215];
      const sun = Math.hypot(x - 196, y - 52);
      if (sun < 24) colour = [255, 236, 170];
      else if (sun < 60) colour = colour.map((each, c) => each + ((60 - sun) / 60) * [70, 40, -20][c]);
      if (y > hill(x, 118, 16, 1)) colour = [110, 130, 150];
      if (y > hill(x, 150, 12, 3)) colour = [78, 122, 74];
      if (y > hill(x, 186, 8, 5)) colour = [112, 148, 66];
      if (y > 150 && y < 206 && x > 60 && x < 118) colour = [196, 158, 120];
      if (y > 118 && y <= 150 && Math.abs(x - 89) < (y - 118) * 1.25) colour = [150, 62, 48];
      if (y > 168 && y < 206 && x > 80 && x < 96) colour = [84, 58, 42];
      if (y > 164 && y < 180 && x > 101 && x < 112) colour = [238, 226, 150];
      for (const [left, top, radius] of [[170, 170, 22], [214, 188, 17], [30, 186, 14]]) {
        if (Math.abs(x - left) < 4 && y > top && y < top + 2.2 * radius) colour = [88, 62, 44];
        if (Math.hypot(x - left, y - top) < radius + 2 * Math.sin(5 * Math.atan2(y - top, x - left))) colour = [46, 96, 54];
      }
      pixels.set(colour.map((each) => each + grain), 3 * (y * SIDE + x));
    }
  }
  return { rows: SIDE, columns: SIDE, pixels };
}
