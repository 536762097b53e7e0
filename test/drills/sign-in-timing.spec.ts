import { chmodSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildService } from '../support/build-service.js';
import type { Management } from '../support/management.js';
import { median, rankTest } from '../support/rank-test.js';
import { managementOf, ServiceProcess } from '../support/service-process.js';
import { type Timed, timedRequest } from '../support/timed-request.js';

/**
 * Sign-ins of each kind: `REGATTA_DRILL_SIGN_INS=10000 npx vitest run test/drills/sign-in-timing.spec.ts` prints how long refusals take
 * and whether the kinds can be told apart by it.
 */
const count = Number(process.env['REGATTA_DRILL_SIGN_INS'] ?? 20);

interface Credentials {
  user: string;
  secret: string;
}

describe(`${count} refused sign-ins of each kind`, { timeout: 1_800_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'regatta-timing-'));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let service: ServiceProcess;
  let management: Management;
  let kinds: Record<string, () => Credentials>;
  let sent = 0;

  beforeAll(async () => {
    chmodSync(home, 0o755); // The embedded Postgres runs as another user when we are root.
    await buildService();
    // Failures are counted by address: each sign-in comes from another one.
    service = await ServiceProcess.start({ home, env: { REGATTA_TRUSTED_PROXIES: '127.0.0.1' } });
    management = managementOf(service.facts);
    const make = async (): Promise<Credentials & { id: string }> => {
      const body = { subscriptionId: management.credentials.subscriptionId, displayName: 'timing' };
      const answer = await management.send('POST', '/regatta/v1/servicePrincipals', body);
      const made = answer.json<{ id: string; clientId: string; secret: string }>();
      return { id: made.id, user: made.clientId, secret: made.secret };
    };
    const [known, disabled] = [await make(), await make()];
    await management.send('PATCH', `/regatta/v1/servicePrincipals/${disabled.id}`, { enabled: false });
    const often = randomUUID();
    kinds = {
      'unknown, another each time': () => ({ user: randomUUID(), secret: known.secret }),
      'unknown, the same each time': () => ({ user: often, secret: known.secret }),
      'known, wrong secret': () => ({ user: known.user, secret: disabled.secret }),
      'disabled, right secret': () => ({ user: disabled.user, secret: disabled.secret }),
      'disabled, wrong secret': () => ({ user: disabled.user, secret: known.secret }),
    };
  }, 300_000);
  afterAll(async () => {
    agent.destroy();
    await service?.stop();
    await rm(home, { recursive: true, force: true });
  });

  const timed = (port: number, method: string, path: string, headers: Record<string, string>, body: string): Promise<Timed> => {
    sent += 1;
    const from = `10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`;
    return timedRequest(agent, { port, method, path, headers: { ...headers, 'X-Forwarded-For': from }, body });
  };

  const doors: Record<string, (credentials: Credentials) => Promise<Timed>> = {
    'the token endpoint': ({ user, secret }) => {
      const form = {
        grant_type: 'client_credentials',
        client_id: user,
        client_secret: secret,
        scope: 'https://management.azure.com/.default',
      };
      const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
      return timed(
        service.facts.managementHttpPort,
        'POST',
        '/organizations/oauth2/v2.0/token',
        type,
        new URLSearchParams(form).toString(),
      );
    },
    'Basic at a registry host': ({ user, secret }) => {
      const basic = { Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` };
      return timed(service.facts.regions.eastus.http, 'GET', '/v2/', basic, '');
    },
  };

  it.each(Object.entries(doors))('are refused alike by %s', async (door, signIn) => {
    const names = Object.keys(kinds);
    const times = new Map(names.map((name): [string, number[]] => [name, []]));
    const statuses = new Set<number>();
    const warmUp = Math.min(500, count);
    for (let round = -warmUp; round < count; round += 1) {
      // In another order each time, so that none always follows the same.
      for (const name of names.toSorted(() => Math.random() - 0.5)) {
        const { ms, status } = await signIn(kinds[name]!());
        statuses.add(status);
        if (round >= 0) times.get(name)!.push(ms);
      }
    }
    expect([...statuses]).toEqual([401]);
    const base = times.get('known, wrong secret')!;
    for (const name of names) {
      const own = times.get(name)!;
      const z = rankTest(own, base).toFixed(2);
      process.stdout.write(`${door}, ${name}: median ${median(own).toFixed(3)} ms, z ${z} against a known one with a wrong secret\n`);
    }
    // How far two halves of one kind are apart is the noise.
    const halves = rankTest(
      base.filter((_, at) => at % 2 === 0),
      base.filter((_, at) => at % 2 === 1),
    );
    process.stdout.write(`${door}, z of two halves of one kind: ${halves.toFixed(2)}\n`);
  });
});
