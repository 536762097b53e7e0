/** What authentication needs to know of the installation; also the injection token. */
export abstract class AuthSettings {
  /** `REGATTA_MANAGEMENT_URL`, without a slash at the end: issuer of tokens, and their audience. */
  abstract readonly managementUrl: string;
}
