// <form data-conditions="URL">: after a change the server says which fields do not apply: {"hidden": ["key", ...]}.
// [data-field="key"] blocks are hidden or shown accordingly; conditions themselves are evaluated on the server only.
import { all, debounce, onContent, postForm } from './page.js';

function show(form, hidden) {
  for (const block of form.querySelectorAll('[data-field]')) {
    block.hidden = hidden.has(block.dataset.field);
  }
}

function prepare(form) {
  let latest = 0;
  const update = debounce(async () => {
    latest += 1;
    const asked = latest;
    try {
      const answer = await postForm(form.dataset.conditions, form);
      if (asked === latest) show(form, new Set(answer.hidden));
    } catch {
      // The server decides again when the form is sent: nothing is lost by not knowing now.
    }
  }, 150);
  form.addEventListener('change', update);
}

onContent((root) => {
  for (const form of all(root, 'form[data-conditions]')) {
    if (form.dataset.conditionsReady) continue;
    form.dataset.conditionsReady = 'yes';
    prepare(form);
  }
});
