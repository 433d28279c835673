// The views there are: a line each, and a file in views/. `needs`: nothing, a run, or an example of a run.

/** @type {Record<string, {title: string, needs: "nothing" | "run" | "image", load: () => Promise<any>}>} */
export const VIEWS = {
  correlate1d: { title: "Convolution in 1-D", needs: "nothing", load: () => import("./views/correlate1d.js") },
  correlate2d: { title: "Convolution in 2-D", needs: "nothing", load: () => import("./views/correlate2d.js") },
  classical: { title: "Blur and Canny", needs: "nothing", load: () => import("./views/classical.js") },
  used: { title: "How often a pixel is used", needs: "nothing", load: () => import("./views/used.js") },
  data: { title: "Examples and mistakes", needs: "run", load: () => import("./views/data.js") },
  classes: { title: "The answer", needs: "image", load: () => import("./views/classes.js") },
  maps: { title: "Feature maps", needs: "image", load: () => import("./views/maps.js") },
  trace: { title: "One number, opened", needs: "image", load: () => import("./views/trace.js") },
};
