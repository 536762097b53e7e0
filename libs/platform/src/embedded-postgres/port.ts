import { createServer } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';

/** The port remembered in `file` when it is still free, otherwise a free one; what is chosen is remembered. */
export async function stablePort(file: string): Promise<number> {
  const remembered = Number(await readFile(file, 'utf8').catch(() => ''));
  const usable = Number.isInteger(remembered) && remembered > 0 && remembered < 65_536 && (await tryPort(remembered)) !== undefined;
  const port = usable ? remembered : await freePort();
  if (port !== remembered) await writeFile(file, `${port}\n`);
  return port;
}

/** A port of 127.0.0.1 nobody listens on right now. */
export async function freePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === undefined) throw new Error('This machine gives out no free port on 127.0.0.1.');
  return port;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
