// Paints what happened on the diagram: markers, counts, durations as heat.
const STATES = new Set(['current', 'visited', 'overdue', 'incident']);

function badge(className, content, title) {
  const element = document.createElement('span');
  element.className = `diagram-badge ${className}`;
  element.textContent = content;
  if (title) element.title = title;
  return element;
}

function showElement(viewer, id, entry) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  if (STATES.has(entry.state)) canvas.addMarker(id, `is-${entry.state}`);
  if (entry.state === 'overdue' || entry.state === 'incident') canvas.addMarker(id, 'is-current');
  if (typeof entry.heat === 'number') {
    canvas.addMarker(id, `heat-${Math.min(5, Math.max(1, Math.ceil(entry.heat * 5)))}`);
  }
  if (entry.count) {
    const kind = entry.state === 'overdue' || entry.state === 'incident' ? entry.state : 'count';
    overlays.add(id, 'count', { position: { top: -11, right: 11 }, html: badge(kind, String(entry.count), entry.title) });
  }
  if (entry.label) {
    overlays.add(id, 'label', { position: { bottom: 9, left: 6 }, html: badge('label', entry.label, entry.title) });
  }
  if (entry.href) canvas.addMarker(id, 'is-link');
}

export function showState(viewer, state) {
  const registry = viewer.get('elementRegistry');
  const canvas = viewer.get('canvas');
  for (const id of state.flows ?? []) {
    if (registry.get(id)) canvas.addMarker(id, 'is-visited');
  }
  for (const [id, entry] of Object.entries(state.elements ?? {})) {
    if (registry.get(id)) showElement(viewer, id, entry);
  }
}

/** Ids of the steps where the process instance stands, most pressing first. */
export function currentIds(state) {
  const order = ['incident', 'overdue', 'current'];
  return Object.entries(state.elements ?? {})
    .filter(([, entry]) => order.includes(entry.state))
    .sort(([, a], [, b]) => order.indexOf(a.state) - order.indexOf(b.state))
    .map(([id]) => id);
}
