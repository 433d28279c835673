// Answers that arrive late: only that to the last question is drawn.

/**
 * A function that asks and draws; what arrives after another question was asked, or after `leave`, is dropped.
 * @template Q, A
 * @param {(question: Q) => Promise<A>} ask @param {(answer: A, question: Q) => void} draw @param {(error: unknown) => void} fail
 */
export function latest(ask, draw, fail) {
  let number = 0;
  const run = async (/** @type {Q} */ question) => {
    const mine = ++number;
    try {
      const answer = await ask(question);
      if (mine === number) draw(answer, question);
    } catch (error) {
      if (mine === number) fail(error);
    }
  };
  return { run, leave: () => void number++ };
}
