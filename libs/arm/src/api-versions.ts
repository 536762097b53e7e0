import { Fault } from '#lib/domain';

/** Which of the two projections of the one internal model a version gets: preview is a superset of stable. */
export type VersionFamily = 'stable' | 'preview';

/** An accepted `api-version` of a request. */
export interface ApiVersion {
  value: string;
  family: VersionFamily;
}

const preview = (...dates: string[]) => dates.map((date) => `${date}-preview`);

const registryStable = ['2017-03-01', '2017-10-01', '2019-05-01', '2021-09-01', '2022-12-01', '2023-07-01', '2025-04-01', '2025-11-01'];
const registryPreview = [
  ...preview('2017-06-01', '2019-12-01', '2020-11-01', '2021-06-01', '2021-08-01', '2021-12-01', '2022-02-01'),
  ...preview('2023-01-01', '2023-06-01', '2023-08-01', '2023-11-01', '2024-11-01'),
  ...preview('2025-03-01', '2025-05-01', '2025-06-01', '2026-01-01', '2026-03-01', '2026-09-01'),
];
const taskVersions = ['2018-09-01', '2019-04-01', ...preview('2018-02-01', '2019-06-01', '2025-03-01')];
const resourceVersions = [
  ...['2014-04-01', '2015-01-01', '2015-11-01', '2016-02-01', '2016-07-01', '2016-09-01', '2017-05-01', '2017-05-10', '2017-08-01'],
  ...['2018-01-01', '2018-02-01', '2018-05-01', '2019-03-01', '2019-05-01', '2019-05-10', '2019-07-01', '2019-08-01', '2019-10-01'],
  ...['2020-01-01', '2020-06-01', '2020-08-01', '2020-10-01', '2021-01-01', '2021-04-01', '2022-09-01', '2023-07-01', '2024-03-01'],
  ...['2024-07-01', '2024-11-01', '2025-03-01', '2025-04-01'],
];
const subscriptionVersions = [
  ...['2014-04-01', '2015-01-01', '2015-11-01', '2016-02-01', '2016-06-01', '2016-07-01', '2016-09-01', '2017-05-01', '2018-01-01'],
  ...['2018-02-01', '2018-05-01', '2018-06-01', '2019-03-01', '2019-06-01', '2019-10-01', '2019-11-01', '2020-01-01', '2021-01-01'],
  ...['2021-04-01', '2022-09-01', '2022-12-01'],
];

const authorizationVersions = [
  ...['2015-07-01', '2022-04-01'],
  ...preview('2015-06-01', '2018-01-01', '2018-07-01', '2018-09-01', '2020-03-01', '2020-04-01', '2020-08-01', '2020-10-01', '2021-04-01'),
  ...preview('2022-05-01', '2023-07-01'),
];

/**
 * Every `api-version` we answer, by area. Registry and task versions are those of the published ACR specifications;
 * Microsoft.Resources versions are what SDKs, az and Terraform send.
 */
export const apiVersions = {
  /** Microsoft.ContainerRegistry: registries and their children. */
  registries: [...registryStable, ...registryPreview],
  /** Microsoft.ContainerRegistry tasks, runs, task runs, agent pools. */
  tasks: [...new Set([...taskVersions, ...registryPreview])],
  /** Polling an operation: the version of whatever began it. */
  operations: [...new Set([...registryStable, ...registryPreview, ...taskVersions])],
  /** Microsoft.Resources: resource groups, resources, providers. */
  resources: resourceVersions,
  /** Microsoft.Resources: polling a resource group deletion, with whichever version began it. */
  resourceOperations: [...new Set([...resourceVersions, ...subscriptionVersions])],
  /** Microsoft.Authorization: role assignments and role definitions. */
  authorization: authorizationVersions,
  /** Microsoft.Resources subscriptions, tenants, locations. */
  subscriptions: [...new Set([...subscriptionVersions, ...resourceVersions])],
} as const satisfies Record<string, readonly string[]>;

/** The part of the API a route belongs to, which decides the versions it accepts. */
export type ApiArea = keyof typeof apiVersions;

/** The version of an area to use when nothing speaks for another one: the newest whose specification is published and stable. */
const usual: Readonly<Record<ApiArea, string>> = {
  registries: '2025-11-01',
  tasks: '2019-04-01',
  operations: '2025-11-01',
  resources: '2024-11-01',
  resourceOperations: '2024-11-01',
  authorization: '2022-04-01',
  subscriptions: '2022-12-01',
};

/** What documentation and links made by us use for an area. */
export const usualVersion = (area: ApiArea): string => usual[area];

/** `preview` for anything with a suffix, `stable` for a bare date. */
export const familyOf = (version: string): VersionFamily => (/^\d{4}-\d{2}-\d{2}$/.test(version) ? 'stable' : 'preview');

/** What the message of an unsupported version names besides the version. */
export interface VersionSubject {
  /** Resource type without its provider, e.g. `registries`. */
  type: string;
  /** Regions of the installation, the first being the default. */
  locations: readonly string[];
}

/**
 * The request's `api-version`, checked. Throws `MissingApiVersionParameter`, and for an unknown one
 * `NoRegisteredProviderFound` (Microsoft.ContainerRegistry) or `InvalidApiVersionParameter` (Microsoft.Resources). Two are not known.
 */
export function requireApiVersion(area: ApiArea, given: unknown, subject: VersionSubject): ApiVersion {
  // ASP.NET, which ARM runs on, reads a parameter that is given twice as one whose value holds a comma.
  if (Array.isArray(given)) {
    const shown = given.join(',').slice(0, 64);
    throw new Fault('InvalidApiVersionParameter', `The api-version '${shown}' is invalid: it is given more than once.`);
  }
  const value = typeof given === 'string' ? given.trim().toLowerCase() : '';
  if (value === '') {
    throw new Fault('MissingApiVersionParameter', 'The api-version query parameter (?api-version=) is required for all requests.');
  }
  const accepted: readonly string[] = apiVersions[area];
  if (accepted.includes(value)) return { value, family: familyOf(value) };
  const supported = [...accepted].sort().reverse();
  const shown = value.slice(0, 64);
  if (area === 'registries' || area === 'tasks' || area === 'operations') {
    throw new Fault(
      'NoRegisteredProviderFound',
      `No registered resource provider found for location '${subject.locations[0] ?? 'global'}' and API version '${shown}' for type '${subject.type}'. ` +
        `The supported api-versions are '${supported.join(', ')}'. The supported locations are '${subject.locations.join(', ')}'.`,
    );
  }
  throw new Fault(
    'InvalidApiVersionParameter',
    `The api-version '${shown}' is invalid. The supported versions are '${supported.join(',')}'.`,
  );
}
