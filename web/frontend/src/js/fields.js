// Small helps at form fields: send at once, tick all, name the chosen files, stop a second press, go to the first error.
import { all, onContent, text } from './page.js';

document.addEventListener('change', (event) => {
  const field = event.target;
  if (field.matches('[data-autosubmit]')) field.form.requestSubmit();
  if (field.matches('[data-tick-all]')) {
    for (const box of document.querySelectorAll(field.dataset.tickAll)) box.checked = field.checked;
  }
  if (field.matches('[data-tick-all], [data-tick]')) countTicks();
  if (field.matches('input[type="file"]')) nameFiles(field);
});

function countTicks() {
  const count = document.querySelectorAll('[data-tick]:checked').length;
  for (const bar of document.querySelectorAll('[data-tick-bar]')) {
    bar.hidden = count === 0;
    const number = bar.querySelector('[data-tick-count]');
    if (number) number.textContent = String(count);
  }
}

function nameFiles(field) {
  const list = document.querySelector(`[data-files-of="${field.id}"]`);
  if (!list) return;
  const limit = Number(list.dataset.maxBytes || Infinity);
  list.replaceChildren(...[...field.files].map((file) => {
    const item = document.createElement('li');
    const size = file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} KB` : `${(file.size / 1e6).toFixed(1)} MB`;
    item.textContent = `${file.name} (${size})`;
    if (file.size > limit) {
      item.className = 'field-error';
      item.textContent += ` ${text('fileTooLarge')}`;
    }
    return item;
  }));
}

// A form that was sent once is not sent again by a double click.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === 'dialog' || form.matches('[data-many]')) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = 'yes';
  setTimeout(() => delete form.dataset.sent, 5000);
});

window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  countTicks();
});

document.addEventListener('click', (event) => {
  if (event.target.closest('[data-print]')) window.print();
});

onContent((root) => {
  for (const summary of all(root, '[data-error-summary]')) summary.focus();
});
