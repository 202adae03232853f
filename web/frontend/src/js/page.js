// What every module needs: texts in the page's language, the anti-forgery token, a start hook.
let texts = null;

/** The page's text for a key, with {name} replaced. */
export function text(key, values = {}) {
  texts ??= JSON.parse(document.getElementById('ui-texts')?.textContent ?? '{}');
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? '';
}

/** Calls start(root) for the page now and for every part htmx puts in later. */
export function onContent(start) {
  document.addEventListener('htmx:load', (event) => start(event.detail.elt));
}

/** All elements matching within root, root included. */
export function all(root, selector) {
  const inside = [...root.querySelectorAll(selector)];
  return root.matches(selector) ? [root, ...inside] : inside;
}

/** Says something to screen readers without moving the focus. */
export function announce(message) {
  const region = document.getElementById('announcer');
  if (region) region.textContent = message;
}

export function debounce(call, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), wait);
  };
}

/** POSTs a form's fields and returns the JSON answer; throws when the server refuses. */
export async function postForm(url, form) {
  const body = new FormData(form);
  for (const [key, value] of [...body]) if (value instanceof File) body.delete(key);
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { Accept: 'application/json', 'X-CSRFToken': csrfToken() },
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
