/**
 * The entry of a component: one instance of a class for each place that it is mounted in.
 *
 * Streamlit calls the entry again whenever data come; `update` then hands them to the instance. It
 * calls what the entry returns not only when the place has gone: also when newer data overtook a
 * call, and the place stays.
 */

export function mount(Component, update) {
  const instances = new WeakMap();
  return (component) => {
    const { parentElement } = component;
    if (!instances.has(parentElement)) instances.set(parentElement, new Component(parentElement));
    const instance = instances.get(parentElement);
    update(instance, component);
    return () => {
      if (parentElement.isConnected) return;
      instances.delete(parentElement);
      instance.remove?.();
    };
  };
}
