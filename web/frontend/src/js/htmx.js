import 'htmx.org';
import { announce, csrfToken, text } from './page.js';

document.addEventListener('htmx:configRequest', (event) => {
  event.detail.headers['X-CSRFToken'] = csrfToken();
});

for (const name of ['htmx:sendError', 'htmx:timeout', 'htmx:responseError']) {
  document.addEventListener(name, () => {
    const box = document.getElementById('connection');
    if (box) box.hidden = false;
    announce(text('connection'));
  });
}

document.addEventListener('htmx:afterOnLoad', (event) => {
  const box = document.getElementById('connection');
  if (box && event.detail.successful) box.hidden = true;
});
