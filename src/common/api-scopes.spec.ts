import { describe, expect, it } from 'vitest';
import { accessNeeded } from './api-scopes.js';

describe('what an API key needs', () => {
  it.each([
    ['GET', '/api/v1/conversations', 'read'],
    ['HEAD', '/api/v1/files/:id/content', 'read'],
    ['get', '/api/v1/messages/{id}/events', 'read'],
    ['POST', '/api/v1/conversations/:id/messages', 'chat'],
    ['PUT', '/api/v1/messages/:id/feedback', 'chat'],
    ['DELETE', '/api/v1/chatbots/:id', 'chat'],
    ['GET', '/api/v1/admin/users', 'admin'],
    ['PATCH', '/api/v1/admin/users/:id', 'admin'],
    ['GET', '/api/v1/admin', 'admin'],
    ['GET', '/api/v1/administrators', 'read'],
    ['GET', '/api/v1/users/me', 'session'],
    ['GET', '/api/v1/users/me/whatever/is/new', 'session'],
    ['DELETE', '/api/v1/users/me', 'session'],
    ['POST', '/api/v1/auth/logout', 'session'],
    ['GET', '/api/v1/users/meetings', 'read'],
  ])('for %s %s is %s', (method, path, needed) => {
    expect(accessNeeded(method, path)).toBe(needed);
  });

  it('is what the route says, where it says it', () => {
    expect(accessNeeded('GET', '/api/v1/users/me', 'read')).toBe('read');
  });
});
