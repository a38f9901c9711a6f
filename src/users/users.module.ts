import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LoginLimits } from './login-limits.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordProof } from './password-proof.js';
import { User } from './user.entity.js';
import { UsersService } from './users.service.js';

/** Accounts and their passwords. */
@Module({
  imports: [TypeOrmModule.forFeature([User])],
  providers: [UsersService, PasswordHasher, PasswordProof, LoginLimits],
  exports: [UsersService, PasswordHasher, PasswordProof, LoginLimits],
})
export class UsersModule {}
