import { Fault } from '#lib/domain';
import type { RequestOrigin } from '#lib/platform';
import { type HostNames, type HostPlace, hostWithoutPort } from './host-names.js';

/** How the client addressed us: everything we hand out (realm, service, redirects) is made from this. */
export interface Site {
  place: HostPlace;
  secure: boolean;
  /** Host and port as the client wrote them, in lower case. */
  service: string;
  /** `https://{service}` */
  origin: string;
  /** The first label of a login server; undefined in path style. */
  label: string | undefined;
}

/** A host that may be repeated in a header: a name or an address with an optional port, nothing that could end a quoted text. */
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;
const remembered = 4096;

/** Finds the site of a request. Sites are remembered by what the client sent, for there are few and every request asks. */
export class Sites {
  readonly #known = new Map<string, Site>();

  constructor(private readonly hosts: HostNames) {}

  /** Throws `NameInvalid` when there is no usable host. */
  of({ host, secure }: Pick<RequestOrigin, 'host' | 'secure'>): Site {
    const key = secure ? `s${host}` : host;
    return this.#known.get(key) ?? this.#remember(key, this.#read(host.toLowerCase(), secure));
  }

  #read(host: string, secure: boolean): Site {
    if (!hostPattern.test(host)) throw new Fault('NameInvalid', 'The Host header does not name a host.');
    const place = this.hosts.place(host);
    const service = bare(host, secure);
    return {
      place,
      secure,
      service,
      origin: `${secure ? 'https' : 'http'}://${service}`,
      label: place.kind === 'path' ? undefined : place.label,
    };
  }

  #remember(key: string, site: Site): Site {
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(key, site);
    return site;
  }
}

/** The host without the port that goes without saying. */
function bare(host: string, secure: boolean): string {
  return host.endsWith(secure ? ':443' : ':80') ? hostWithoutPort(host) : host;
}
