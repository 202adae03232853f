// Ties the picture to the table of steps: rows are [data-step="element id"] inside the element named by data-steps.
export function linkSteps(box, viewer, state) {
  const table = document.getElementById(box.dataset.steps ?? '');
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  const row = (id) => table?.querySelector(`[data-step="${CSS.escape(id)}"]`);

  const over = (id, on) => {
    if (!registry.get(id)) return;
    if (on) canvas.addMarker(id, 'is-pointed');
    else canvas.removeMarker(id, 'is-pointed');
    row(id)?.classList.toggle('is-pointed', on);
  };

  for (const [start, end] of [['mouseover', 'mouseout'], ['focusin', 'focusout']]) {
    table?.addEventListener(start, (event) => over(event.target.closest('[data-step]')?.dataset.step, true));
    table?.addEventListener(end, (event) => over(event.target.closest('[data-step]')?.dataset.step, false));
  }

  viewer.on('element.hover', ({ element }) => row(element.id) && over(element.id, true));
  viewer.on('element.out', ({ element }) => row(element.id) && over(element.id, false));
  viewer.on('element.click', ({ element }) => {
    const entry = state.elements?.[element.id];
    box.dispatchEvent(new CustomEvent('diagram:element', { bubbles: true, detail: { id: element.id } }));
    if (entry?.href) window.location.assign(entry.href);
    else row(element.id)?.scrollIntoView({ block: 'nearest' });
  });
}
