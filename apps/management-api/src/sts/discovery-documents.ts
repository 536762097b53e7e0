/** OpenID configuration of an authority, in the fields MSAL and other clients read (OpenID Connect Discovery 1.0). */
export function openIdConfiguration(base: string, authority: string, version: 'v1' | 'v2'): Record<string, unknown> {
  const root = `${base}/${authority}`;
  const isAdfs = authority === 'adfs';
  const tenantless = authority === 'common' || authority === 'organizations';
  // Tokens name the tenant they are of; an authority that stands for every tenant says so by this placeholder, as Entra's does.
  const tokenIssuer = `${base}/${tenantless || isAdfs ? '{tenantid}' : authority}/v2.0`;
  const v2 = version === 'v2' && !isAdfs;
  return {
    issuer: isAdfs ? root : tokenIssuer,
    ...(isAdfs && { access_token_issuer: tokenIssuer }),
    authorization_endpoint: v2 ? `${root}/oauth2/v2.0/authorize` : `${root}/oauth2/authorize`,
    token_endpoint: v2 ? `${root}/oauth2/v2.0/token` : `${root}/oauth2/token`,
    jwks_uri: isAdfs ? `${root}/discovery/keys` : `${root}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    grant_types_supported: ['client_credentials'],
    response_types_supported: ['token'],
    response_modes_supported: ['form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['ES256'],
    scopes_supported: ['openid'],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'oid', 'tid', 'appid', 'azp', 'idtyp', 'ver'],
    request_uri_parameter_supported: false,
    tenant_region_scope: null,
    cloud_instance_name: new URL(base).host,
  };
}

/** Instance discovery: MSAL asks whether an authority is known, and under which names. Ours has one name. */
export function instanceDiscovery(base: string, authority: string): Record<string, unknown> {
  const { host } = new URL(base);
  return {
    tenant_discovery_endpoint: `${base}/${authority}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}
