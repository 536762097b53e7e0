import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

export class Content1764000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(repositories);
    await runner.query(blobs);
    await runner.query(usage);
    await runner.query(work);
  }

  down = noWayBack;
}

// Names are compared byte by byte (COLLATE "C"): listings are in raw byte order and pages never skip or repeat.
const repositories = `
  CREATE SCHEMA IF NOT EXISTS content;

  CREATE TABLE content.repositories (
    id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT repositories_pkey PRIMARY KEY,
    registry_id uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    listed      boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now()
  );
  CREATE UNIQUE INDEX repositories_name ON content.repositories (registry_id, name);
  CREATE INDEX repositories_listed ON content.repositories (registry_id, name) WHERE listed;

  CREATE TABLE content.manifests (
    repository_id     bigint NOT NULL,
    digest            text COLLATE "C" NOT NULL,
    media_type        text NOT NULL,
    artifact_type     text,
    config_media_type text,
    subject           text COLLATE "C",
    annotations       jsonb NOT NULL DEFAULT '{}',
    bytes             bytea NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT manifests_pkey PRIMARY KEY (repository_id, digest),
    CONSTRAINT manifests_repository FOREIGN KEY (repository_id) REFERENCES content.repositories (id)
  );
  ALTER TABLE content.manifests ALTER COLUMN bytes SET STORAGE EXTERNAL;
  CREATE INDEX manifests_subject ON content.manifests (repository_id, subject) WHERE subject IS NOT NULL;

  CREATE TABLE content.manifest_references (
    repository_id   bigint NOT NULL,
    manifest_digest text COLLATE "C" NOT NULL,
    digest          text COLLATE "C" NOT NULL,
    kind            text NOT NULL,
    CONSTRAINT manifest_references_pkey PRIMARY KEY (repository_id, manifest_digest, digest),
    CONSTRAINT manifest_references_manifest FOREIGN KEY (repository_id, manifest_digest)
      REFERENCES content.manifests (repository_id, digest)
  );
  CREATE INDEX manifest_references_digest ON content.manifest_references (repository_id, digest);

  CREATE TABLE content.tags (
    repository_id bigint NOT NULL,
    name          text COLLATE "C" NOT NULL,
    digest        text COLLATE "C" NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tags_pkey PRIMARY KEY (repository_id, name),
    CONSTRAINT tags_manifest FOREIGN KEY (repository_id, digest) REFERENCES content.manifests (repository_id, digest)
  );
  CREATE INDEX tags_digest ON content.tags (repository_id, digest);
`;

const blobs = `
  CREATE TABLE content.blobs (
    digest       text COLLATE "C" NOT NULL,
    size         bigint NOT NULL,
    inline_bytes bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blobs_pkey PRIMARY KEY (digest)
  );
  ALTER TABLE content.blobs ALTER COLUMN inline_bytes SET STORAGE EXTERNAL;

  CREATE TABLE content.blob_placements (
    digest     text COLLATE "C" NOT NULL,
    region     text COLLATE "C" NOT NULL,
    state      text NOT NULL DEFAULT 'stored',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blob_placements_pkey PRIMARY KEY (digest, region),
    CONSTRAINT blob_placements_blob FOREIGN KEY (digest) REFERENCES content.blobs (digest)
  );

  CREATE TABLE content.repository_blobs (
    repository_id bigint NOT NULL,
    digest        text COLLATE "C" NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT repository_blobs_pkey PRIMARY KEY (repository_id, digest),
    CONSTRAINT repository_blobs_repository FOREIGN KEY (repository_id) REFERENCES content.repositories (id),
    CONSTRAINT repository_blobs_blob FOREIGN KEY (digest) REFERENCES content.blobs (digest)
  );
  CREATE INDEX repository_blobs_digest ON content.repository_blobs (digest);
`;

const usage = `
  CREATE TABLE content.registry_blobs (
    registry_id uuid NOT NULL,
    digest      text COLLATE "C" NOT NULL,
    size        bigint NOT NULL,
    links       integer NOT NULL,
    CONSTRAINT registry_blobs_pkey PRIMARY KEY (registry_id, digest)
  );

  CREATE TABLE content.usage_shards (
    registry_id uuid NOT NULL,
    shard       smallint NOT NULL,
    bytes       bigint NOT NULL,
    CONSTRAINT usage_shards_pkey PRIMARY KEY (registry_id, shard)
  );
`;

const work = `
  CREATE TABLE content.upload_sessions (
    id           uuid NOT NULL,
    registry_id  uuid NOT NULL,
    repository   text COLLATE "C" NOT NULL,
    principal_id text NOT NULL,
    region       text COLLATE "C" NOT NULL,
    algorithm    text NOT NULL DEFAULT 'sha256',
    received     bigint NOT NULL DEFAULT 0,
    head         bytea,
    lease        uuid,
    leased_until timestamptz,
    committing   text COLLATE "C",
    created_at   timestamptz NOT NULL DEFAULT now(),
    touched_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT upload_sessions_pkey PRIMARY KEY (id)
  );
  CREATE INDEX upload_sessions_touched ON content.upload_sessions (region, touched_at);
  CREATE INDEX upload_sessions_registry ON content.upload_sessions (registry_id);
  CREATE INDEX upload_sessions_committing ON content.upload_sessions (committing) WHERE committing IS NOT NULL;

  CREATE TABLE content.link_reviews (
    repository_id bigint NOT NULL,
    digest        text COLLATE "C" NOT NULL,
    enqueued_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT link_reviews_pkey PRIMARY KEY (repository_id, digest)
  );
  CREATE INDEX link_reviews_due ON content.link_reviews (enqueued_at);

  CREATE TABLE content.blob_reviews (
    digest      text COLLATE "C" NOT NULL,
    region      text COLLATE "C" NOT NULL,
    enqueued_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blob_reviews_pkey PRIMARY KEY (digest, region)
  );
  CREATE INDEX blob_reviews_due ON content.blob_reviews (region, enqueued_at);
`;
