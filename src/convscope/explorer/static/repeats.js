// Blocks of a network that repeat: where they are, and the network with each shown once.

const [MOST_PERIOD, LEAST] = [80, 4]; // operations of a block that is looked for; that leaving them out must save

/**
 * Where blocks of operations repeat: `count` of them from `first`, `times` one after the other, alike in all but their numbers.
 * @param {{name: string, op: string, from: string[], shape: number[], arguments?: any, window?: any}[]} nodes
 */
export function repeats(nodes) {
  const at = new Map(nodes.map((node, i) => [node.name, i]));
  const signs = nodes.map((node, i) => JSON.stringify([node.op, node.shape, node.arguments, node.window, node.from.map((name) => i - at.get(name))]));
  const alike = (first, period) => {
    let i = first;
    while (i + period < nodes.length && signs[i] === signs[i + period]) i++;
    return Math.floor((i - first) / period) + 1;
  };
  const shared = (first, period) => {
    const [one, two] = [nodes[first].name, nodes[first + period - 1].name];
    let i = 0;
    while (i < one.length && one[i] === two[i]) i++;
    return i;
  };
  const candidates = nodes.flatMap((_, first) => {
    let best = { first, count: 1, times: 1, saved: LEAST - 1 };
    for (let count = 2; count <= Math.min(MOST_PERIOD, nodes.length - first); count++) {
      const times = alike(first, count);
      const saved = (times - 1) * count;
      if (saved > best.saved) best = { first, count, times, saved };
    }
    return best.times > 1 ? [best] : [];
  });
  const found = [];
  for (const best of candidates.sort((a, b) => b.saved - a.saved || a.first - b.first)) {
    const end = (one) => one.first + one.count * one.times;
    if (found.some((other) => best.first < end(other) && other.first < end(best))) continue;
    // A block may be cut anywhere: rather where its names begin alike, as the modules of a network do.
    const { first, count, times } = best;
    for (let later = first + 1; later < first + count; later++) {
      if (alike(later, count) >= times && shared(later, count) > shared(best.first, count)) best.first = later;
    }
    if (!found.some((other) => best.first < end(other) && other.first < end(best))) found.push({ first: best.first, count, times });
  }
  return found.sort((a, b) => a.first - b.first);
}

/** The rows that are left where blocks are shown once, and the groups as places in them. @template {{name: string, from: string[]}} T @param {T[]} nodes @param {{first: number, count: number, times: number}[]} found */
export function fold(nodes, found) {
  const stands = new Map(); // what stands for an operation that is left out
  const rows = [];
  const groups = [];
  let next = 0;
  for (const { first, count, times } of found) {
    rows.push(...nodes.slice(next, first));
    groups.push({ first: rows.length, count, times });
    rows.push(...nodes.slice(first, first + count));
    for (let i = count; i < count * times; i++) stands.set(nodes[first + i].name, nodes[first + (i % count)].name);
    next = first + count * times;
  }
  rows.push(...nodes.slice(next));
  return { groups, rows: rows.map((row) => ({ ...row, from: row.from.map((name) => stands.get(name) ?? name) })) };
}
