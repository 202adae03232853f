// Names of elements replaced, e.g. by their English ones; their labels get room for the longest word.
const LETTER = 6.4;
const WIDEST = 110;

function widen(label, name) {
  const bounds = [...label.children].find((child) => child.localName === 'Bounds');
  if (!bounds) return;
  const width = Number(bounds.getAttribute('width'));
  const longest = Math.max(...name.split(/\s+/).map((word) => word.length));
  const wanted = Math.min(WIDEST, Math.ceil(longest * LETTER) + 4);
  if (!(wanted > width)) return;
  bounds.setAttribute('width', String(wanted));
  bounds.setAttribute('x', String(Number(bounds.getAttribute('x')) - (wanted - width) / 2));
}

/** The diagram with the names given. */
export function translated(xml, names = {}) {
  if (!Object.keys(names).length) return xml;
  const document = new DOMParser().parseFromString(xml, 'application/xml');
  if (document.querySelector('parsererror')) return xml;
  for (const element of document.querySelectorAll('[id]')) {
    const name = names[element.id];
    if (!name) continue;
    const note = [...element.children].find((child) => child.localName === 'text');
    if (element.localName === 'textAnnotation' && note) note.textContent = name;
    else element.setAttribute('name', name);
  }
  for (const picture of document.querySelectorAll('[bpmnElement]')) {
    const label = [...picture.children].find((child) => child.localName === 'BPMNLabel');
    const name = names[picture.getAttribute('bpmnElement')];
    if (label && name) widen(label, name);
  }
  return new XMLSerializer().serializeToString(document);
}
