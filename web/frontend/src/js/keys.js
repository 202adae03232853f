// Keyboard in lists: <div data-keys> with [data-row] rows. j/k move, Enter opens, c claims, x ticks.
// Everywhere: / goes to the search, ? lists the keys.
const typing = (element) => element.closest('input, textarea, select, [contenteditable], dialog');

function move(rows, step) {
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  if (!next) return;
  next.querySelector('[data-open]')?.focus();
  next.scrollIntoView({ block: 'nearest' });
}

const anywhere = {
  '/': () => document.querySelector('[data-search]')?.focus(),
  '?': () => document.getElementById('keys')?.showModal(),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (anywhere[event.key]) {
    event.preventDefault();
    anywhere[event.key]();
    return;
  }
  const list = document.querySelector('[data-keys]');
  if (!list) return;
  const rows = [...list.querySelectorAll('[data-row]')].filter((row) => row.offsetParent !== null);
  const row = rows.find((candidate) => candidate.contains(document.activeElement));
  const actions = {
    j: () => move(rows, 1),
    k: () => move(rows, -1),
    c: () => row?.querySelector('[data-claim]')?.click(),
    x: () => row?.querySelector('input[type="checkbox"]')?.click(),
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
});
