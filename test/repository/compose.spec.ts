import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml';
import { readConfig } from '#lib/platform';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { dataPlaneSettings } from '../../apps/data-plane/src/config.js';
import { managementSettings } from '../../apps/management-api/src/config.js';
import { workerSettings } from '../../apps/worker/src/config.js';

interface Service {
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, unknown>;
  healthcheck?: unknown;
}

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const { services } = load(text, { schema: CORE_SCHEMA.withTags(mergeTag) }) as { services: Record<string, Service> };
const schemas: Record<string, z.ZodType> = {
  'management-api': managementSettings,
  'data-plane': dataPlaneSettings,
  worker: workerSettings,
};
/** What the Dockerfile sets for every app. */
const image = { REGATTA_LISTEN: '0.0.0.0', REGATTA_OPS_LISTEN: '0.0.0.0', OPS_PORT: '9464' };
/** What an operator fills in. */
const filledIn: Record<string, string> = {
  POSTGRES_PASSWORD: 'abc123',
  REGATTA_SECRET_KEY: randomBytes(32).toString('base64'),
  REGATTA_TLS_DIR: '/etc/tls',
  S3_ACCESS_KEY: 'key',
  S3_SECRET_KEY: 'secret-key',
};

const appServices = Object.entries(services).filter(([, service]) => Object.hasOwn(schemas, service.command?.[0] ?? ''));

describe('docker-compose.yml', () => {
  it('runs the three apps, those of a region in both regions', () => {
    expect(appServices.map(([name]) => name).toSorted()).toEqual([
      'data-plane-eastus',
      'data-plane-westeurope',
      'management-api',
      'worker-eastus',
      'worker-westeurope',
    ]);
  });

  it.each(appServices)('gives %s settings it starts with, and none that it does not read', (_name, service) => {
    const schema = schemas[service.command![0]!]!;
    const environment = Object.fromEntries(Object.entries(service.environment ?? {}).map(([name, value]) => [name, interpolate(value)]));
    expect(readConfig(schema, { ...image, ...environment })).toMatchObject({ REGATTA_REGIONS: ['eastus', 'westeurope'] });
    expect(Object.keys(environment).filter((name) => !(name in (schema as z.ZodObject).shape))).toEqual([]);
  });

  it('has no default for anything secret', () => {
    const withDefault = [...text.matchAll(/\$\{(\w+):?-/g)].map(([, name]) => name!);
    expect(withDefault.filter((name) => /PASSWORD|SECRET|KEY|TOKEN/.test(name))).toEqual([]);
    for (const name of Object.keys(filledIn)) expect(text, name).toContain(`\${${name}:?`);
  });

  it('asks for what deploy/compose.env.example names, and for nothing else', () => {
    const asked = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!));
    const example = readFileSync(join(root, 'deploy', 'compose.env.example'), 'utf8');
    const named = new Set([...example.matchAll(/^(\w+)=/gm)].map(([, name]) => name!));
    for (const optional of ['REGATTA_IMAGE', 'LOG_LEVEL']) asked.delete(optional);
    expect([...asked].toSorted()).toEqual([...named].toSorted());
    const secrets = [...example.matchAll(/^(\w*(?:PASSWORD|KEY|DIR))=(.*)$/gm)];
    expect(secrets.map(([, , value]) => value)).toEqual(secrets.map(() => ''));
  });
});

function interpolate(value: string): string {
  return value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind?: string, rest?: string) => {
    return filledIn[name] ?? (kind === '-' ? rest! : '');
  });
}
