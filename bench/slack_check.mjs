// node slack_check.mjs CHECKER FOLDER: runs the block checker over every payload that tests kept in
// FOLDER (tests/support/slack_payloads.py), in one process. CHECKER is bkcheck.mjs beside its
// node_modules. It reads one file and ends its process, so its source is run once a payload, with
// the compiler's parsed files kept from one to the next. Prints JSON: [{test, surface, errors}].
import fs from 'fs';
import { createRequire } from 'module';
import path from 'path';
import { fileURLToPath, pathToFileURL } from 'url';

const [checker, folder] = process.argv.slice(2);
const ts = createRequire(path.resolve(checker))('typescript');
const source = fs.readFileSync(checker, 'utf8')
  .replace(/^#!.*\n/, '')
  .replace(/import\s+\w+\s+from\s+'[^']+';|import\s+\{[^}]*\}\s+from\s+'[^']+';/g, '')
  .replaceAll('import.meta.url', '__url');
const run = new Function('ts', 'fs', 'path', 'fileURLToPath', '__url', 'process', 'console', source);

const parsed = new Map();
let earlier;
const keeping = {
  ...ts,
  createCompilerHost(options) {
    const host = ts.createCompilerHost(options);
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (name, ...rest) => {
      if (!parsed.has(name)) parsed.set(name, read(name, ...rest));
      return parsed.get(name);
    };
    return host;
  },
  createProgram: (names, options, host) => (earlier = ts.createProgram(names, options, host, earlier)),
};

class Ended extends Error {}
const found = [];
const file = path.join(folder, '.checked');
for (const name of fs.readdirSync(folder).filter((one) => one.endsWith('.json')).sort()) {
  const { test, surface, payload } = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
  fs.writeFileSync(file, JSON.stringify(payload));
  const said = [];
  const say = (line) => said.push(String(line));
  const ending = { argv: ['node', checker, file, '--surface', surface], exit: () => { throw new Ended(); } };
  try {
    run(keeping, fs, path, fileURLToPath, pathToFileURL(path.resolve(checker)).href, ending, { log: say, error: say });
  } catch (error) {
    if (!(error instanceof Ended)) said.push(`[?] the checker failed: ${error.message}`);
  }
  found.push({ file: name, test, surface, errors: said.filter((line) => !/^(OK|FAIL) /.test(line)) });
}
fs.rmSync(file, { force: true });
process.stdout.write(JSON.stringify(found));
