// Numbers as places along an axis, and the round numbers that are written beside it.

/** A scale from numbers to pixels and `back`. @param {number} lo @param {number} hi @param {number} from @param {number} to @param {boolean} [log] */
export function scale(lo, hi, from, to, log = false) {
  const [of, back] = log ? [Math.log10, (value) => 10 ** value] : [(value) => value, (value) => value];
  if (!(hi > lo)) [lo, hi] = log ? [lo / 2, lo * 2] : [lo - 0.5, lo + 0.5];
  const [low, high] = [of(lo), of(hi)];
  return {
    lo,
    hi,
    of: (value) => from + ((of(value) - low) / (high - low)) * (to - from),
    back: (pixel) => back(low + ((pixel - from) / (to - from)) * (high - low)),
  };
}

/** Round numbers within a range, about `count` of them. @param {number} lo @param {number} hi @param {number} count @param {boolean} [log] */
export function ticks(lo, hi, count, log = false) {
  if (log) {
    const powers = Array.from({ length: Math.floor(Math.log10(hi)) - Math.ceil(Math.log10(lo)) + 1 }, (_, at) => 10 ** (Math.ceil(Math.log10(lo)) + at));
    if (powers.length > 1) return powers.filter((_, at) => at % Math.ceil(powers.length / (count + 2)) === 0);
  }
  const rough = (hi - lo) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
  const first = Math.ceil(lo / step - 1e-5);
  return Array.from({ length: Math.max(0, Math.floor(hi / step + 1e-5) - first + 1) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}
