import { describe, expect, it } from 'vitest';
import { LEGACY_SURFACES } from '../config/legacy-env.js';
import { pathsOutsidePrefix, surfaceOf } from './surface-paths.js';

describe('surfaceOf', () => {
  it.each([
    ['/chat/history', 'companion'],
    ['/users/users/:id', 'companion'],
    ['/login', 'companion'],
    ['/botchat/chat/tts/', 'tutor'],
    ['/myapp/login', 'notebook'],
    ['/api/chat', 'assistant'],
    ['/api/chat/next_suggest/:message_id', 'assistant'],
    ['/health', 'widget'],
    ['/myapi/*', 'widget'],
  ])('%s belongs to %s', (url, surface) => {
    expect(surfaceOf(url, LEGACY_SURFACES)).toBe(surface);
    expect(surfaceOf(url, [])).toBeUndefined();
  });

  it.each(['/health/live', '/api/v1/users/me', '/api/v1/chatbots', '/login/else', '/chatter', '/docs', '/'])(
    '%s belongs to none',
    (url) => expect(surfaceOf(url, LEGACY_SURFACES)).toBeUndefined(),
  );
});

describe('pathsOutsidePrefix', () => {
  it('holds no path of the API', () => {
    expect(pathsOutsidePrefix()).toContain('users/users/{*path}');
    expect(pathsOutsidePrefix().filter((path) => /v1|^\{|^users\/\{/.test(path))).toEqual([]);
  });
});
