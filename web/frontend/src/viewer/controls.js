// Zoom and fit: buttons for mouse and keyboard, Ctrl + wheel; a plain wheel keeps scrolling the page.
import { currentIds } from './state.js';

const READABLE = 0.5;
const CLOSE = 0.62;
const FEW = 3;
const MARGIN = 16;

function fit(canvas) {
  canvas.resized();
  const outer = canvas.viewbox().outer;
  const { inner } = canvas.viewbox();
  if (!inner.width || !outer.width) return;
  const scale = Math.min((outer.width - 2 * MARGIN) / inner.width, (outer.height - 2 * MARGIN) / inner.height, 1.2);
  const width = outer.width / scale;
  const height = outer.height / scale;
  canvas.viewbox({
    x: inner.x - (width - inner.width) / 2,
    y: inner.y - (height - inner.height) / 2,
    width,
    height,
  });
}

/** The rectangle around some elements. */
function around(viewer, ids) {
  const registry = viewer.get('elementRegistry');
  const shapes = ids.map((id) => registry.get(id)).filter((shape) => shape?.width);
  const x = Math.min(...shapes.map((shape) => shape.x));
  const y = Math.min(...shapes.map((shape) => shape.y));
  const width = Math.max(...shapes.map((shape) => shape.x + shape.width)) - x;
  const height = Math.max(...shapes.map((shape) => shape.y + shape.height)) - y;
  return { x, y, width, height };
}

function centre(canvas, area, zoom) {
  const { outer } = canvas.viewbox();
  const width = outer.width / zoom;
  const height = outer.height / zoom;
  canvas.viewbox({ x: area.x - (width - area.width) / 2, y: area.y - (height - area.height) / 2, width, height });
}

export function addControls(box, viewer, state) {
  const canvas = viewer.get('canvas');
  const current = currentIds(state).filter((id) => viewer.get('elementRegistry').get(id)?.width);
  let at = 0;

  const actions = {
    in: () => canvas.zoom(Math.min(canvas.zoom() * 1.25, 4)),
    out: () => canvas.zoom(Math.max(canvas.zoom() / 1.25, 0.1)),
    fit: () => fit(canvas),
    current: () => {
      centre(canvas, around(viewer, [current[at % current.length]]), 0.9);
      at += 1;
    },
    full: () => (document.fullscreenElement ? document.exitFullscreen() : box.requestFullscreen()),
  };

  // A picture too large to be read when fitted starts at the current steps, or at the most pressing of a few.
  const first = () => {
    fit(canvas);
    if (canvas.zoom() >= READABLE || !current.length) return;
    const outer = canvas.viewbox().outer;
    const area = around(viewer, current);
    if (area.width * CLOSE <= outer.width && area.height * CLOSE <= outer.height) centre(canvas, area, CLOSE);
    else if (current.length <= FEW) centre(canvas, around(viewer, current.slice(0, 1)), CLOSE);
  };

  for (const button of box.querySelectorAll('[data-zoom]')) {
    button.hidden = button.dataset.zoom === 'current' && !current.length;
    button.addEventListener('click', () => actions[button.dataset.zoom]());
  }
  box.querySelector('[data-diagram-controls]').hidden = false;
  box.querySelector('[data-diagram-canvas]').addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const area = event.currentTarget.getBoundingClientRect();
    const point = { x: event.clientX - area.left, y: event.clientY - area.top };
    canvas.zoom(Math.min(4, Math.max(0.1, canvas.zoom() * (event.deltaY < 0 ? 1.15 : 0.87))), point);
  }, { passive: false });
  box.addEventListener('fullscreenchange', () => requestAnimationFrame(() => fit(canvas)));
  window.addEventListener('beforeprint', () => fit(canvas));
  first();
}
