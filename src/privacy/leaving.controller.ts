import { Body, Controller, Delete, HttpCode, Ip } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { AccountRemoval } from './account-removal.js';
import { DeleteAccountDto } from './dto/leaving.dto.js';

@ApiTags('users')
@ApiBearerAuth('access-token')
@Controller('users/me')
export class LeavingController {
  constructor(private readonly removal: AccountRemoval) {}

  /** Delete the own account with everything that belongs to it: at once, or, where that is much, within minutes */
  @Delete()
  @HttpCode(204)
  @ApiNoContentResponse()
  async leave(
    @CurrentUser() user: AuthUser,
    @Body() dto: DeleteAccountDto,
    @Ip() address: string,
  ): Promise<void> {
    await this.removal.leave(user, dto, address);
  }
}
