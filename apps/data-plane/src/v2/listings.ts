import { ContentIndex, type NamePage, type Referrer } from '#lib/content';
import { nextPageLink, ociImageIndex, parseDigest, parsePage } from '#lib/oci';
import type { Call } from '../edge/call.js';
import type { RepositoryTarget, Target } from '../edge/target.js';

/** `/v2/<name>/tags/list`, `/v2/<name>/referrers/<digest>` and `/v2/_catalog` */
export class Listings {
  constructor(private readonly index: ContentIndex) {}

  async tags(call: Call, target: RepositoryTarget): Promise<void> {
    const page = pageOf(call);
    const { names, more } = await this.index.tags({ registryId: target.registry.id, repository: target.repository }, page);
    call.json(200, { name: target.publicName, tags: names }, linkTo(`/v2/${target.publicName}/tags/list`, lastOf({ names, more }), page.n));
  }

  /** Names as the client writes them: with the registry in front in path style, where `last` is such a name as well. */
  async catalog(call: Call, target: Target): Promise<void> {
    const { n, last } = pageOf(call);
    const own = last.startsWith(target.prefix) ? last.slice(target.prefix.length) : last;
    const { names, more } = await this.index.catalog(target.registry.id, { n, last: own });
    const repositories = names.map((name) => target.prefix + name);
    call.json(200, { repositories }, linkTo(`/v2/${target.prefix}_catalog`, lastOf({ names: repositories, more }), n));
  }

  /** Manifests that say of `digest` that it is their subject, be it there or not, as an index (OCI 1.1, "Listing referrers"). */
  async referrers(call: Call, target: RepositoryTarget, text: string): Promise<void> {
    const digest = parseDigest(text);
    const page = pageOf(call);
    const artifactType = call.query.get('artifactType') || null;
    const { referrers, more } = await this.index.referrers({ registryId: target.registry.id, repository: target.repository }, digest, {
      ...page,
      artifactType,
    });
    const filter = artifactType === null ? '' : `artifactType=${encodeURIComponent(artifactType)}&`;
    const next = `/v2/${target.publicName}/referrers/${digest}?${filter}n=${page.n}&last=${referrers.at(-1)?.digest ?? ''}`;
    call.answer(
      200,
      [
        'Content-Type',
        ociImageIndex,
        ...(artifactType === null ? [] : ['OCI-Filters-Applied', 'artifactType']),
        ...(more ? ['Link', `<${next}>; rel="next"`] : []),
      ],
      `{"schemaVersion":2,"mediaType":"${ociImageIndex}","manifests":[${referrers.map(descriptorOf).join(',')}]}`,
    );
  }
}

/** JSON. The annotations are JSON already: a page may hold megabytes of them, and nothing here looks into them. */
function descriptorOf({ digest, mediaType, size, artifactType, annotations }: Referrer): string {
  const descriptor = JSON.stringify({ mediaType, digest, size, ...(artifactType !== null && { artifactType }) });
  return annotations === '{}' ? descriptor : `${descriptor.slice(0, -1)},"annotations":${annotations}}`;
}

export function pageOf(call: Call): { n: number; last: string } {
  return parsePage({ n: call.query.get('n') ?? undefined, last: call.query.get('last') ?? undefined });
}

/** The `Link` header to the next page, which begins behind `last`. None if `last` is null. */
export function linkTo(path: string, last: string | null, n: number): string[] {
  return last === null ? [] : ['Link', nextPageLink(path, last, n)];
}

function lastOf({ names, more }: NamePage): string | null {
  return more ? (names.at(-1) ?? null) : null;
}
