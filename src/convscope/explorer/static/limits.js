// Numbers of a link that lie outside what a view can show.
import { missing } from "./words.js";

/** Whole numbers of a link within limits: those that are taken, and what is said of the others. @template {Record<string, any>} T @param {T} asked @param {Record<string, [number, number]>} limits @returns {{taken: T, said: string[]}} */
export function within(asked, limits) {
  const taken = Object.fromEntries(Object.entries(limits).map(([name, [least, most]]) => [name, Math.min(most, Math.max(least, Math.round(asked[name])))]));
  const others = Object.keys(limits).filter((name) => taken[name] !== asked[name]);
  return { taken: { ...asked, ...taken }, said: others.map((name) => missing(`${name} ${asked[name]}`, `it goes from ${limits[name].join(" to ")}`, `${name} ${taken[name]}`)) };
}
