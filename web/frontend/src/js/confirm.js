// [data-confirm="question"] on a form, button or link: asks in the page's own dialog before going on.
// The button's words become the dialog's button.
import { text } from './page.js';

const dialog = () => document.getElementById('confirm');

function ask(question, verb) {
  const box = dialog();
  box.querySelector('[data-confirm-text]').textContent = question;
  box.querySelector('[data-confirm-yes]').textContent = verb || text('confirm');
  box.returnValue = '';
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener('close', () => resolve(box.returnValue === 'yes'), { once: true });
  });
}

document.addEventListener('submit', async (event) => {
  const form = event.target;
  const button = event.submitter;
  const question = button?.dataset.confirm ?? form.dataset.confirm;
  if (button?.formNoValidate) return;
  if (!question || form.dataset.confirmed || form.hasAttribute('hx-post') || !dialog()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await ask(question, button?.textContent.trim()))) return;
  form.dataset.confirmed = 'yes';
  form.requestSubmit(button);
  delete form.dataset.confirmed;
}, true);

document.addEventListener('htmx:confirm', async (event) => {
  const element = event.detail.elt;
  const question = element.dataset.confirm ?? event.detail.triggeringEvent?.submitter?.dataset.confirm;
  if (!question || !dialog()) return;
  event.preventDefault();
  if (await ask(question, element.textContent.trim())) event.detail.issueRequest(true);
});
