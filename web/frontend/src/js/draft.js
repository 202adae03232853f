// <form data-draft="URL">: saves what was typed two seconds after the last change. [data-draft-state] shows the state.
// The server answers {"saved_at": "17:02"}. As long as something is unsaved, leaving the page asks first.
import { all, debounce, onContent, postForm, text } from './page.js';

const dirty = new Set();

function prepare(form) {
  const state = form.querySelector('[data-draft-state]') ?? document.querySelector(`[data-draft-state="${form.id}"]`);
  let typed = 0;

  const show = (name, message) => {
    if (!state) return;
    state.dataset.state = name;
    state.textContent = message;
  };

  const save = async () => {
    const now = typed;
    show('saving', text('draftSaving'));
    try {
      const answer = await postForm(form.dataset.draft, form);
      if (now === typed) dirty.delete(form);
      show('saved', text('draftSaved', { time: answer.saved_at ?? '' }));
    } catch {
      show('failed', text('draftFailed'));
      later();
    }
  };
  const soon = debounce(save, 2000);
  const later = debounce(save, 15000);

  form.addEventListener('input', () => {
    typed += 1;
    dirty.add(form);
    soon();
  });
  form.addEventListener('submit', () => dirty.delete(form));
  form.addEventListener('draft:now', save);
}

onContent((root) => {
  for (const form of all(root, 'form[data-draft]')) {
    if (form.dataset.draftReady) continue;
    form.dataset.draftReady = 'yes';
    prepare(form);
  }
});

document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== 's') return;
  const form = event.target.closest('form[data-draft]') ?? document.querySelector('form[data-draft]');
  if (!form) return;
  event.preventDefault();
  form.dispatchEvent(new Event('draft:now'));
});

window.addEventListener('beforeunload', (event) => {
  if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
});
