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

/** The first message of that name that is told with this mark, be it the latest or one to come. */
export function hear(name, of) {
  const { latest } = bus();
  if (latest[name]?.of === of) return latest[name];
  return new Promise((resolve) => {
    const heard = ({ detail }) => {
      if (detail.of !== of) return;
      bus().removeEventListener(name, heard);
      resolve(detail);
    };
    bus().addEventListener(name, heard);
  });
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
