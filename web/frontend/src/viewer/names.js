/** The diagram with the names of elements replaced, e.g. by their English ones. */
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
  return new XMLSerializer().serializeToString(document);
}
