import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, ociManifest } from '../support/registry-client.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';

/** Stands in everything that is sent here, so that its lines are found. */
const mark = `forged${randomBytes(6).toString('hex')}`;
const forgery = `{"level":"fatal","name":"management-api","msg":"${mark}"}`;
/** Text that would begin a line of its own, end a JSON string, clear a terminal, or be a formula in a table. */
const hostile: Readonly<Record<string, string>> = {
  'CR and LF': `${mark}\r\n${forgery}\r\n`,
  LF: `${mark}\n${forgery}\n`,
  CR: `${mark}\r${forgery}`,
  'line and paragraph separators': `${mark}\u2028${forgery}\u2029`,
  'an escape sequence': `${mark}\u001B[2J\u001B]0;${mark}\u0007`,
  'an escape sequence of one byte': `${mark}\u009B2J`,
  'a next line of one byte': `${mark}\u0085${forgery}`,
  'the end of a string': `${mark}","level":"fatal","x":"`,
  'a reversed direction': `${mark}\u202E`,
  'a formula': `=cmd|' /C ${mark}'!A0`,
};

let registry: TestRegistry;
let token: string;
beforeAll(async () => {
  registry = await testRegistry('lines');
  token = await registry.management.token();
});
afterAll(() => registry?.remove());

const ports = () => ({ management: registry.service.managementHttpPort, data: registry.service.regions.eastus.http });

/** One request, byte by byte; what came back, until the server closed. */
function send(port: number, head: readonly string[], body: Buffer = Buffer.alloc(0)): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]));
  });
}

/** The text as bytes of one head line: as UTF-8, of which a server sees single bytes. */
const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const authorized = () => [`authorization: Bearer ${token}`, 'connection: close'];

/** What all processes of the service have written. */
function logLines(): string[] {
  const folder = join(registry.service.home, 'logs');
  return readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean));
}

/** All lines, those of everything before among them: a process writes in order. */
async function written(): Promise<string[]> {
  const seen = (id: string) => logLines().some((line) => line.includes(id));
  for (const say of [askManagement, askRegistry]) {
    let ids: string[] = [];
    for (let attempt = 0; !ids.some(seen); attempt++) {
      expect(attempt).toBeLessThan(200);
      // Of refusals only a sample is written: asks until it was this one.
      ids = [...ids.slice(-100), randomUUID()];
      await say(ids.at(-1)!);
      await sleep(20);
    }
  }
  return logLines();
}

const askManagement = (id: string) =>
  send(ports().management, [
    'GET /subscriptions?api-version=2022-12-01 HTTP/1.1',
    'host: localhost',
    `x-ms-correlation-request-id: ${id}`,
    ...authorized(),
  ]);
const askRegistry = (id: string) =>
  registry.client.send('PUT', '/v2/app/manifests/-not-a-tag-', { body: '{}', headers: { 'x-ms-correlation-request-id': id } });

function expectWholeLines(lines: readonly string[]): void {
  for (const line of lines) {
    // C0, DEL, C1, separators and marks of direction: a reader's terminal obeys them, whether JSON allows them or not.
    expect(line).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/);
    const { msg, level } = JSON.parse(line) as { msg?: string; level: string };
    expect([msg === mark, level === 'fatal']).toEqual([false, false]);
  }
}

describe('Hostile text', () => {
  it.each(Object.entries(hostile))('in heads is refused or written as part of one line: %s', async (_title, text) => {
    for (const port of Object.values(ports())) {
      const plain = `GET /subscriptions/${mark}?api-version=2022-12-01 HTTP/1.1`;
      for (const name of [
        'user-agent',
        'x-ms-correlation-request-id',
        'x-ms-client-request-id',
        'client-request-id',
        'x-forwarded-for',
        'referer',
      ])
        await send(port, [plain, 'host: localhost', 'x-ms-return-client-request-id: true', `${name}: ${bytes(text)}`, ...authorized()]);
      await send(port, [plain, `host: ${bytes(text)}`, ...authorized()]);
      const targets = [
        `/${bytes(text)}`,
        `/subscriptions/${encodeURIComponent(text)}`,
        `/v2/${registry.name}/${encodeURIComponent(text)}/tags/list`,
      ];
      for (const target of [...targets, `/v2/${registry.name}/app/manifests/${encodeURIComponent(text)}`])
        await send(port, [`GET ${target} HTTP/1.1`, 'host: localhost', ...authorized()]);
    }
    expectWholeLines(await written());
  });

  it.each(Object.entries(hostile))('in tags, names and annotations is kept as a value, and the log holds: %s', async (_title, text) => {
    const { management, group, name, client } = registry;
    const root = management.registryPath(group, name);
    await management.send('PATCH', root, { tags: { note: text } });
    expect((await management.send('GET', root)).json<{ tags: { note: string } }>().tags.note).toBe(text);
    await management.send('POST', '/regatta/v1/servicePrincipals', { displayName: text, subscriptionId: 'none' });
    const config = Buffer.from('{}');
    await client.pushBlob('app', config);
    const descriptor = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(config), size: config.length };
    const manifest = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, config: descriptor, layers: [], annotations: { note: text } }),
    );
    expect((await client.putManifest('app', 'annotated', manifest)).status).toBe(201);
    const answer = await client.manifest('app', 'annotated');
    expect(answer.body.equals(manifest)).toBe(true);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect((await client.putManifest('app', encodeURIComponent(text), manifest)).status).toBe(400);
    expectWholeLines(await written());
  });

  it('that names a request is not repeated: the ids in answers and lines are ours', async () => {
    const odd = [`${mark}"}`, `${mark} x`, `${mark}<script>`, `${mark}%0d%0aset-cookie:x=1`, mark.repeat(100), `=${mark}`];
    for (const port of Object.values(ports())) {
      for (const id of odd) {
        const ids = ['x-ms-correlation-request-id', 'x-ms-client-request-id', 'client-request-id'].map((name) => `${name}: ${id}`);
        const head = ['GET /v2/ HTTP/1.1', 'host: localhost', 'x-ms-return-client-request-id: true', ...ids, 'connection: close'];
        const answer = await send(port, head);
        expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /);
        expect(answer).not.toContain(mark);
      }
    }
    for (const line of await written()) {
      const { correlationId } = JSON.parse(line) as { correlationId?: string };
      expect(correlationId ?? '').toMatch(/^[\w.:-]{0,128}$/);
    }
  });
});
