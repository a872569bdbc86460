/**
 * The width of an element, as a function; `change` is called when it has become another.
 *
 * It is read once and then when it changes: to read it while drawing costs a layout of the page.
 */
export function followed(element, change) {
  let width = 0;
  new ResizeObserver(() => {
    if (!width || element.clientWidth === width) return;
    width = element.clientWidth;
    requestAnimationFrame(change); // what changes sizes at once would be called again
  }).observe(element);
  return () => {
    width ||= element.clientWidth;
    return width;
  };
}
