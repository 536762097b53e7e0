import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import type { StandaloneConfig } from './config.js';
import { credentialsFile } from './home/credentials.js';

/** Of the first principal, what is no secret. */
export interface PublicIds {
  tenantId: string;
  subscriptionId: string;
  clientId: string;
}

/** What a started service tells whoever started it; `--json` prints it as it is. */
export interface Greeting extends PublicIds {
  managementUrl: string;
  /** Null: plain HTTP is off. */
  managementHttpUrl: string | null;
  swaggerUrl: string;
  /** `{registry}` stands for a registry's name in lower case. */
  loginServer: string;
  regions: { name: string; https: string; http: string | null }[];
  caFile: string;
  credentialsFile: string;
  home: string;
  logs: string;
  /** Process ids at the moment of the start, by name. */
  processes: Record<string, number>;
  /** Lines for a POSIX shell: make a registry, log in to it, push to it. */
  commands: { createRegistry: string; logIn: string; push: string };
}

/** The registry the greeting's commands make. */
const registry = 'myregistry';
const group = 'demo';

export async function greetingFor(
  config: StandaloneConfig,
  caFile: string,
  first: PublicIds,
  processes: Record<string, number>,
): Promise<Greeting> {
  const { management, regions, home, loginServerSuffix } = config;
  const host = new URL(management.url).hostname;
  const files = { caFile, credentialsFile: credentialsFile(home) };
  return {
    managementUrl: management.url,
    managementHttpUrl: httpUrl(host, management.http),
    swaggerUrl: `${management.url}/docs`,
    loginServer: `{registry}.${loginServerSuffix}`,
    regions: regions.map(({ name, https, http }) => ({ name, https: `https://localhost:${https}`, http: httpUrl('localhost', http) })),
    ...files,
    home,
    logs: join(home, 'logs'),
    ...first,
    processes,
    commands: {
      createRegistry: createRegistry(management.url, files, first, regions[0]!.name),
      ...(await imageCommands(loginServerSuffix, regions[0]!.https, files.credentialsFile, first.clientId)),
    },
  };
}

function httpUrl(host: string, port: number | null): string | null {
  return port === null ? null : `http://${host}:${port}`;
}

/** The greeting as people read it. */
export function greetingText(greeting: Greeting): string {
  const width = Math.max(...greeting.regions.map(({ name }) => name.length));
  const regions = greeting.regions.map(({ name, https, http }) => `    ${name.padEnd(width)}       ${https}  ${http ?? ''}`.trimEnd());
  return `
Regatta is running. Ctrl-C stops it; the data stays in ${greeting.home}

  Management API   ${[greeting.managementUrl, greeting.managementHttpUrl ?? []].flat().join('  ')}
  Swagger UI       ${greeting.swaggerUrl}
  Login servers    ${greeting.loginServer}
${regions.join('\n')}
  CA certificate   ${greeting.caFile}
  Credentials      ${greeting.credentialsFile}
  Logs             ${greeting.logs}

1. Create a registry

${greeting.commands.createRegistry}

2. Log in

${greeting.commands.logIn}

3. Push an image (here one that holds a single small file)

${greeting.commands.push}
`;
}

function createRegistry(
  url: string,
  files: { caFile: string; credentialsFile: string },
  { tenantId, subscriptionId, clientId }: PublicIds,
  region: string,
): string {
  const base = `${url}/subscriptions/${subscriptionId}/resourceGroups/${group}`;
  const put = `curl -fsS --cacert ${quote(files.caFile)} -X PUT -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'`;
  return [
    `TOKEN=$(curl -fsS --cacert ${quote(files.caFile)} ${quote(`${url}/${tenantId}/oauth2/v2.0/token`)} \\`,
    `  -d grant_type=client_credentials -d client_id=${clientId} --data-urlencode "client_secret=$(${secretFrom(files.credentialsFile)})" \\`,
    `  --data-urlencode scope=${url}/.default | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/') && \\`,
    `${put} \\`,
    `  ${quote(`${base}?api-version=2021-04-01`)} -d '{"location":"${region}"}' && \\`,
    `${put} \\`,
    `  ${quote(`${base}/providers/Microsoft.ContainerRegistry/registries/${registry}?api-version=2025-11-01`)} \\`,
    `  -d '{"location":"${region}","sku":{"name":"Standard"},"properties":{"adminUserEnabled":true}}'`,
  ].join('\n');
}

async function imageCommands(
  suffix: string,
  httpsPort: number,
  credentials: string,
  clientId: string,
): Promise<{ logIn: string; push: string }> {
  const loginServer = `${registry}.${suffix}`;
  // Docker asks the system for the address. Where it knows no name below localhost, the same registry is reached by path.
  const named = await resolves(loginServer.replace(/:\d+$/, ''));
  const host = named ? loginServer : `localhost:${httpsPort}`;
  const image = named ? `${loginServer}/hello:1` : `${host}/${registry}/hello:1`;
  return {
    logIn: `${secretFrom(credentials)} | docker login ${host} -u ${clientId} --password-stdin`,
    push: `tar -c /etc/hostname 2>/dev/null | docker import - ${image} && docker push ${image}`,
  };
}

function secretFrom(file: string): string {
  return `sed -n 's/.*"clientSecret": "\\([^"]*\\)".*/\\1/p' ${quote(file)}`;
}

async function resolves(host: string): Promise<boolean> {
  return lookup(host).then(
    () => true,
    () => false,
  );
}

/** A word for a POSIX shell, in quotes where it needs them. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
