/**
 * What charts lack: a button that saves them as SVG, beside the one that saves them as PNG; and
 * that a swipe over them scrolls the page, until Zoom or Pan is pressed.
 */

export default function () {
  for (const reached of ["pointerover", "focusin"]) document.addEventListener(reached, offer);
  document.addEventListener("click", press, { capture: true });
  document.addEventListener("touchstart", touch, { capture: true, passive: true });
}

function offer({ target }) {
  const chart = chartOf(target);
  const png = chart?.querySelector("[data-title='Download plot as a PNG']");
  if (!png || png.nextElementSibling) return;
  const svg = png.cloneNode(true);
  svg.dataset.title = svg.ariaLabel = "Download plot as an SVG";
  svg.addEventListener("click", () => {
    const options = chart._context.toImageButtonOptions;
    options.format = "svg";
    png.click();
    options.format = "png";
  });
  png.after(svg);
}

function press({ target }) {
  if (target.closest?.("[data-attr='dragmode']")) chartOf(target).dataset.dragged = "";
}

/** Keeps touches of the plot from Plotly, which would take all swipes; a tap comes as a click. */
function touch(event) {
  const chart = chartOf(event.target);
  const free = chart && "dragged" in chart.dataset;
  if (chart && !free && event.target.closest(".draglayer")) event.stopPropagation();
}

function chartOf(target) {
  return target.closest?.(".js-plotly-plot");
}
