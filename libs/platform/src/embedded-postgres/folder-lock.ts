import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startOf } from './processes.js';

/** Longer than it takes to find an owner dead and remove its claim. */
const settleMs = 100;

/** A process, named so that a later one with the same number is not mistaken for it. */
interface Owner {
  pid: number;
  start: string;
}

/** Somebody else holds the lock and lives. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';

  constructor(
    readonly file: string,
    readonly pid: number,
  ) {
    super(`${file} is held by process ${pid}.`);
  }
}

/** A claim on a folder that ends with the process that made it, however it ends. */
export class FolderLock {
  private constructor(
    readonly file: string,
    /** Whether the last owner ended without letting go: killed, or the machine went down. */
    readonly wasAbandoned: boolean,
  ) {}

  /** Takes the lock or throws {@link FolderInUse}. */
  static async take(file: string): Promise<FolderLock> {
    let wasAbandoned = false;
    for (;;) {
      if ((await claim(file)) && (!wasAbandoned || (await isSettled(file)))) return new FolderLock(file, wasAbandoned);
      const owner = await readOwner(file);
      if (owner && (await lives(owner))) throw new FolderInUse(file, owner.pid);
      await rm(file, { force: true });
      wasAbandoned = true;
    }
  }

  async release(): Promise<void> {
    if ((await readOwner(this.file))?.pid === process.pid) await rm(this.file, { force: true });
  }
}

/** Links a file that is already whole into place, so that nobody ever reads half an owner; false when the place is taken. */
async function claim(file: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  const owner: Owner = { pid: process.pid, start: startOf(process.pid) ?? '' };
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Of two that found the same dead owner, the second may have removed the first's fresh claim: whoever is named in the end holds it. */
async function isSettled(file: string): Promise<boolean> {
  await sleep(settleMs);
  return (await readOwner(file))?.pid === process.pid;
}

async function lives({ pid, start }: Owner): Promise<boolean> {
  return isAlive(pid) && startOf(pid) === start;
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}
