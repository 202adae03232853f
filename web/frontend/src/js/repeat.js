// Repeated groups: [data-repeat="name"] holds [data-repeat-row] rows whose fields are called name.0.x, name.1.x, ...
// The buttons submit to the server, which adds or removes the row; here the same happens without leaving the page.
const NAMED = ['name', 'id', 'for', 'aria-describedby', 'data-field', 'data-repeat', 'data-files-of'];

function rows(box) {
  return [...box.querySelectorAll('[data-repeat-row]')].filter((row) => row.parentElement === box);
}

function numberOf(box, row) {
  const marker = row.querySelector('input[type="hidden"]').name;
  return Number(marker.slice(box.dataset.repeat.length + 1).split(':')[0]);
}

function renumber(row, from, to) {
  for (const element of [row, ...row.querySelectorAll('*')]) {
    for (const attribute of NAMED) {
      const value = element.getAttribute(attribute);
      if (value) element.setAttribute(attribute, value.split(from.dotted).join(to.dotted).split(from.dashed).join(to.dashed));
    }
  }
}

function prefixes(name, number) {
  return { dotted: `${name}.${number}`, dashed: `field-${name.replaceAll('.', '-')}-${number}` };
}

function empty(row) {
  for (const field of row.querySelectorAll('input, select, textarea')) {
    if (['checkbox', 'radio'].includes(field.type)) field.checked = false;
    else if (field.type !== 'hidden') field.value = '';
    field.removeAttribute('aria-invalid');
  }
  for (const error of row.querySelectorAll('.field-error, .files-chosen > *')) error.remove();
  for (const block of row.querySelectorAll('.has-error')) block.classList.remove('has-error');
}

function add(box) {
  const present = rows(box);
  const last = present.at(-1);
  const next = Math.max(...present.map((row) => numberOf(box, row))) + 1;
  const copy = last.cloneNode(true);
  renumber(copy, prefixes(box.dataset.repeat, numberOf(box, last)), prefixes(box.dataset.repeat, next));
  empty(copy);
  last.after(copy);
  copy.querySelector('input:not([type="hidden"]), select, textarea')?.focus();
}

document.addEventListener('click', (event) => {
  const adding = event.target.closest('[data-repeat-add]');
  const removing = event.target.closest('[data-repeat-remove]');
  const box = (adding ?? removing)?.closest('[data-repeat]');
  if (!box || rows(box).length < 1 || (removing && rows(box).length === 1)) return;
  event.preventDefault();
  if (adding) {
    add(box);
  } else {
    removing.closest('[data-repeat-row]').remove();
    box.querySelector('[data-repeat-add]')?.focus();
  }
  rows(box).forEach((row, index) => {
    row.querySelector('[data-repeat-number]').textContent = String(index + 1);
  });
  box.dispatchEvent(new Event('input', { bubbles: true }));
  box.dispatchEvent(new Event('change', { bubbles: true }));
});
