import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Drill, type Part } from './drill.js';
import { caOf } from '../support/service-process.js';
import { flood, greet, type Message, type Target, usageOf } from './refused-scene.js';

/** Few unless told otherwise: `REGATTA_DRILL_REFUSED=10000 npx vitest run test/drills/refused-requests.spec.ts` prints and judges costs. */
const measured = process.env['REGATTA_DRILL_REFUSED'];
const count = Number(measured ?? 100);
/** What one may cost, beside the handshake of its connection where that has to be a new one. */
const mostCpuMs = 1;
/** How much memory the second half of the requests may add. */
const mostGrowthMiB = 32;

const MiB = 1024 * 1024;
const nothing = Buffer.alloc(0);
const large = Buffer.alloc(4 * MiB, 0x61);

const group = '/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/a?api-version=2024-11-01';
const bearer = 'Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA';
/** A user that was never seen, since many failures of one are told to wait. */
const stranger = () => `Authorization: Basic ${Buffer.from(`${randomUUID()}:wrong`).toString('base64')}`;

function json(line: string, body: Buffer, ...more: string[]): Message {
  return { head: [line, 'Content-Type: application/json', `Content-Length: ${large.length}`, ...more], body };
}

/** A form of 32 KiB. */
function form(line: string, fields: Record<string, string>): Message {
  const text = new URLSearchParams(fields).toString();
  const padding = Array.from({ length: 32 }, (_, index) => `&p${index}=`.padEnd(1024, 'x')).join('');
  const body = Buffer.from(`${text}${padding}`.slice(0, 32 * 1024));
  return { head: [line, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`], body };
}

const grant = (client: string) => ({
  grant_type: 'client_credentials',
  client_id: client,
  client_secret: 'wrong',
  scope: `${drill.facts.managementUrl}/.default`,
});
const password = (user: string) => ({ grant_type: 'password', username: user, password: 'wrong', service: loginServer });

type Kinds = Record<string, [message: () => Message, ...statuses: number[]]>;
const planes: Record<Extract<Part, 'management-api' | 'data-plane'>, Kinds> = {
  'management-api': {
    '4 MiB of JSON, announced': [() => json(`PUT ${group} HTTP/1.1`, nothing), 401],
    '4 MiB of JSON': [() => json(`PUT ${group} HTTP/1.1`, large), 401],
    '4 MiB of JSON with a wrong token': [() => json(`PUT ${group} HTTP/1.1`, large, bearer), 401],
    '4 MiB of JSON with wrong Basic': [() => json(`PUT ${group} HTTP/1.1`, large, stranger()), 401],
    'a wrong token': [() => ({ head: [`GET ${group} HTTP/1.1`, bearer], body: nothing }), 401],
    'wrong Basic': [() => ({ head: [`GET ${group} HTTP/1.1`, stranger()], body: nothing }), 401],
    'a form of a stranger': [() => form('POST /organizations/oauth2/v2.0/token HTTP/1.1', grant(randomUUID())), 401],
    'a form with a wrong secret': [
      () => form('POST /organizations/oauth2/v2.0/token HTTP/1.1', grant(drill.management.credentials.clientId)),
      401,
      429,
    ],
  },
  'data-plane': {
    '4 MiB of JSON, announced': [() => json('PUT /v2/a/manifests/b HTTP/1.1', nothing), 401],
    '4 MiB of JSON': [() => json('PUT /v2/a/manifests/b HTTP/1.1', large), 401],
    '4 MiB of JSON with a wrong token': [() => json('PUT /v2/a/manifests/b HTTP/1.1', large, bearer), 401],
    '4 MiB of JSON with wrong Basic': [() => json('PUT /v2/a/manifests/b HTTP/1.1', large, stranger()), 401],
    'a wrong token': [() => ({ head: ['GET /v2/a/manifests/b HTTP/1.1', bearer], body: nothing }), 401],
    'wrong Basic': [() => ({ head: ['GET /v2/a/manifests/b HTTP/1.1', stranger()], body: nothing }), 401],
    'a form of a stranger': [() => form('POST /oauth2/token HTTP/1.1', password(randomUUID())), 401],
    'a form with a wrong password': [() => form('POST /oauth2/token HTTP/1.1', password('drillrefused')), 401, 429],
  },
};

let drill: Drill;
let loginServer: string;
const handshakeMs: Partial<Record<Part, number>> = {};

beforeAll(async () => {
  drill = await Drill.start();
  ({ loginServer } = (await drill.management.createRegistry('drill', 'drillrefused')).properties);
}, 300_000);
afterAll(() => drill?.stop());

function doorOf(part: Part, scheme: 'HTTP' | 'HTTPS'): { target: Target; host: string } {
  const { managementHttpPort, managementHttpsPort, regions } = drill.facts;
  const [http, https] = part === 'management-api' ? [managementHttpPort, managementHttpsPort] : [regions.eastus.http, regions.eastus.https];
  const host = part === 'management-api' ? 'localhost' : loginServer;
  if (scheme === 'HTTP') return { target: { port: http }, host };
  return { target: { port: https, tls: { ca: caOf(drill.facts), servername: host.split(':')[0]! } }, host };
}

const rows = Object.entries(planes).flatMap(([part, kinds]) =>
  (['HTTP', 'HTTPS'] as const).flatMap((scheme) => Object.keys(kinds).map((what) => [part as keyof typeof planes, scheme, what] as const)),
);

describe(`${count} requests that are refused`, { timeout: 900_000 }, () => {
  it.each(rows)('are all answered by the %s over %s: %s', async (part, scheme, what) => {
    const { target, host } = doorOf(part, scheme);
    const pids = drill.pids(part);
    const [make, ...statuses] = planes[part][what]!;
    const message = (): Message => {
      const { head, body } = make();
      return { head: [...head, `Host: ${host}`], body };
    };
    const half = async () => {
      const answered = await flood(target, count / 2, message);
      expect(Object.keys(answered).filter((status) => !statuses.includes(Number(status)))).toEqual([]);
      return usageOf(pids);
    };
    if (target.tls) handshakeMs[part] ??= await handshakeCost(pids, target);
    const before = usageOf(pids);
    const [first, second] = [await half(), await half()];
    if (!measured) return;
    const cpu = (second.cpuMs - before.cpuMs) / count;
    const memory = [before, first, second].map(({ rssMiB }) => rssMiB.toFixed(0)).join(' → ');
    process.stdout.write(`${part}, ${scheme}, ${what}: ${cpu.toFixed(2)} ms CPU each, RSS ${memory} MiB\n`);
    const isNew = what.startsWith('4 MiB');
    expect(cpu).toBeLessThan(mostCpuMs + (isNew && target.tls ? handshakeMs[part]! : 0));
    expect(second.rssMiB - first.rssMiB).toBeLessThan(mostGrowthMiB);
  });
});

async function handshakeCost(pids: readonly number[], target: Target): Promise<number> {
  const before = usageOf(pids).cpuMs;
  await greet(target, count);
  const cost = (usageOf(pids).cpuMs - before) / count;
  if (measured) process.stdout.write(`a connection with its TLS handshake: ${cost.toFixed(2)} ms CPU\n`);
  return cost;
}
