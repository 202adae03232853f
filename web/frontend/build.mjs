// Bundles src/ into the folder given as the only argument (default: ../static/dist/manual).
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const out = resolve(process.argv[2] ?? join(root, '../static/dist/manual'));

function sprite() {
  const folder = join(root, 'node_modules/bootstrap-icons/icons');
  const names = readFileSync(join(root, 'src/icons.txt'), 'utf8').split(/\s+/).filter(Boolean);
  const symbols = [...new Set(names)].map((name) => {
    const file = join(folder, `${name}.svg`);
    if (!existsSync(file)) throw new Error(`src/icons.txt: bootstrap-icons has no icon named "${name}"`);
    const [, viewBox, body] = readFileSync(file, 'utf8').match(/viewBox="([^"]+)"[^>]*>([\s\S]*)<\/svg>/);
    return `<symbol id="bi-${name}" viewBox="${viewBox}">${body.trim()}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('\n')}</svg>\n`;
}

mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'icons.svg'), sprite());

await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'src/theme.js', out: 'theme' },
    { in: 'src/app.js', out: 'app' },
    { in: 'src/css/app.css', out: 'app' },
    { in: 'src/viewer.js', out: 'viewer' },
    { in: 'src/css/viewer.css', out: 'viewer' },
  ],
  entryNames: '[name]',
  assetNames: '[name]-[hash]',
  outdir: out,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome109', 'firefox115', 'safari16'],
  legalComments: 'linked',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.woff': 'file', '.woff2': 'file', '.svg': 'dataurl' },
  logLevel: 'warning',
});
