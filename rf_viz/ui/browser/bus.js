/**
 * What the page's components tell each other. The latest message of each name is kept for those
 * that appear later.
 */

function bus() {
  window.rfViz ??= Object.assign(new EventTarget(), { latest: {} });
  return window.rfViz;
}

/** Tells all components of the page; `detail` is what `hear` of `listen` gets. */
export function tell(name, detail) {
  bus().latest[name] = detail;
  bus().dispatchEvent(new CustomEvent(name, { detail }));
}

/** Hears every message of that name as long as `element` is on the page, the latest at once. */
export function listen(name, element, hear) {
  const heard = ({ detail }) => {
    if (element.isConnected) hear(detail);
    else bus().removeEventListener(name, heard);
  };
  bus().addEventListener(name, heard);
  if (bus().latest[name]) hear(bus().latest[name]);
}
