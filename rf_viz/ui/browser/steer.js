/** The keyboard of a view of a cell: what each key does in a pane and among the modes. */

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PAGES = { PageUp: -1, PageDown: 1 }; // across the pane, where the input has three axes

export function steer(view, panes) {
  for (const [pane, { focus }] of Object.entries(panes)) {
    focus.addEventListener("keydown", (event) => key(view, pane, event));
  }
  view.modes.addEventListener("click", (event) => view.choose(event.target.dataset.mode));
  view.modes.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const buttons = [...view.modes.children];
    const now = buttons.findIndex(({ dataset }) => dataset.mode === view.mode);
    const next = buttons[(now + step + buttons.length) % buttons.length];
    next.focus();
    view.choose(next.dataset.mode);
    event.preventDefault();
  });
}

function key(view, pane, event) {
  const image = pane.startsWith("image");
  const far = image && event.shiftKey ? 10 : 1;
  if (event.key in STEPS) {
    view.step(pane, view.steps(pane, ...STEPS[event.key].map((n) => n * far), 0));
  } else if (event.key in PAGES && view.packet.extent.length === 3) {
    view.step(pane, view.steps(pane, 0, 0, PAGES[event.key] * far));
  } else if (event.key === "Enter" || event.key === " ") {
    if (image) view.pick(view.pointed ?? view.picked ?? view.middle());
    else view.pin(view.hovered ?? view.pinned);
  } else if (event.key === "Escape" && view.picked) {
    view.pick(view.picked);
  } else if (event.key === "+" || event.key === "-") {
    view.plot.zoom(pane, event.key === "+" ? 0.8 : 1.25);
  } else if (event.key === "0") {
    view.plot.reset();
  } else {
    return;
  }
  event.preventDefault();
}
