// Runs after `npm ci`, on whatever Node there is: puts the pinned Node, which npm installed as a package, where `npm run` and
// `npx` find it first. npm 11 does this itself; npm 10 removes the link again together with the packages of other platforms.
import { existsSync, lstatSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules');
const { platform, arch } = process;
const names = [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`];
const program = names.map((name) => join(modules, name, 'bin', 'node')).find((file) => existsSync(file));
const link = join(modules, '.bin', 'node');

if (program && !existsSync(link)) {
  mkdirSync(dirname(link), { recursive: true });
  if (lstatSync(link, { throwIfNoEntry: false })) unlinkSync(link); // It leads nowhere.
  symlinkSync(relative(dirname(link), program), link);
}
