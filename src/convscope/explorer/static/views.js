// The views there are: a line each, and a file in views/. `needs`: nothing, a run, or an example of a run.

/** @type {Record<string, {title: string, needs: "nothing" | "run" | "image", load: () => Promise<any>}>} */
export const VIEWS = {
  correlate2d: { title: "Convolution in 2-D", needs: "nothing", load: () => import("./views/correlate2d.js") },
  data: { title: "Examples and mistakes", needs: "run", load: () => import("./views/data.js") },
  curves: { title: "Training curves", needs: "run", load: () => import("./views/curves.js") },
  embedding: { title: "What is alike", needs: "run", load: () => import("./views/embedding.js") },
  classes: { title: "The answer", needs: "image", load: () => import("./views/classes.js") },
  maps: { title: "Feature maps", needs: "image", load: () => import("./views/maps.js") },
  trace: { title: "One number, opened", needs: "image", load: () => import("./views/trace.js") },
  components: { title: "A map as a sum", needs: "image", load: () => import("./views/components.js") },
  explain: { title: "What it rests on", needs: "image", load: () => import("./views/explain.js") },
};
