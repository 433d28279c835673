// A matrix that is typed: a row a line, numbers by spaces.
import { html } from "./dom.js";

/** @param {string} label @param {(text: string) => void} change called with rows by semicolons */
export function typed(label, change) {
  const area = html("textarea", { rows: 4, cols: 16, spellcheck: "false", input: () => change(area.value.trim().replace(/\s*\n\s*/g, "; ")) });
  const element = html("label", { class: "control" }, html("span", {}, `${label}: a row a line`), area);
  return {
    element,
    /** @param {string} text */
    set(text) {
      const lines = text.replace(/;\s*/g, "\n");
      if (area.value.trim().replace(/\s*\n\s*/g, "\n") !== lines.trim() && area !== area.getRootNode().activeElement) area.value = lines;
    },
  };
}
