import { entry } from './problem-entry.js';

/** What the API answers with where people ask for their data. */
export const PRIVACY_PROBLEMS = {
  export_running: entry(
    409,
    ['An export is running', 'Your data is being put together already (runningExportId).'],
    ['正在导出', '您的数据正在导出中（runningExportId）。'],
  ),
  export_not_ready: entry(
    409,
    ['Export not ready', 'There is no archive of this export; see its status.'],
    ['导出未就绪', '该导出尚无归档文件，请查看其状态。'],
  ),
  too_many_exports: entry(
    429,
    ['Too many exports', 'Too many exports in a day; try again later (Retry-After).'],
    ['导出次数过多', '一天内导出次数过多，请稍后再试（Retry-After）。'],
  ),
};
