/** The article's algorithm: r, S and P of every layer of a graph, visited from the output down. */

import { bold, bracketed, lines } from "./formula.js";
import { element } from "./svg.js";
import { counted, joined, said } from "./text.js";
import { centre, signed } from "./units.js";

/**
 * Graphs by name. A node is a layer with the names of those that it takes; its place in the drawing
 * is a column (of the path) and a row (from the input up). The order is topological.
 */
export const GRAPHS = {
  residual: {
    nodes: [
      vertex("input", 1, 0),
      vertex("conv 1", 1, 1, { k: 3, s: 2, p: 1, takes: ["input"] }),
      vertex("conv 2", 0, 2, { k: 3, p: 1, takes: ["conv 1"] }),
      vertex("conv 3", 0, 3, { k: 3, p: 1, takes: ["conv 2"] }),
      vertex("add", 1, 4, { takes: ["conv 1", "conv 3"] }),
      vertex("conv 4", 0, 5, { k: 3, p: 1, takes: ["add"] }),
      vertex("conv 5", 0, 6, { k: 3, p: 1, takes: ["conv 4"] }),
      vertex("output", 1, 7, { takes: ["add", "conv 5"] }),
    ],
  },
  inception: {
    nodes: [
      vertex("input", 1.5, 0),
      vertex("conv 1", 1.5, 1, { k: 7, s: 2, p: 3, takes: ["input"] }),
      vertex("1 × 1", 0, 2, { takes: ["conv 1"] }),
      vertex("3 × 3 reduce", 1, 2, { takes: ["conv 1"] }),
      vertex("3 × 3", 1, 3, { k: 3, p: 1, takes: ["3 × 3 reduce"] }),
      vertex("5 × 5 reduce", 2, 2, { takes: ["conv 1"] }),
      vertex("5 × 5", 2, 3, { k: 5, p: 2, takes: ["5 × 5 reduce"] }),
      vertex("pool", 3, 2, { k: 3, p: 1, takes: ["conv 1"] }),
      vertex("project", 3, 3, { takes: ["pool"] }),
      vertex("output", 1.5, 4, { takes: ["1 × 1", "3 × 3", "5 × 5", "project"] }),
    ],
  },
  misaligned: {
    nodes: [
      vertex("input", 1, 0),
      vertex("conv A", 0, 1.5, { k: 1, s: 4, takes: ["input"] }),
      vertex("conv B1", 2, 1, { k: 3, s: 2, takes: ["input"] }),
      vertex("conv B2", 2, 2, { k: 1, s: 2, takes: ["conv B1"] }),
      vertex("output", 1, 3, { takes: ["conv A", "conv B2"] }),
    ],
  },
};

function vertex(name, column, row, { k = 1, s = 1, p = 0, takes = [] } = {}) {
  return { name, column, row, k, s, p, takes };
}

/** Visits a graph from the output down: one step for each layer, with what it passes to others. */
export function visits({ nodes }) {
  const fields = new Map([[nodes.at(-1).name, { r: 1, S: 1, P: 0 }]]);
  let [edges, aligned] = [0, true];
  return [...nodes].reverse().map(({ name, k, s, p, takes }) => {
    const { r, S, P } = fields.get(name);
    const passed = { r: s * r + k - s, S: s * S, P: s * P + p };
    const updates = takes.map((source) => {
      const earlier = fields.get(source);
      const agrees = !earlier || (earlier.S === passed.S && centre(earlier) === centre(passed));
      aligned &&= agrees;
      const larger = !earlier || passed.r > earlier.r;
      if (larger) fields.set(source, passed);
      return { source, earlier, agrees, larger };
    });
    edges += takes.length;
    return {
      name,
      k,
      s,
      p,
      field: { r, S, P },
      passed,
      updates,
      edges,
      aligned,
      fields: new Map(fields),
    };
  });
}

/** Number of paths from the input to the output, and of the edges on all of them together. */
export function pathsThrough({ nodes }) {
  const counts = new Map([[nodes[0].name, { paths: 1, edges: 0 }]]);
  for (const { name, takes } of nodes.slice(1)) {
    const below = takes.map((source) => counts.get(source));
    const paths = below.reduce((sum, one) => sum + one.paths, 0);
    counts.set(name, { paths, edges: below.reduce((sum, one) => sum + one.edges, 0) + paths });
  }
  return counts.get(nodes.at(-1).name);
}

export const graph = {
  last: ({ graph: name }) => GRAPHS[name].nodes.length,
  model({ graph: name, step }) {
    const { nodes } = GRAPHS[name];
    const steps = visits(GRAPHS[name]);
    const visit = step ? steps[Math.min(step, steps.length) - 1] : null;
    const edges = nodes.reduce((sum, { takes }) => sum + takes.length, 0);
    return {
      nodes,
      steps,
      step: Math.min(step, steps.length),
      visit,
      edges,
      ...pathsIn(GRAPHS[name]),
    };
  },
  picture: drawGraph,
  formulas({ visit }) {
    if (!visit) return [];
    const { field, passed, k, s, p, updates } = visit;
    if (!updates.length) {
      const { r, S, P } = field;
      return [
        lines(
          ["r_0", ["=", bold(`${r}`)]],
          ["S_0", ["=", bold(`${S}`)]],
          ["P_0", ["=", bold(`${P}`)]],
        ),
      ];
    }
    return [
      lines(
        ["r_{l-1}", "= s_l · r_l + (k_l - s_l)", 1],
        ["", [`= ${s} · ${field.r} + (${k} - ${s}) =`, bold(`${passed.r}`)]],
        ["S_{l-1}", "= s_l · S_l", 9],
        ["", [`= ${s} · ${field.S} =`, bold(`${passed.S}`)]],
        ["P_{l-1}", "= s_l · P_l + p_l", 10],
        ["", [`= ${s} · ${field.P} + ${bracketed(p)} =`, bold(`${passed.P}`)]],
      ),
    ];
  },
  says({ nodes, steps, step, visit, edges, paths, pathEdges }) {
    if (!visit) {
      return [
        said(
          "**The layers are sorted so that each comes after those that it takes from.** They are " +
            "visited from the last one to the first. When a layer is visited, all paths from it to " +
            "the output have been seen.",
        ),
        said("An output sees just itself: r = 1, S = 1, P = 0. Press Next."),
      ];
    }
    const cost = `So far ${visit.edges} of ${counted(edges, "connection")} looked at.`;
    if (step < steps.length) return [said(...visited(visit)), said(cost)];
    const end = visit.aligned
      ? "**The input is reached, and the network is aligned:** these are its r₀, S₀ and P₀."
      : "**The input is reached, and the network is not aligned:** it has no closed form. RF-Viz " +
        "then gives the exact region of each output instead.";
    return [
      said(end),
      said(
        `Each of the ${nodes.length} layers and each of the ${edges} connections was looked at ` +
          "once: the work grows as O(|E| + |L|).",
        `Path by path it would be ${paths} paths with ${pathEdges} connections together, ` +
          (pathEdges > edges
            ? "and in deeper networks far more."
            : "no more, since these paths share none. In deeper networks it would be far more."),
      ),
    ];
  },
};

function pathsIn(graph) {
  const { paths, edges } = pathsThrough(graph);
  return { paths, pathEdges: edges };
}

/** What a visit does, in words. */
function visited({ name, field, passed, updates }) {
  const sources = updates.map(({ source }) => source);
  const each = sources.length > 1 ? " each" : "";
  const says = [
    `**Visit ${name}:** one output sees ${counted(field.r, "unit")} of it, and through ` +
      `${field.r > 1 ? "them" : "this one"} ${counted(passed.r, "unit")}${each} of ` +
      `${joined(sources)}.`,
  ];
  for (const { source, earlier, agrees, larger } of updates) {
    if (!earlier) continue;
    const both = `Another path has reached ${source} before, with r = ${earlier.r}.`;
    if (!agrees) {
      says.push(
        `${both} **The two disagree:** ` +
          (earlier.S === passed.S
            ? `their centres are ${signed(centre(earlier))} and ${signed(centre(passed))}.`
            : `their strides are ${earlier.S} and ${passed.S}.`),
      );
    } else {
      says.push(
        `${both} Stride and centre agree (equations 12 and 13), and ` +
          (larger
            ? `the larger field counts: r = ${passed.r}.`
            : `the field stays as it is, since ${passed.r} is not larger.`),
      );
    }
  }
  return says;
}

const [COLUMN, ROW, WIDE, HIGH] = [166, 54, 152, 38];

/** Draws the graph: the input below, and in every layer what is known so far. */
function drawGraph({ nodes, visit, step, steps }) {
  const columns = Math.max(...nodes.map(({ column }) => column));
  const top = Math.max(...nodes.map(({ row }) => row));
  const [width, height] = [(columns + 1) * COLUMN, (top + 1) * ROW];
  const at = ({ column, row }) => [(column + 0.5) * COLUMN, height - (row + 0.5) * ROW];
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  const fields = visit?.fields ?? new Map();
  const done = new Set(steps.slice(0, step).map(({ name }) => name));
  const lit = new Set(visit?.updates.map(({ source }) => `${source}>${visit.name}`));
  const places = new Map(nodes.map((one) => [one.name, at(one)]));
  const texts = [];
  for (const { name, takes } of nodes) {
    for (const source of takes) {
      const [[x1, y1], [x2, y2]] = [places.get(source), places.get(name)];
      const state = lit.has(`${source}>${name}`)
        ? "edge lit"
        : done.has(name)
          ? "edge done"
          : "edge";
      // Straight up beside what lies between, then across the last gap.
      const [from, to] = [y1 - HIGH / 2, y2 + HIGH / 2];
      const turn = Math.min(from, y2 + ROW - HIGH / 2);
      const bend = (turn + to) / 2;
      const d = `M${x1} ${from}V${turn}C${x1} ${bend} ${x2} ${bend} ${x2} ${to}`;
      svg.append(element("path", { class: state, d }));
    }
  }
  for (const one of nodes) {
    const [x, y] = places.get(one.name);
    const field = fields.get(one.name);
    const state =
      one.name === visit?.name ? "here" : done.has(one.name) ? "done" : field ? "reached" : "";
    const box = {
      class: `layer ${state}`,
      x: x - WIDE / 2,
      y: y - HIGH / 2,
      width: WIDE,
      height: HIGH,
      rx: 6,
    };
    svg.append(
      element("rect", box),
      element("text", { class: "title", x, y: y - 4 }, titleOf(one)),
    );
    const words = field ? `r = ${field.r}, S = ${field.S}, P = ${field.P}` : "";
    svg.append(element("text", { class: "field", x, y: y + 12 }, words));
    texts.push(`${one.name}${field ? `: ${words}` : ""}`);
  }
  svg.setAttribute("aria-label", `The graph. ${texts.join("; ")}.`);
  return svg;
}

function titleOf({ name, k, s, p, takes }) {
  const parts = Object.entries({ k: k > 1 && k, s: s > 1 && s, p }).filter(([, value]) => value);
  const settings = parts.map(([letter, value]) => `${letter} ${value}`).join(", ");
  return takes.length === 1 && settings ? `${name}: ${settings}` : name;
}
