import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Drill, type Part } from './drill.js';

/** Requests of each kind: `REGATTA_DRILL_REFUSED=10000 npx vitest run test/drills/refused-requests.spec.ts` prints what they cost. */
const count = Number(process.env['REGATTA_DRILL_REFUSED'] ?? 100);
const connections = 20;
const mib = 1024 * 1024;

const json = (...lines: string[]) => ['Content-Type: application/json', `Content-Length: ${4 * mib}`, ...lines];
const form = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${32 * 1024}`];
const basic = 'Authorization: Basic YTpi';
const bearer = 'Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA';
const group = '/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/a?api-version=2024-11-01';

/** What is sent: request line, header lines, and bytes of the body that follow. */
const kinds: readonly (readonly [Extract<Part, 'management-api' | 'data-plane'>, string, string, readonly string[], number])[] = [
  ['management-api', '4 MiB of JSON, announced', `PUT ${group}`, json(), 0],
  ['management-api', '4 MiB of JSON, sent', `PUT ${group}`, json(), 4 * mib],
  ['management-api', 'a form of 32 KiB', 'POST /organizations/oauth2/v2.0/token', form, 32 * 1024],
  ['management-api', 'wrong Basic', `GET ${group}`, [basic], 0],
  ['management-api', 'wrong Bearer', `GET ${group}`, [bearer], 0],
  ['data-plane', '4 MiB of JSON, announced', 'PUT /v2/drillreg/a/manifests/b', json(), 0],
  ['data-plane', '4 MiB of JSON, sent', 'PUT /v2/drillreg/a/manifests/b', json(), 4 * mib],
  ['data-plane', 'a form of 32 KiB', 'POST /oauth2/token', form, 32 * 1024],
  ['data-plane', 'wrong Basic', 'GET /v2/drillreg/a/manifests/b', [basic], 0],
  ['data-plane', 'wrong Bearer', 'GET /v2/drillreg/a/manifests/b', [bearer], 0],
];

function usage(pid: number): { cpuMs: number; rssMiB: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, rssMiB: Number(kib) / 1024 };
}

/** Sends one request, and its body as far as the other side takes it. Resolves with the status and whether the connection is still of use. */
function send(socket: Socket, head: string, body: Buffer): Promise<{ status: number; isOpen: boolean }> {
  return new Promise((resolve) => {
    let text = '';
    const end = () => {
      socket.off('data', take).off('close', end);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      resolve({ status, isOpen: !socket.destroyed && !/^connection: close/im.test(text) });
    };
    const take = (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const at = text.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (at >= 0 && text.length >= at + 4 + length) end();
    };
    socket.on('data', take).on('close', end);
    socket.write(head);
    if (body.length > 0) socket.write(body);
  });
}

async function client(port: number, head: string, body: Buffer, isWhole: boolean, left: () => boolean): Promise<number[]> {
  const statuses: number[] = [];
  let socket: Socket | undefined;
  while (left()) {
    if (!socket) {
      socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
    }
    const { status, isOpen } = await send(socket, head, body);
    statuses.push(status);
    if (isOpen && isWhole) continue;
    socket.destroy();
    socket = undefined;
  }
  socket?.destroy();
  return statuses;
}

describe(`${count} requests that are refused`, { timeout: 900_000 }, () => {
  let drill: Drill;
  beforeAll(async () => {
    drill = await Drill.start();
  });
  afterAll(() => drill?.stop());

  it.each(kinds)('are all answered by the %s: %s', async (part, what, line, headers, bytes) => {
    const { managementHttpPort, regions } = drill.facts;
    const port = part === 'management-api' ? managementHttpPort : regions.eastus.http;
    const head = [`${line} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers, '', ''].join('\r\n');
    const pids = drill.pids(part);
    const all = () => pids.map(usage);
    const isWhole = bytes > 0 || !headers.some((text) => text.startsWith('Content-Length'));
    const before = all();
    let left = count;
    const clients = Array.from({ length: connections }, () => client(port, head, Buffer.alloc(bytes, 0x61), isWhole, () => left-- > 0));
    const statuses = (await Promise.all(clients)).flat();
    const after = all();
    const sum = (of: typeof before, field: 'cpuMs' | 'rssMiB') => of.reduce((total, one) => total + one[field], 0);
    const cpu = (sum(after, 'cpuMs') - sum(before, 'cpuMs')) / count;
    process.stdout.write(
      `${part}, ${what}: ${cpu.toFixed(2)} ms CPU each, RSS ${sum(before, 'rssMiB').toFixed(0)} → ${sum(after, 'rssMiB').toFixed(0)} MiB, ` +
        `statuses ${[...new Set(statuses)].toString()}\n`,
    );
    expect(statuses).toHaveLength(count);
    // A connection that is cut while the body is still coming shows no status to a client that does not read.
    expect(statuses.filter((status) => status !== 0 && (status < 400 || status > 429))).toEqual([]);
  });
});
