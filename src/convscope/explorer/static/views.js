// The views there are: a line each, and a file in views/. `needs`: nothing, a run, or an example of a run.

/** @type {Record<string, {title: string, needs: "nothing" | "run" | "image", load: () => Promise<any>}>} */
export const VIEWS = {
  correlate1d: { title: "Convolution in 1-D", needs: "nothing", load: () => import("./views/correlate1d.js") },
  correlate2d: { title: "Convolution in 2-D", needs: "nothing", load: () => import("./views/correlate2d.js") },
  classical: { title: "Blur and Canny", needs: "nothing", load: () => import("./views/classical.js") },
  arithmetic: { title: "Sizes and costs", needs: "nothing", load: () => import("./views/arithmetic.js") },
  pooling: { title: "Pooling", needs: "nothing", load: () => import("./views/pooling.js") },
  transposed: { title: "Transposed convolution", needs: "nothing", load: () => import("./views/transposed.js") },
  pointwise: { title: "1×1 convolution", needs: "nothing", load: () => import("./views/pointwise.js") },
  reach: { title: "Receptive field", needs: "nothing", load: () => import("./views/reach.js") },
  used: { title: "How often a pixel is used", needs: "nothing", load: () => import("./views/used.js") },
  layers: { title: "The network", needs: "run", load: () => import("./views/layers.js") },
  field: { title: "Its receptive fields", needs: "run", load: () => import("./views/field.js") },
  whatif: { title: "What if …", needs: "run", load: () => import("./views/whatif.js") },
  data: { title: "Examples and mistakes", needs: "run", load: () => import("./views/data.js") },
  curves: { title: "Training curves", needs: "run", load: () => import("./views/curves.js") },
  embedding: { title: "What is alike", needs: "run", load: () => import("./views/embedding.js") },
  classes: { title: "The answer", needs: "image", load: () => import("./views/classes.js") },
  maps: { title: "Feature maps", needs: "image", load: () => import("./views/maps.js") },
  trace: { title: "One number, opened", needs: "image", load: () => import("./views/trace.js") },
  components: { title: "A map as a sum", needs: "image", load: () => import("./views/components.js") },
  explain: { title: "What it rests on", needs: "image", load: () => import("./views/explain.js") },
};
