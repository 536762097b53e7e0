import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BodyBudget } from './body-budget.js';
import { incomingBody } from './incoming-body.js';

const budget = new BodyBudget();
let received = 0;
/** Takes a body piece by piece and says how long it was. */
const server = createServer(async (request, response) => {
  const body = incomingBody(request, budget);
  try {
    for (let piece = await body.next(); piece; piece = await body.next()) received += piece.length;
    response.end(String(received));
  } catch {
    response.destroy();
  } finally {
    body.close();
  }
});
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => server.close());

/** A client that has sent less than it said, and then nothing for a second. */
async function pausing() {
  received = 0;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n');
  socket.write(Buffer.alloc(200_000));
  await expect
    .poll(() => {
      budget.second();
      return received;
    })
    .toBe(200_000);
  expect(budget.held).toBeGreaterThan(0);
  return socket;
}

it('reads on when a client that paused goes on', async () => {
  const socket = await pausing();
  socket.write(Buffer.alloc(100_000));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 [\s\S]*300000/);
});

it('frees the memory of a client that paused and then closed its connection', async () => {
  const socket = await pausing();
  socket.destroy();
  await expect.poll(() => budget.held).toBe(0);
});
