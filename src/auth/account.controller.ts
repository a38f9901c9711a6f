import { Body, Controller, Delete, Get, HttpCode, Ip, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ForKeys } from '../common/api-scopes.js';
import { type AuthUser, CurrentUser, type SessionUser } from '../common/current-user.js';
import { UserDto } from '../users/dto/user.dto.js';
import { AccountService } from './account.service.js';
import { ChangeAccountDto, DeleteAccountDto } from './dto/auth.dto.js';

@ApiTags('users')
@ApiBearerAuth('access-token')
@Controller('users/me')
export class AccountController {
  constructor(private readonly account: AccountService) {}

  /** Read the own account */
  @Get()
  @ForKeys('read')
  @ApiOkResponse({ type: UserDto })
  find(@CurrentUser() user: AuthUser): Promise<UserDto> {
    return this.account.find(user);
  }

  /** Change name, e-mail address or password; a new password ends all other logins */
  @Patch()
  @ApiOkResponse({ type: UserDto })
  change(
    @CurrentUser() user: SessionUser,
    @Body() dto: ChangeAccountDto,
    @Ip() address: string,
  ): Promise<UserDto> {
    return this.account.change(user, dto, address);
  }

  /** Delete the own account with everything that belongs to it */
  @Delete()
  @HttpCode(204)
  @ApiNoContentResponse()
  async delete(
    @CurrentUser() user: AuthUser,
    @Body() dto: DeleteAccountDto,
    @Ip() address: string,
  ): Promise<void> {
    await this.account.delete(user, dto, address);
  }
}
