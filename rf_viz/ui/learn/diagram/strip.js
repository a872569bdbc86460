/**
 * A number for each output, as bars below each other's; what lies beside the border is grey.
 *
 * With `squared` a picture beside them shows what two dimensions make of the numbers: each pixel is
 * the product of two of them.
 */
export function strip({ title, values, marks, squared = false }, unit) {
  const most = Math.max(...values, 1);
  const figure = block("figure", "bars");
  figure.append(block("figcaption", "", title));
  const columns = block("div", "columns");
  values.forEach((value, i) => {
    const column = block("div", marks[i] ? "column" : "column beside");
    column.classList.toggle("here", i === unit);
    const bar = block("span", "bar");
    bar.style.height = `${(52 * value) / most}px`;
    column.append(block("span", "value", value), bar, block("span", "index", i));
    columns.append(column);
  });
  figure.append(columns);
  if (marks.includes(false)) figure.append(block("p", "faint", "Grey: beside the border."));
  return squared ? [figure, board(values, most)] : [figure];
}

const PIXEL = 7;

function board(values, most) {
  const figure = block("figure", "board");
  figure.append(block("figcaption", "", "In two dimensions"));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PIXEL * values.length;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Products of the summed weights of rows and columns.");
  const pen = canvas.getContext("2d");
  values.forEach((one, y) => {
    values.forEach((other, x) => {
      const share = (one * other) / (most * most);
      pen.fillStyle = `hsl(210 55% ${Math.round(12 + 80 * share)}%)`;
      pen.fillRect(x * PIXEL, y * PIXEL, PIXEL, PIXEL);
    });
  });
  figure.append(canvas);
  return figure;
}

function block(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
