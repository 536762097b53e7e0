import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newLogger } from '#lib/platform';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
const lines: { level: string; status?: number }[] = [];
let seen: () => void = () => undefined;

beforeAll(async () => {
  const destination = {
    write(line: string) {
      lines.push(JSON.parse(line) as (typeof lines)[number]);
      seen();
    },
  };
  management = await TestManagement.start({ LOG_LEVEL: 'info' }, newLogger({ name: 'spec', level: 'info', destination }));
});
afterAll(() => management?.stop());

it('counts a client that resets in the middle of a body as gone, and blames nobody', async () => {
  const { port } = new URL(management.baseUrl);
  const logged = new Promise<void>((resolve) => {
    seen = () => {
      if (lines.filter(({ status }) => status !== undefined).length >= 3) resolve();
    };
  });
  for (let client = 0; client < 3; client++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    const head = ['POST /organizations/oauth2/v2.0/token HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Length: 1000'];
    await new Promise<void>((resolve) =>
      socket.write([...head, 'Content-Type: application/x-www-form-urlencoded', '', 'grant_type=client_'].join('\r\n'), () => resolve()),
    );
    // The head must be under way before the reset, else there is no request at all.
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
  }
  await logged;
  expect(lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  expect(lines.flatMap(({ status }) => status ?? [])).toEqual([499, 499, 499]);
});
