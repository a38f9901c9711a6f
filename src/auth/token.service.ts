import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { SESSION_DAYS } from './sessions.service.js';

export const ACCESS_SECONDS = 15 * 60;
export const COOKIE_SECONDS = SESSION_DAYS * 86_400;

/** What a token is for: one kind is refused where the other belongs. */
export type TokenUse = 'access' | 'cookie';

interface Claims {
  sub: number;
  sid: number;
  use: TokenUse;
}

/** Signs and reads the tokens that name a session. */
@Injectable()
export class TokenService {
  constructor(private readonly jwt: JwtService) {}

  sign(userId: number, sessionId: number, use: TokenUse): Promise<string> {
    const expiresIn = use === 'access' ? ACCESS_SECONDS : COOKIE_SECONDS;
    return this.jwt.signAsync({ sub: userId, sid: sessionId, use } satisfies Claims, { expiresIn });
  }

  /** The session that a token names; undefined where it is not ours, over, or of the other kind. */
  async sessionOf(token: string, use: TokenUse): Promise<number | undefined> {
    try {
      const claims = await this.jwt.verifyAsync<Claims>(token, { algorithms: ['HS256'] });
      return claims.use === use && Number.isSafeInteger(claims.sid) ? claims.sid : undefined;
    } catch {
      return undefined;
    }
  }
}
