/**
 * The entry of a component: one instance of a class for each place that it is mounted in.
 *
 * Streamlit calls the entry again whenever data come; `update` then hands them to the instance.
 */

export function mount(Component, update) {
  const instances = new WeakMap();
  return (component) => {
    const { parentElement } = component;
    if (!instances.has(parentElement)) instances.set(parentElement, new Component(parentElement));
    const instance = instances.get(parentElement);
    update(instance, component);
    return () => {
      instances.delete(parentElement);
      instance.remove?.();
    };
  };
}
