// Refreshes package-lock.json here and in test/: no download addresses, no sponsoring links.
// Run with `npm run lock` after a change of package.json.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));

for (const folder of [root, `${root}test/`]) {
  execFileSync('npm', ['install', '--package-lock-only'], { cwd: folder, stdio: 'inherit' });
  const path = `${folder}package-lock.json`;
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  for (const entry of Object.values(lock.packages)) {
    delete entry.funding;
    delete entry.resolved;
  }
  const text = JSON.stringify(lock, null, 2);
  if (text.includes('://')) throw new Error(`${path} names a host`);
  writeFileSync(path, `${text}\n`);
}
