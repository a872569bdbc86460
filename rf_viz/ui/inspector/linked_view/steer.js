/** The keyboard of the linked view: what each key does in a pane and among the modes. */

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

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
  if (event.key in STEPS) {
    const far = pane === "image" && event.shiftKey ? 10 : 1;
    const [down, right] = STEPS[event.key].map((n) => n * far);
    if (pane === "map") view.stepCell(down, right);
    else view.stepPixel(down, right);
  } else if (event.key === "Enter" || event.key === " ") {
    if (pane === "map") view.pin(view.hovered ?? view.pinned);
    else view.pick(view.pointed ?? view.picked ?? view.middle());
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
