// Bundle js/app.js and css/app.css and cut the icon sprite into ../static/dist (never committed; shipped in the wheel).
import {build} from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import zlib from 'node:zlib';

process.chdir(path.dirname(fileURLToPath(import.meta.url)));
const OUT = '../static/dist';

// Compressed KB; a page that grows past them fails the build.
const BUDGETS = {script: 30, style: 15, island: 40, icons: 24};

// What our languages are written in; Vietnamese and the historic letters are left out.
const SUBSETS = /-(latin|latin-ext|cyrillic|greek)-[a-z]+-normal\.woff2/;

const onlyOurAlphabets = {
  name: 'only-our-alphabets',
  setup({onLoad}) {
    onLoad({filter: /@fontsource-variable\/.*\.css$/}, async ({path: file}) => {
      const faces = (await fs.promises.readFile(file, 'utf8')).match(/@font-face\s*{[^}]*}/g);
      return {contents: faces.filter(face => SUBSETS.test(face)).join('\n'), loader: 'css'};
    });
  },
};

function symbol(name) {
  const svg = fs.readFileSync(`node_modules/lucide-static/icons/${name}.svg`, 'utf8');
  const [, inner] = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/);
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '')}</symbol>`;
}

function sprite() {
  const names = fs.readFileSync('icons.txt', 'utf8').split(/\s+/).filter(Boolean);
  return `<svg xmlns="http://www.w3.org/2000/svg">${names.map(symbol).join('')}</svg>`;
}

const compressedKb = file => zlib.gzipSync(fs.readFileSync(file), {level: 9}).length / 1024;

/** Every script the entry loads at once: itself and what it imports without waiting. */
function withStaticImports(entry, outputs, seen = new Set()) {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const {path: file, kind} of outputs[entry].imports)
    if (kind === 'import-statement') withStaticImports(file, outputs, seen);
  return seen;
}

function sizes(outputs) {
  const first = withStaticImports(`${OUT}/app.js`, outputs);
  const sum = files => [...files].reduce((total, file) => total + compressedKb(file), 0);
  const islands = Object.keys(outputs)
    .filter(file => file.endsWith('.js') && outputs[file].entryPoint && !first.has(file))
    .map(file => ['island', path.basename(file), compressedKb(file)]);
  return [
    ['script', 'app.js', sum(first)],
    ['style', 'app.css', compressedKb(`${OUT}/app.css`)],
    ['icons', 'icons.svg', compressedKb(`${OUT}/icons.svg`)],
    ...islands,
  ];
}

fs.rmSync(OUT, {recursive: true, force: true});
fs.mkdirSync(OUT, {recursive: true});
fs.writeFileSync(`${OUT}/icons.svg`, sprite());
fs.copyFileSync('mark.svg', `${OUT}/mark.svg`);

const {metafile} = await build({
  entryPoints: ['js/app.js', 'css/app.css'],
  entryNames: '[name]', // not under js/ and css/
  outdir: OUT,
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  target: ['es2022', 'chrome123', 'firefox121', 'safari17.5'],
  loader: {'.woff2': 'file'},
  plugins: [onlyOurAlphabets],
  chunkNames: 'c/[name]-[hash]',
  assetNames: 'f/[name]',
  metafile: true,
  logLevel: 'warning',
});

let isOver = false;
for (const [kind, name, kb] of sizes(metafile.outputs)) {
  const over = kb > BUDGETS[kind];
  isOver ||= over;
  console.log(`${name.padEnd(28)} ${kb.toFixed(1).padStart(5)} KB gz${over ? `  over its ${BUDGETS[kind]} KB` : ''}`);
}
if (isOver) process.exit(1);
