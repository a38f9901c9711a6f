import { describe, expect, it } from 'vitest';
import { loadEnv } from './env.js';

const load = (variables: Record<string, string>) => loadEnv({ JWT_SECRET: 'x'.repeat(32), ...variables });
const S3 = { S3_BUCKET: 'parley' };
const KEYS = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'never shown' };

describe('the variables of files', () => {
  it('are taken', () => {
    const given = { ...S3, ...KEYS, S3_ENDPOINT: 'https://s3.example.com/', S3_FORCE_PATH_STYLE: 'no' };
    expect(load({ ...given, S3_PREFIX: 'a/b' })).toMatchObject({
      ...{
        ...S3,
        ...KEYS,
        S3_ENDPOINT: 'https://s3.example.com',
        S3_FORCE_PATH_STYLE: false,
        S3_PREFIX: 'a/b/',
      },
    });
    expect(load({ ...S3, S3_PREFIX: 'a/' }).S3_PREFIX).toBe('a/');
    expect(load(S3)).toMatchObject({ S3_REGION: 'us-east-1', S3_PREFIX: 'files/' });
  });

  it.each<[string, Record<string, string>]>([
    ['S3_BUCKET', { S3_BUCKET: 'Not A Bucket' }],
    ['S3_BUCKET', { S3_ENDPOINT: 'https://s3.example.com' }],
    ['S3_BUCKET', KEYS],
    ['S3_SECRET_ACCESS_KEY', { ...S3, S3_ACCESS_KEY_ID: 'id' }],
    ['S3_ACCESS_KEY_ID', { ...S3, S3_SECRET_ACCESS_KEY: 'never shown' }],
    ['S3_ENDPOINT', { ...S3, S3_ENDPOINT: 'minio:9000' }],
    ['S3_PREFIX', { ...S3, S3_PREFIX: '/a' }],
    ['S3_PREFIX', { ...S3, S3_PREFIX: 'a b' }],
    ['S3_FORCE_PATH_STYLE', { ...S3, S3_FORCE_PATH_STYLE: 'perhaps' }],
    ['FILES_MAX_BYTES', { FILES_MAX_BYTES: '0' }],
    ['FILES_PER_USER', { FILES_PER_USER: 'many' }],
    ['FILES_BYTES_PER_USER', { FILES_BYTES_PER_USER: '-1' }],
  ])('are refused by the name %s: %j', (name, variables) => {
    expect(() => load(variables)).toThrow(new RegExp(`^${name} `));
    expect(() => load(variables)).not.toThrow(/never shown/);
  });
});
