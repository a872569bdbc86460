/** Gives every chart a button that saves it as SVG, beside the one that saves it as PNG. */

export default function () {
  for (const reached of ["pointerover", "focusin"]) document.addEventListener(reached, offer);
}

function offer({ target }) {
  const chart = target.closest?.(".js-plotly-plot");
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
