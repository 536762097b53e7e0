import type { EntityList, MigrationList } from '#lib/platform';
import { Content1764000300000 } from '../migrations/20261123-content.js';
import { ContentListings1764000420000 } from '../migrations/20261124-content-listings.js';
import { ContentReviews1764000410000 } from '../migrations/20261124-content-reviews.js';
import { ContentOpenUploads1764000430000 } from '../migrations/20261124-disk-open-uploads.js';
import { BlobEntity, BlobPlacementEntity, RepositoryBlobEntity } from './blob.entity.js';
import { ManifestEntity, ManifestReferenceEntity, TagEntity } from './manifest.entity.js';
import { RepositoryEntity } from './repository.entity.js';
import { RegistryBlobEntity, UsageShardEntity } from './usage.entity.js';
import { BlobReviewEntity, LinkReviewEntity, ScanEntity, UploadSessionEntity } from './work.entity.js';

/** Every table of the schema `content`. */
export const contentEntities: EntityList = [
  RepositoryEntity,
  ManifestEntity,
  ManifestReferenceEntity,
  TagEntity,
  BlobEntity,
  BlobPlacementEntity,
  RepositoryBlobEntity,
  RegistryBlobEntity,
  UsageShardEntity,
  UploadSessionEntity,
  LinkReviewEntity,
  BlobReviewEntity,
  ScanEntity,
];

export const contentMigrations: MigrationList = [
  Content1764000300000,
  ContentReviews1764000410000,
  ContentListings1764000420000,
  ContentOpenUploads1764000430000,
];
