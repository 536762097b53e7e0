/** What of an installation clients need to know before they have a token. */
export interface Installation {
  /** Without a slash at the end. */
  managementUrl: string;
  loginServerSuffix: string;
  regions: readonly string[];
}

type Json = Record<string, unknown>;

/** az takes a login endpoint for ours, and not for Entra's, by this ending; the tenant may follow it. */
const loginEndpointOf = (managementUrl: string) => `${managementUrl}/adfs`;

/**
 * What tokens are asked for. The first is what az puts before `/.default`; a trailing slash is usual there, and the
 * management API takes both.
 */
const audiencesOf = (managementUrl: string) => [`${managementUrl}/`, managementUrl];

/**
 * Services this cloud does not have, but clients want a name of. RFC 2606 reserves `.invalid`: a request that is
 * sent there all the same never leaves the machine.
 */
const absent = { keyVaultDns: 'vault.invalid', storage: 'storage.invalid' };

/** The description since 2019-05-01: what az and the provider of Terraform make their endpoints from. */
export function describeCloud({ managementUrl, loginServerSuffix }: Installation): Json {
  return {
    name: 'Regatta',
    portal: `${managementUrl}/docs`,
    authentication: {
      loginEndpoint: loginEndpointOf(managementUrl),
      audiences: audiencesOf(managementUrl),
      tenant: 'common',
      identityProvider: 'AAD',
    },
    // Clients make the scope of their tokens from it, so it is the management URL as tokens name it.
    resourceManager: managementUrl,
    // There is no directory. A client that asks one all the same gets its answer, 404, from the management API.
    graph: `${managementUrl}/`,
    graphAudience: `${managementUrl}/`,
    microsoftGraphResourceId: `${managementUrl}/`,
    suffixes: { acrLoginServer: loginServerSuffix, ...absent },
  };
}

/** The first form, which Terraform still asks for the regions. */
export function describeCloudFirst({ managementUrl, regions }: Installation): Json {
  return {
    galleryEndpoint: `${managementUrl}/`,
    graphEndpoint: `${managementUrl}/`,
    portalEndpoint: `${managementUrl}/docs`,
    graphAudience: `${managementUrl}/`,
    authentication: { loginEndpoint: loginEndpointOf(managementUrl), audiences: audiencesOf(managementUrl) },
    cloudEndpoint: { public: { endpoint: new URL(managementUrl).host, locations: regions } },
  };
}
