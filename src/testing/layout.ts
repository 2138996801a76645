// jsdom has no layout, and Grafana's menus render only the options that fit into
// their box: in tests every element has a size.
export function giveElementsASize(): void {
  const rect = { x: 0, y: 0, top: 0, left: 0, right: 400, bottom: 400, width: 400, height: 400, toJSON: () => ({}) };
  Element.prototype.getBoundingClientRect = () => rect;
  Object.defineProperties(HTMLElement.prototype, {
    offsetWidth: { configurable: true, value: 400 },
    offsetHeight: { configurable: true, value: 400 },
  });
  Object.defineProperties(Element.prototype, {
    clientWidth: { configurable: true, value: 400 },
    clientHeight: { configurable: true, value: 400 },
  });
  globalThis.IntersectionObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  } as never;
  const measureText = (text: string) => ({ width: 8 * text.length });
  HTMLCanvasElement.prototype.getContext = jest.fn(() => ({ measureText })) as never;
}
