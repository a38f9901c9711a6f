import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { FilesModule } from '../files/files.module.js';
import { SpeechModule } from '../speech/speech.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountRemoval } from './account-removal.js';
import { DataExport } from './data-export.entity.js';
import { DataExportJobs } from './data-export.jobs.js';
import { DataExportRuns } from './data-export.runs.js';
import { DataExportWriter } from './data-export.writer.js';
import { DataExportsController } from './data-exports.controller.js';
import { DataExportsService } from './data-exports.service.js';
import { ExportContents } from './export-contents.js';
import { ExportLimits } from './export-limits.js';
import { ExportLinks } from './export-links.js';
import { LeavingController } from './leaving.controller.js';
import { OutdatedData } from './outdated-data.js';
import { Retention } from './retention.js';

/** What people may ask for of their data, and how long it is kept. */
@Module({
  imports: [
    TypeOrmModule.forFeature([DataExport]),
    AuditModule,
    ConversationsModule,
    FilesModule,
    SpeechModule,
    UsersModule,
  ],
  controllers: [DataExportsController, LeavingController],
  providers: [
    AccountRemoval,
    DataExportsService,
    DataExportRuns,
    DataExportJobs,
    DataExportWriter,
    ExportContents,
    ExportLimits,
    ExportLinks,
    OutdatedData,
    Retention,
  ],
  exports: [AccountRemoval],
})
export class PrivacyModule {}
