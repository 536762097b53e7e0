import { readFile, rm, writeFile } from 'node:fs/promises';
import { isAlive, startOf } from './processes.js';

/** A process, named so that a later one with the same number is not mistaken for it. */
interface Owner {
  pid: number;
  start: string;
}

/** Another process that lives and said in `file` that the folder is its own; undefined when there is none. */
export async function livingOwner(file: string): Promise<number | undefined> {
  const owner = await readOwner(file);
  if (!owner || owner.pid === process.pid) return undefined;
  return isAlive(owner.pid) && startOf(owner.pid) === owner.start ? owner.pid : undefined;
}

/** Says in `file` that this process is the owner. */
export async function writeOwner(file: string): Promise<void> {
  const owner: Owner = { pid: process.pid, start: startOf(process.pid) ?? '' };
  await writeFile(file, JSON.stringify(owner), { mode: 0o600 });
}

/** Takes the claim back, if it is still ours. */
export async function removeOwner(file: string): Promise<void> {
  if ((await readOwner(file))?.pid === process.pid) await rm(file, { force: true });
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}
