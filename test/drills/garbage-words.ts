import type { Dice } from './dice.js';

const digest = `sha256:${'0'.repeat(64)}`;
const uuid = '00000000-0000-4000-8000-000000000001';

/** Values of one segment or parameter, percent-encoded where HTTP asks for it; more than one kind of wrong. */
export const words = [
  ...['', '.', '..', '...', '%2e%2e', '%2f', '%5c', '%00', '%01', '%7f', '%c2%80', '%c4%b0', '%e2%84%aa', '%ff', '%c0%af', '%ed%a0%80'],
  ...['%', '%4', '%zz', '%u0041', '%25%30%30', '+', '*', '-1', '0', '1', '1e9', '9'.repeat(40), '-0', 'NaN', 'null', 'undefined', 'true'],
  ...['__proto__', 'constructor', 'toString', '[]', '%7b%7d', '%27%20or%201=1--', "';--", '$filter', '@', ':', 'a:b', 'a@b', '~', '!'],
  ...['latest', '_catalog', 'tags', 'list', 'manifests', 'blobs', 'uploads', 'referrers', 'default', 'registries', 'v2', 'UPPER', 'a..b'],
  ...[
    digest,
    digest.toUpperCase(),
    'sha256:',
    'sha256:xyz',
    `sha512:${'f'.repeat(128)}`,
    `sha256:${'g'.repeat(64)}`,
    'md5:d41d8cd98f00b204',
  ],
  ...[
    uuid,
    '{}',
    'a'.repeat(64),
    'a'.repeat(128),
    'a'.repeat(300),
    'a'.repeat(600),
    'a'.repeat(5000),
    '%f0%9f%98%80',
    '%e5%90%8d'.repeat(30),
  ],
];

export const versions = [
  '2025-11-01',
  '2024-11-01',
  '2022-12-01',
  '2017-03-01',
  '2022-04-01',
  '2031-01-01',
  '2025-11-01-preview',
  '',
  'latest',
  '%00',
];
export const parameters = [
  ...['api-version', '$filter', '$top', '$skipToken', '$expand', 'API-VERSION', 'n', 'last', 'digest', 'mount', 'from', 'artifactType'],
  ...['service', 'scope', 'account', 'grant_type', 'access_token', '__proto__', 'a%5bb%5d', '%00', '', '%ff'],
];
export const filters = [
  ...["tagName%20eq%20'a'", "principalId%20eq%20'x'", 'atScope()', "substringof('%00',name)", "name%20eq%20'", `${'('.repeat(500)}`],
  ...["roleName%20eq%20'%ff'", "resourceType%20eq%20'a'%20and%20".repeat(20), "assignedTo('')"],
];
export const scopes = [
  'repository:a:pull',
  'repository::',
  'registry:catalog:*',
  'repository:a:*',
  ':'.repeat(99),
  '%00',
  'repository:A/../b:pull,push',
];

export const types = [
  ...['application/json', 'application/json; charset=utf-16', 'application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data'],
  ...['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v1+json', 'application/octet-stream'],
  ...[
    'application/vnd.oci.image.index.v1+json',
    '',
    ';',
    '/',
    'a/b/c',
    'application/json;'.repeat(40),
    'application/merge-patch+json',
    '*/*',
    '\xff',
  ],
];
export const oddHeaders: Readonly<Record<string, readonly string[]>> = {
  Range: [
    'bytes=0-',
    'bytes=-1',
    'bytes=5-1',
    'bytes=0-0,2-3',
    'bytes=',
    'lines=1-2',
    `bytes=${'9'.repeat(30)}-`,
    `bytes=${'0-1,'.repeat(300)}`,
    '\xff',
  ],
  'Content-Range': ['0-0', '5-1', 'bytes 0-1/2', `${'9'.repeat(30)}-${'9'.repeat(31)}`, '-', 'a-b', '0--1'],
  'If-Match': ['*', '""', '"x"', 'x', 'W/"x"', '"'.repeat(99), '"a", "b"', ',', '\xe9'],
  'If-None-Match': ['*', '"x"', 'W/""', ','.repeat(999), '\xff'],
  'If-Modified-Since': ['Tue, 24 Nov 2026 00:00:00 GMT', 'yesterday', '-1'],
  Accept: ['', '*/*', ';q=', 'application/json;q=NaN', 'a/b,'.repeat(500), 'text/html', '\xff'],
  'Accept-Encoding': ['gzip', 'identity;q=0', 'br;q=', ',,,'],
  'Accept-Language': ['xx', '*', '-'],
  'X-Forwarded-For': ['::1', '1.2.3.4, x', 'unknown', ','.repeat(300)],
  'X-Forwarded-Host': ['evil.example', 'a b', '[', ''],
  'X-Forwarded-Proto': ['https', 'gopher', ''],
  Forwarded: ['for=1.2.3.4;host=x', 'for="', ';;;=', 'for=[::'],
  'X-Forwarded-Prefix': ['/../x'],
  Expect: ['nothing'],
  Cookie: ['a=b', '=', '\xff'],
  Origin: ['null', 'http://evil.example'],
  'Access-Control-Request-Method': ['DELETE', 'x'],
  'x-ms-client-request-id': [uuid, 'x'.repeat(2000), '\xff', ''],
  'x-ms-correlation-request-id': ['x', '{}'],
  'x-ms-return-client-request-id': ['true', 'maybe'],
  'Docker-Content-Digest': [digest, 'x'],
  'OCI-Subject': [digest],
  'Content-Encoding': ['gzip', 'x'],
  'Content-MD5': ['x'],
  Prefer: ['respond-async', 'x'.repeat(300)],
  traceparent: ['00-zz', 'x'],
  Upgrade: ['h2c'],
  Te: ['trailers'],
};
export const wrongCredentials = [
  ...[
    'Basic',
    'Basic Og==',
    'Basic YTpi',
    'Basic ////',
    `Basic ${'A'.repeat(4000)}`,
    'Basic /////w==',
    'Bearer',
    'Bearer x',
    'Bearer e30.e30.',
  ],
  ...[
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    `Bearer ${'a'.repeat(6000)}`,
    'Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6IlwwIn0.e30.AAAA',
    'Digest x',
    '',
    '\xff',
  ],
];

/** A value of JSON that no schema asked for, written as text: what JSON.stringify would not write is among it. */
function value(dice: Dice, depth = 0): string {
  const scalars = [
    ...[
      'null',
      'true',
      'false',
      '0',
      '-1',
      '1e308',
      '1e999',
      '9'.repeat(400),
      '-0',
      '1.5',
      '""',
      '"a"',
      '"\\u0000"',
      '"\\ud800"',
      '"\\udc00x"',
    ],
    ...[
      '"\\u0130"',
      '"\\u202e"',
      `"${'x'.repeat(3000)}"`,
      '"2999-01-01T00:00:00Z"',
      '"0000-00-00T00:00:00Z"',
      `"${digest}"`,
      `"${uuid}"`,
      '"eastus"',
    ],
    ...['"\xff\xfe"', '"\xc3"', '[]', '{}', '[[]]', '"__proto__"', '"https://x/"', '"/subscriptions/x"'],
  ];
  if (depth > 3 || dice.chance(55)) return dice.of(scalars);
  const count = dice.below(4);
  if (dice.chance(30)) return `[${Array.from({ length: count }, () => value(dice, depth + 1)).join(',')}]`;
  return object(dice, depth + 1);
}

const members = [
  ...[
    'location',
    'sku',
    'name',
    'tier',
    'properties',
    'tags',
    'identity',
    'type',
    'id',
    'adminUserEnabled',
    'policies',
    'networkRuleSet',
    'ipRules',
  ],
  ...[
    'encryption',
    'keyVaultProperties',
    'keyIdentifier',
    'status',
    'days',
    'retentionPolicy',
    'roleDefinitionId',
    'principalId',
    'operation',
  ],
  ...[
    'displayName',
    'subscriptionId',
    'secretExpiresOn',
    'expiresOn',
    'enabled',
    'description',
    'zoneRedundancy',
    'autoGeneratedDomainNameLabelScope',
  ],
  ...[
    'schemaVersion',
    'mediaType',
    'config',
    'layers',
    'digest',
    'size',
    'manifests',
    'annotations',
    'subject',
    'platform',
    'artifactType',
    'urls',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', '', '\\u0000', '\\ud800', 'x'.repeat(600), 'a.b', '$ref'],
];

function object(dice: Dice, depth = 0): string {
  const count = dice.below(6);
  return `{${Array.from({ length: count }, () => `"${dice.of(members)}":${value(dice, depth + 1)}`).join(',')}}`;
}

/** The bytes of a body, one character each. */
export function garbageBody(dice: Dice): string {
  switch (dice.below(12)) {
    case 0:
      return '';
    case 1:
      return '['.repeat(dice.of([10, 100, 5000, 50_000]));
    case 2:
      return `${'{"a":'.repeat(dice.of([63, 64, 65, 200]))}1${'}'.repeat(64)}`;
    case 3:
      return Array.from({ length: dice.below(400) }, () => String.fromCharCode(dice.below(256))).join('');
    case 4:
      return `${dice.of(parameters)}=${dice.of(words)}&grant_type=${dice.of(['client_credentials', 'refresh_token', 'password', 'access_token', '%00'])}&client_id=${dice.of(words)}&scope=${dice.of(scopes)}&service=${dice.of(words)}`;
    case 5:
      return `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":${object(dice)},"layers":[${object(dice)}]}`;
    case 6:
      return `{"location":"eastus","sku":{"name":${value(dice)}},"properties":${object(dice)}}`;
    case 7:
      return `{"properties":${object(dice)},"operation":"Merge","tags":${object(dice)}}`;
    default:
      return dice.chance(80) ? object(dice) : value(dice);
  }
}
