import { createSecretKey } from 'node:crypto';
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ENV, type Env } from '../config/env.js';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account.controller.js';
import { AccountService } from './account.service.js';
import { AccountsAdminController } from './accounts-admin.controller.js';
import { AuthController } from './auth.controller.js';
import { AuthGuard } from './auth.guard.js';
import { AuthService } from './auth.service.js';
import { FirstAdmin } from './first-admin.js';
import { RequestLimits } from './request-limits.js';
import { SessionHousekeeping } from './session-housekeeping.js';
import { Session } from './session.entity.js';
import { SessionsService } from './sessions.service.js';
import { TokenService } from './token.service.js';

/** As a key object: text would be tried as a public key first, at every check. jsonwebtoken takes it; its types lag. */
function keyOf(secret: string): Buffer {
  return createSecretKey(Buffer.from(secret)) as unknown as Buffer;
}

/** Logins, and the guard in front of every route. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Session]),
    JwtModule.registerAsync({
      inject: [ENV],
      useFactory: (env: Env) => ({ secret: keyOf(env.JWT_SECRET), signOptions: { algorithm: 'HS256' } }),
    }),
    UsersModule,
    ApiKeysModule,
    AuditModule,
  ],
  controllers: [AuthController, AccountController, AccountsAdminController],
  providers: [
    AuthService,
    AccountService,
    SessionsService,
    TokenService,
    RequestLimits,
    FirstAdmin,
    SessionHousekeeping,
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [SessionsService, AuthService, AccountService],
})
export class AuthModule {}
