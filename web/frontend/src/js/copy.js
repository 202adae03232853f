// [data-copy="text"] or [data-copy-from="#id"]: copies and says so.
import { announce, text } from './page.js';

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy], [data-copy-from]');
  if (!button) return;
  const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  const value = source ? (source.value ?? source.textContent).trim() : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    announce(text('copyFailed'));
    return;
  }
  button.classList.add('is-copied');
  announce(text('copied'));
  setTimeout(() => button.classList.remove('is-copied'), 1500);
});
